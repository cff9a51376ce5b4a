"""A terminal in memory: keys become lines, what is printed gets its carriage returns.

As much of a line discipline as shells and their users notice: echo, erasing, the keys for the end and for an
interrupt, and a size.
"""

from __future__ import annotations

import signal
from collections.abc import Callable

from edge.containers.engine import Terminal
from sandbox.engines.fake.pipe import Pipe

_INTERRUPT, _END, _QUIT = 0x03, 0x04, 0x1C
_ERASE = (0x08, 0x7F)
_RETURN, _NEWLINE = 0x0D, 0x0A


class FakeTerminal:
    """One terminal. `keys` and `screen` are its user's side, `input` and `output` that of programs."""

    def __init__(self, size: Terminal) -> None:
        self.size = size
        self.keys = Pipe()
        self.screen = Pipe()
        self.input = TerminalPipe()
        self.output = Screen(self.screen)
        #: Sends a signal to the programs of the terminal.
        self.signal: Callable[[int], None] = lambda _number: None
        self._line = bytearray()

    async def run(self) -> None:
        """Read keys until nobody types any more."""
        try:
            while data := await self.keys.read():
                for key in data:
                    await self._key(key)
        except BrokenPipeError:
            return  # the last program has ended
        self.input.end()

    async def _key(self, key: int) -> None:
        if key in (_INTERRUPT, _QUIT):
            self._line.clear()
            await self.screen.write(b"^C\r\n" if key == _INTERRUPT else b"^\\\r\n")
            self.signal(signal.SIGINT if key == _INTERRUPT else signal.SIGQUIT)
        elif key == _END:
            if not self._line:
                self.input.end()
            await self._enter()
        elif key in _ERASE:
            if self._line:
                self._line.pop()
                await self.screen.write(b"\b \b")
        elif key in (_RETURN, _NEWLINE):
            self._line += b"\n"
            await self.screen.write(b"\r\n")
            await self._enter()
        else:
            self._line.append(key)
            await self.screen.write(bytes([key]))

    async def _enter(self) -> None:
        line, self._line = bytes(self._line), bytearray()
        if line:
            await self.input.write(line)


class TerminalPipe(Pipe):
    """What programs read from a terminal."""

    @property
    def is_terminal(self) -> bool:
        return True


class Screen(Pipe):
    """What programs print on a terminal."""

    @property
    def is_terminal(self) -> bool:
        return True

    def __init__(self, screen: Pipe) -> None:
        super().__init__()
        self._screen = screen

    async def write(self, data: bytes) -> None:
        await self._screen.write(data.replace(b"\n", b"\r\n"))

    def end(self) -> None:
        self._screen.end()

    def drop(self) -> None:
        self._screen.drop()
