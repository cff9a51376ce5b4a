"""Run by `test_crash.py` in a process of its own: writes for ever and prints what was acknowledged."""

from __future__ import annotations

import asyncio
import sys
from pathlib import Path

from edge.kernel.clock import WallClock
from edge.kv.logic.entry import Entry
from edge.kv.store import Store


async def write_for_ever(store: Store, writer: int) -> None:
    number = 0
    while True:
        await store.write(f"w{writer}:{number % 20}", Entry(b"%d" % number * 50, f"[{number}]"))
        # Unbuffered, one line: either the parent has it or the write was not acknowledged.
        sys.stdout.buffer.write(b"%d %d\n" % (writer, number))
        sys.stdout.buffer.flush()
        number += 1


async def main(path: Path) -> None:
    store = Store(path, WallClock())
    await asyncio.gather(*(write_for_ever(store, writer) for writer in range(8)))


if __name__ == "__main__":
    asyncio.run(main(Path(sys.argv[1])))
