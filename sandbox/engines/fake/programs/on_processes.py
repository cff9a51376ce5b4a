"""sh, sleep, kill, pgrep, ps."""

from __future__ import annotations

import re
import signal
from typing import TYPE_CHECKING

from sandbox.engines.fake.process import FakeProcess, Program
from sandbox.engines.fake.programs.options import UnknownOption, path_of, refuse, split

if TYPE_CHECKING:
    from sandbox.engines.fake.shell_state import State

_UNITS = {"": 1.0, "s": 1.0, "m": 60.0, "h": 3600.0, "d": 86400.0}


async def _sh(process: FakeProcess) -> int:
    """`sh -c COMMAND [NAME ARG …]`, `sh FILE`, or a script on stdin; with `-e`, `-u`, `-o pipefail`."""
    from sandbox.engines.fake.builtins import ShellExit, switch
    from sandbox.engines.fake.interactive import interact
    from sandbox.engines.fake.interpreter import Interpreter
    from sandbox.engines.fake.shell_redirects import Streams
    from sandbox.engines.fake.shell_state import State

    state = State.of(process.cwd, process.env)
    words = list(process.argv[1:])
    is_command = False
    while words and words[0].startswith("-"):
        word = words.pop(0)
        if word in ("--norc", "--noprofile", "--login", "-l", "-i"):
            continue
        is_command = is_command or "c" in word
        if letters := word[1:].replace("c", "").replace("l", ""):
            words = switch(state.options, [f"-{letters}", *words])
    if not words and process.stdin.is_terminal:
        return await interact(process, Interpreter(process.instance, state, process.pid))
    try:
        source = await _source(process, state, words, is_command=is_command)
    except OSError as problem:
        await refuse(process, words[0], problem)
        return 127
    shell = Interpreter(process.instance, state, process.pid)
    process.on_signal = shell.signals.receive
    streams = Streams(process.stdin, process.stdout, process.stderr)
    try:
        code = await shell.run(source, streams)
    except ShellExit as leave:
        code = leave.code
    return await shell.signals.end(code, streams)


async def _source(process: FakeProcess, state: State, words: list[str], *, is_command: bool) -> str:
    """What a shell runs; its name and arguments are set. Raises OSError."""
    if is_command:
        state.name, state.positional = (words[1] if len(words) > 1 else "sh"), words[2:]
        return words[0]
    if words:
        state.name, state.positional = words[0], words[1:]
        return process.files.read(path_of(process, words[0])).decode(errors="replace")
    return (await process.read_all()).decode(errors="replace")


async def _sleep(process: FakeProcess) -> int:
    total_s = 0.0
    for word in process.argv[1:]:
        found = re.fullmatch(r"(\d+(?:\.\d+)?)([smhd]?)", word)
        if found is None:
            await process.complain(f"sleep: invalid time interval '{word}'\n")
            return 1
        total_s += float(found[1]) * _UNITS[found[2]]
    await process.clock.sleep(total_s)
    return 0


async def _kill(process: FakeProcess) -> int:
    """`kill [-SIGNAL] [--] PID …`; a negative id is a process group."""
    words, number, code = list(process.argv[1:]), int(signal.SIGTERM), 0
    if words and words[0].startswith("-") and words[0] != "--":
        name = words.pop(0)[1:]
        if name in ("s", "n") and words:
            name = words.pop(0)
        number = int(name) if name.isdigit() else signal.Signals[f"SIG{name.removeprefix('SIG')}"]
    for word in words[1:] if words[:1] == ["--"] else words:
        targets = _targets(process, int(word))
        if not targets:
            await process.complain(f"kill: ({word}) - No such process\n")
            code = 1
        for target in targets:
            target.signal(number)
    return code


def _targets(process: FakeProcess, pid: int) -> list[FakeProcess]:
    everyone = process.instance.processes
    if pid < 0:
        return [one for one in list(everyone.values()) if one.group == -pid]
    return [everyone[pid]] if pid in everyone else []


async def _pgrep(process: FakeProcess) -> int:
    flags, (expression,) = split(process, "f")
    full = "f" in flags
    pattern = re.compile(expression)
    found = False
    for pid, other in sorted(process.instance.processes.items()):
        line = " ".join(other.argv) if full else other.argv[0].rpartition("/")[2]
        if (
            other is not process
            and not other.hidden
            and other.argv[0] not in _SHELLS
            and pattern.search(line)
        ):
            await process.say(f"{pid}\n")
            found = True
    return 0 if found else 1


async def _ps(process: FakeProcess) -> int:
    if process.argv[1:] not in ((), ("aux",), ("-ef",), ("-e",), ("-A",), ("ax",)):
        raise UnknownOption(f"{' '.join(process.argv[1:])} is not supported")
    await process.say("    PID CMD\n")
    for pid, other in sorted(process.instance.processes.items()):
        if not other.hidden:
            await process.say(f"{pid:7} {' '.join(other.argv)}\n")
    return 0


async def _stty(process: FakeProcess) -> int:
    """`stty size`."""
    if process.argv[1:] != ("size",):
        raise UnknownOption(f"{' '.join(process.argv[1:]) or 'without arguments it'} is not supported")
    if process.terminal is None or not process.stdin.is_terminal:
        await process.complain("stty: 'standard input': Inappropriate ioctl for device\n")
        return 1
    await process.say(f"{process.terminal.size.rows} {process.terminal.size.cols}\n")
    return 0


async def _as_builtin(process: FakeProcess) -> int:
    """A builtin of the shell, called as a program of its own."""
    from sandbox.engines.fake.builtins import BUILTINS
    from sandbox.engines.fake.interpreter import Interpreter
    from sandbox.engines.fake.shell_redirects import Streams
    from sandbox.engines.fake.shell_state import State

    shell = Interpreter(process.instance, State.of(process.cwd, process.env), process.pid)
    words = [process.argv[0].rpartition("/")[2], *process.argv[1:]]
    return await BUILTINS[words[0]](shell, words, Streams(process.stdin, process.stdout, process.stderr))


_SHELLS = ("sh", "bash", "/bin/sh", "/bin/bash")
ON_PROCESSES: dict[str, Program] = {
    "sh": _sh, "bash": _sh, "dash": _sh, "sleep": _sleep, "kill": _kill, "pgrep": _pgrep, "ps": _ps,
    "stty": _stty,
    **dict.fromkeys(("echo", "printf", "pwd", "test", "[", "true", "false", "nohup", "which"), _as_builtin),
}  # fmt: skip
