"""Terminals of the fake engine: what keys do."""

from __future__ import annotations

import asyncio

import pytest

from edge.containers.engine import Image, InstanceSpec, Terminal
from edge.kernel.clock import VirtualClock
from edge.kernel.random import RandomStreams
from sandbox.engines.context import EngineContext
from sandbox.engines.fake.engine import FakeEngine
from tests.loops import run_virtual
from tests.sandbox.engines.contract.programs import read_all


def typed(*argv: str, keys: bytes) -> tuple[str, int]:
    """What a terminal shows when `keys` are typed a second apart, and the exit code."""
    clock = VirtualClock()

    async def whole() -> tuple[str, int]:
        engine = FakeEngine(EngineContext(clock, RandomStreams(1), None, None))
        box = await engine.start(InstanceSpec("box", Image("x"), labels={"sandbox-server": "1"}))
        process = await box.spawn(argv or ("sh",), terminal=Terminal(100, 30), stdin=True)

        async def type_() -> None:
            for key in keys:
                await clock.sleep(1)
                await process.io.write(bytes([key]))

        typing = asyncio.ensure_future(type_())
        shown = (await read_all(process.io)).decode()
        typing.cancel()
        return shown, await process.wait()

    return run_virtual(whole(), clock)


@pytest.mark.parametrize(
    ("keys", "shown", "code"),
    [
        (b"echo hi\nexit 4\n", "# echo hi\r\nhi\r\n# exit 4\r\n", 4),
        (b"echo hi\r\x04", "# echo hi\r\nhi\r\n# ", 0),
        (b"echx\x7fo a\nexit\n", "# echx\b \bo a\r\na\r\n# exit\r\n", 0),
        (b"no\x03echo b\nexit\n", "# no^C\r\necho b\r\nb\r\n# exit\r\n", 0),
        (b"sleep 500\n\x03echo $?\nexit\n", "# sleep 500\r\n^C\r\n# echo $?\r\n130\r\n# exit\r\n", 0),
        (b"read x; echo got $x\nline\nexit\n", "# read x; echo got $x\r\nline\r\ngot line\r\n# exit\r\n", 0),
        (b"stty size\nexit\n", "# stty size\r\n30 100\r\n# exit\r\n", 0),
        (b"test -t 1|cat; test -t 0 && echo a\n\x04", "# test -t 1|cat; test -t 0 && echo a\r\na\r\n# ", 0),
    ],
)  # fmt: skip
def test_a_shell(keys: bytes, shown: str, code: int) -> None:
    assert typed(keys=keys) == (shown, code)


def test_a_program_of_its_own() -> None:
    assert typed("sh", "-c", "sleep 500", keys=b"\x03") == ("^C\r\n", 130)
    assert typed("stty", "-a", keys=b"")[1] == 1
