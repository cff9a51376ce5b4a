"""sh, sleep, kill, pgrep, ps."""

from __future__ import annotations

import re
import signal

from sandbox.engines.fake.process import FakeProcess, Program

_UNITS = {"": 1.0, "s": 1.0, "m": 60.0, "h": 3600.0, "d": 86400.0}


async def _sh(process: FakeProcess) -> int:
    """`sh -c COMMAND [NAME ARG …]`, `sh FILE`, or a script on stdin."""
    from sandbox.engines.fake.builtins import ShellExit
    from sandbox.engines.fake.interpreter import Interpreter, State, Streams
    from sandbox.engines.fake.programs.options import path_of, refuse

    words = [
        word for word in process.argv[1:] if word not in ("-e", "-u", "-x", "--norc", "--noprofile", "-l")
    ]
    state = State.of(process.cwd, process.env)
    if words[:1] and words[0].startswith("-") and "c" in words[0]:
        source, state.positional = words[1], words[3:]
        state.name = words[2] if len(words) > 2 else "sh"
    elif words:
        try:
            source = process.files.read(path_of(process, words[0])).decode(errors="replace")
        except OSError as problem:
            await refuse(process, words[0], problem)
            return 127
        state.name, state.positional = words[0], words[1:]
    else:
        source = (await process.read_all()).decode(errors="replace")
    shell = Interpreter(process.instance, state, process.pid)
    try:
        return await shell.run(source, Streams(process.stdin, process.stdout, process.stderr))
    except ShellExit as leave:
        return leave.code


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
    number, code = signal.SIGTERM, 0
    for word in process.argv[1:]:
        if word.startswith("-") and not word[1:].isdigit():
            number = signal.Signals[f"SIG{word[1:].removeprefix('SIG')}"]
        elif word.startswith("-"):
            number = int(word[1:])  # type: ignore[assignment]
        else:
            target = process.instance.processes.get(int(word))
            if target is None:
                await process.complain(f"kill: ({word}) - No such process\n")
                code = 1
            else:
                target.signal(number)
    return code


async def _pgrep(process: FakeProcess) -> int:
    full = "-f" in process.argv
    pattern = re.compile(process.argv[-1])
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
    await process.say("    PID CMD\n")
    for pid, other in sorted(process.instance.processes.items()):
        if not other.hidden:
            await process.say(f"{pid:7} {' '.join(other.argv)}\n")
    return 0


async def _as_builtin(process: FakeProcess) -> int:
    """A builtin of the shell, called as a program of its own."""
    from sandbox.engines.fake.builtins import BUILTINS
    from sandbox.engines.fake.interpreter import Interpreter, State, Streams

    shell = Interpreter(process.instance, State.of(process.cwd, process.env), process.pid)
    words = [process.argv[0].rpartition("/")[2], *process.argv[1:]]
    return await BUILTINS[words[0]](shell, words, Streams(process.stdin, process.stdout, process.stderr))


_SHELLS = ("sh", "bash", "/bin/sh", "/bin/bash")
ON_PROCESSES: dict[str, Program] = {
    "sh": _sh, "bash": _sh, "dash": _sh, "sleep": _sleep, "kill": _kill, "pgrep": _pgrep, "ps": _ps,
    **dict.fromkeys(("echo", "printf", "pwd", "test", "[", "true", "false"), _as_builtin),
}  # fmt: skip
