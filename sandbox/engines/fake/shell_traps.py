"""`trap`: what a shell does when a signal comes, and when it ends."""

from __future__ import annotations

import asyncio
import signal
from collections.abc import Coroutine
from typing import TYPE_CHECKING, Any

from edge.kernel.tasks import spawn_outside
from sandbox.engines.fake.shell_words import Unsupported

if TYPE_CHECKING:
    from sandbox.engines.fake.interpreter import Interpreter
    from sandbox.engines.fake.shell_redirects import Streams

#: The end of the shell, among the numbers of signals.
EXIT = 0
_OF_BASH = ("DEBUG", "ERR", "RETURN")


class Signals:
    """Signals that came to a shell and have a trap, which runs after the command under way."""

    def __init__(self, shell: Interpreter) -> None:
        self._shell = shell
        self._waking: asyncio.Future[None] | None = None
        self.came: list[int] = []

    def receive(self, number: int) -> bool:
        """A signal came; whether there is a trap for it."""
        command = self._shell.state.traps.get(number)
        if command:
            self.came.append(number)
            self._wake()
        return command is not None

    def _wake(self) -> None:
        if self._waking is not None and not self._waking.done():
            self._waking.set_result(None)

    async def unless_one_comes(self, work: Coroutine[Any, Any, int]) -> int:
        """The outcome of `work`, or 128 and more as soon as a signal with a trap comes."""
        task = spawn_outside(work, name="fake wait")
        self._waking = asyncio.get_running_loop().create_future()
        task.add_done_callback(lambda _: self._wake())
        try:
            if not self.came:
                await self._waking
            return 128 + self.came[-1] if self.came else await task
        finally:
            self._waking = None
            task.cancel()

    async def handle(self, streams: Streams) -> None:
        """Run the traps of what came."""
        came, self.came = self.came, []
        for number in came:
            status = self._shell.state.status
            await self._shell.run(self._shell.state.traps.get(number, ""), streams)
            self._shell.state.status = status

    async def end(self, code: int, streams: Streams) -> int:
        """The shell ends with `code`: run the trap for that; the exit code, which the trap may change."""
        from sandbox.engines.fake.builtins import ShellExit

        command = self._shell.state.traps.pop(EXIT, "")
        if not command:
            return code
        self._shell.state.status = code
        try:
            await self._shell.run(command, streams)
        except ShellExit as leave:
            return leave.code
        return code


async def trap(shell: Interpreter, words: list[str], streams: Streams) -> int:
    """`trap COMMAND SIGNAL …`; an empty command ignores, `-` is as before; alone it lists."""
    rest = words[2:] if words[1:2] == ["--"] else words[1:]
    if not rest:
        for number, command in sorted(shell.state.traps.items()):
            name = "EXIT" if number == EXIT else signal.Signals(number).name
            quoted = command.replace("'", "'\\''")
            await streams.stdout.write(f"trap -- '{quoted}' {name}\n".encode())
        return 0
    if rest[0].startswith("-") and rest[0] != "-":
        raise Unsupported(f"{rest[0]} is not supported")
    resets = rest[0] == "-" or (len(rest) == 1 and rest[0].isdigit())
    code = 0
    for word in rest if resets and rest[0] != "-" else rest[1:]:
        wanted = _number(word)
        if wanted is None:
            await streams.stderr.write(f"sh: trap: {word}: invalid signal specification\n".encode())
            code = 1
        elif resets:
            shell.state.traps.pop(wanted, None)
        else:
            shell.state.traps[wanted] = rest[0]
    return code


def _number(word: str) -> int | None:
    name = word.upper().removeprefix("SIG")
    if name in _OF_BASH:
        raise Unsupported(f"{word} is not supported")
    if name in ("EXIT", "0"):
        return EXIT
    if word.isdigit():
        return int(word) if int(word) < signal.NSIG else None
    found: int | None = getattr(signal, f"SIG{name}", None)
    return found
