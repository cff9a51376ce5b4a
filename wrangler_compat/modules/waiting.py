"""Whether a Worker may wait inside synchronous code (`pyodide.ffi.run_sync`).

Calls of such a Worker run where they can be suspended, which costs something, so others do not. Taking
`run_sync` from its module is noticed, but a function that imports it in its body does so when the call
that needs it has begun. Hence a look at the source beforehand.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

_NOT_OWN = frozenset({"python_modules", "node_modules", "vendor", "__pycache__"})


def mentions_waiting(main: Path) -> bool:
    """Whether the main module, or one in its folder or below, has the word `run_sync`."""
    return any(b"run_sync" in path.read_bytes() for path in _own_sources(main))


def _own_sources(main: Path) -> Iterator[Path]:
    for folder, folders, names in os.walk(main.parent):
        if "pyvenv.cfg" in names:
            folders.clear()
            continue
        folders[:] = [name for name in folders if name not in _NOT_OWN and not name.startswith(".")]
        yield from (Path(folder, name) for name in names if name.endswith(".py"))
