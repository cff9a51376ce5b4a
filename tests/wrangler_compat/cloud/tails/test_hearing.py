"""Each request hears what its own code says, and everything still goes where it went."""

from __future__ import annotations

import asyncio
import logging
import sys

import pytest

from edge.kernel.clock import VirtualClock
from tests.loops import run
from wrangler_compat.cloud.tails.hearing import Ears, Heard, hearing

_console = logging.getLogger("edge.console")


async def spoken(name: str) -> Heard:
    heard = Heard()
    hearing.set(heard)
    print(name, "starts")
    await asyncio.create_task(said_elsewhere(name))
    sys.stderr.write(f"{name} com")
    await asyncio.sleep(0)
    sys.stderr.write("plains\nunfinished")
    return heard


async def said_elsewhere(name: str) -> None:
    await asyncio.sleep(0)
    _console.warning("%s warns", name)


def test_apart(capsys: pytest.CaptureFixture[str]) -> None:
    ears = Ears(VirtualClock())

    async def check() -> None:
        ears.open()
        try:
            print("nobody's")
            both = await asyncio.gather(
                asyncio.create_task(spoken("one")), asyncio.create_task(spoken("two"))
            )
        finally:
            ears.close()
        print("afterwards")
        for name, heard in zip(("one", "two"), both, strict=True):
            assert [(log["level"], log["message"]) for log in heard.logs] == [
                ("log", [f"{name} starts"]),
                ("warn", [f"{name} warns"]),
                ("error", [f"{name} complains"]),
            ]

    before = sys.stdout, sys.stderr
    run(check())
    assert (sys.stdout, sys.stderr) == before
    assert _console.level == logging.NOTSET
    out, err = capsys.readouterr()
    assert out.splitlines() == ["nobody's", "one starts", "two starts", "afterwards"]
    assert "unfinished" in err
