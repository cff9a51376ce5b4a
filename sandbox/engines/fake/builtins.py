"""What the shell does itself, because it changes the shell or is too small for a program."""

from __future__ import annotations

import posixpath
from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING

from sandbox.engines.fake.shell_printf import BadFormat, printf, unescaped
from sandbox.engines.fake.shell_test import BadTest, holds
from sandbox.engines.fake.shell_traps import trap
from sandbox.engines.fake.shell_words import Unsupported

if TYPE_CHECKING:
    from sandbox.engines.fake.interpreter import Interpreter
    from sandbox.engines.fake.shell_redirects import Streams

Builtin = Callable[["Interpreter", list[str], "Streams"], Awaitable[int]]


class ShellExit(Exception):
    """`exit` ends the shell."""

    def __init__(self, code: int) -> None:
        super().__init__(code)
        self.code = code


class Return(Exception):
    """`return` ends a function."""

    def __init__(self, code: int) -> None:
        super().__init__(code)
        self.code = code


class Leave(Exception):
    """`break` and `continue` end a turn of a loop, or of several around each other."""

    def __init__(self, loops: int, *, ends: bool) -> None:
        super().__init__(loops)
        self.loops = loops
        self.ends = ends

    def passes_on(self) -> bool:
        """Whether a loop outside of this one is meant; counts this one."""
        self.loops -= 1
        return self.loops > 0


async def _leave(shell: Interpreter, words: list[str], streams: Streams) -> int:
    raise Leave(int(words[1]) if len(words) > 1 else 1, ends=words[0] == "break")


async def _return(shell: Interpreter, words: list[str], streams: Streams) -> int:
    raise Return(int(words[1]) if len(words) > 1 else shell.state.status)


async def _cd(shell: Interpreter, words: list[str], streams: Streams) -> int:
    target = words[1] if len(words) > 1 else shell.state.variables.get("HOME", "/")
    path = posixpath.normpath(posixpath.join(shell.state.cwd, target))
    try:
        kind = shell.instance.tree.stat(path).kind
    except OSError as problem:
        await streams.stderr.write(f"sh: cd: {target}: {problem.strerror}\n".encode())
        return 1
    if kind != "directory":
        await streams.stderr.write(f"sh: cd: {target}: Not a directory\n".encode())
        return 1
    shell.state.variables["OLDPWD"] = shell.state.cwd
    shell.state.cwd = path
    return 0


async def _export(shell: Interpreter, words: list[str], streams: Streams) -> int:
    for word in words[1:]:
        name, given, value = word.partition("=")
        if not name.isidentifier():
            raise Unsupported(f"{word} is not supported")
        if given:
            shell.state.variables[name] = value
        shell.state.exported.add(name)
    return 0


async def _local(shell: Interpreter, words: list[str], streams: Streams) -> int:
    if not shell.state.outside:
        await streams.stderr.write(b"sh: local: can only be used in a function\n")
        return 1
    for word in words[1:]:
        name, _, value = word.partition("=")
        if not name.isidentifier():
            raise Unsupported(f"{word} is not supported")
        shell.state.outside[-1].setdefault(name, shell.state.variables.get(name))
        shell.state.variables[name] = value
    return 0


_OPTIONS = {"e": "errexit", "u": "nounset"}


def switch(options: set[str], words: list[str]) -> list[str]:
    """Switch what `set` and `sh` switch with words such as `-eu` or `-o pipefail`; the words that are left.

    Raises Unsupported.
    """
    rest = list(words)
    while rest and rest[0][:1] in ("-", "+") and len(rest[0]) > 1 and rest[0] != "--":
        word = rest.pop(0)
        for letter in word[1:]:
            name = rest.pop(0) if letter == "o" and rest else _OPTIONS.get(letter, letter)
            if name not in ("errexit", "nounset", "pipefail"):
                raise Unsupported(f"{word}: the option {name} is not supported")
            (options.add if word[0] == "-" else options.discard)(name)
    return rest


async def _set(shell: Interpreter, words: list[str], streams: Streams) -> int:
    rest = switch(shell.state.options, words[1:])
    if rest:
        shell.state.positional = rest[1:] if rest[0] == "--" else rest
    elif len(words) == 1:
        raise Unsupported("without arguments it is not supported")
    return 0


async def _refused(shell: Interpreter, words: list[str], streams: Streams) -> int:
    raise Unsupported("this builtin is not supported")


async def _unset(shell: Interpreter, words: list[str], streams: Streams) -> int:
    for name in words[1:]:
        shell.state.variables.pop(name, None)
        shell.state.exported.discard(name)
    return 0


async def _exit(shell: Interpreter, words: list[str], streams: Streams) -> int:
    raise ShellExit(int(words[1]) & 255 if len(words) > 1 else shell.state.status)


async def _pwd(shell: Interpreter, words: list[str], streams: Streams) -> int:
    await streams.stdout.write(f"{shell.state.cwd}\n".encode())
    return 0


async def _echo(shell: Interpreter, words: list[str], streams: Streams) -> int:
    rest = words[1:]
    end = "\n"
    while rest and rest[0] in ("-n", "-e", "-ne", "-en"):
        end = "" if "n" in rest[0] else end
        if "e" in rest[0]:
            rest = [rest[0], *(unescaped(word) for word in rest[1:])]
        rest = rest[1:]
    await streams.stdout.write((" ".join(rest) + end).encode())
    return 0


async def _printf(shell: Interpreter, words: list[str], streams: Streams) -> int:
    try:
        await streams.stdout.write(printf(words[1], words[2:]).encode())
    except BadFormat as mistake:
        await streams.stderr.write(f"sh: printf: {mistake}\n".encode())
        return 1
    return 0


async def _test(shell: Interpreter, words: list[str], streams: Streams) -> int:
    given = words[1:]
    try:
        if words[0] == "[" and (not given or given.pop() != "]"):
            raise BadTest("missing `]'")
        ends = (streams.stdin, streams.stdout, streams.stderr)
        on_terminal = [str(number) for number, end in enumerate(ends) if end.is_terminal]
        return 0 if holds(given, shell.instance.tree, shell.state.cwd, on_terminal) else 1
    except BadTest as mistake:
        await streams.stderr.write(f"sh: {words[0]}: {mistake}\n".encode())
        return 2


async def _true(shell: Interpreter, words: list[str], streams: Streams) -> int:
    return 0


async def _false(shell: Interpreter, words: list[str], streams: Streams) -> int:
    return 1


async def _read(shell: Interpreter, words: list[str], streams: Streams) -> int:
    if unknown := [word for word in words[1:] if word.startswith("-") and word != "-r"]:
        raise Unsupported(f"{unknown[0]} is not supported")
    names = [word for word in words[1:] if word != "-r"] or ["REPLY"]
    line = b""
    while (byte := await streams.stdin.read(1)) not in (b"", b"\n"):
        line += byte
    parts = line.decode(errors="replace").split(None, len(names) - 1)
    for index, name in enumerate(names):
        shell.state.variables[name] = parts[index] if index < len(parts) else ""
    return 0 if byte else 1


async def _command(shell: Interpreter, words: list[str], streams: Streams) -> int:
    """`command -v NAME`, `type NAME`, `which NAME`; `command NAME …` runs it."""
    names = words[1:]
    if words[0] == "command" and names[:1] != ["-v"] and names:
        builtin = BUILTINS.get(names[0])
        return await builtin(shell, names, streams) if builtin else await shell.external(names, {}, streams)
    code = 0
    for name in [word for word in names if not word.startswith("-")]:
        program = shell.instance.program((name,), "", shell.state.cwd) is not None
        known = program or (words[0] != "which" and (name in BUILTINS or name in shell.state.functions))
        code = code if known else 1
        if known:
            path = f"/usr/bin/{name}" if program and "/" not in name else name
            await streams.stdout.write(f"{path}\n".encode())
    return code


async def _wait(shell: Interpreter, words: list[str], streams: Streams) -> int:
    """For one job, or for all."""
    wanted = [int(words[1])] if len(words) > 1 else list(shell.state.jobs)
    codes = []
    for job in [shell.state.jobs[pid] for pid in wanted if pid in shell.state.jobs]:
        codes.append(await shell.signals.unless_one_comes(job.wait()))
        if shell.signals.came:
            return codes[-1]
    return codes[-1] if codes and len(words) > 1 else 0


async def _source(shell: Interpreter, words: list[str], streams: Streams) -> int:
    text = shell.instance.tree.read(posixpath.join(shell.state.cwd, words[1])).decode()
    return await shell.run(text, streams)


async def _eval(shell: Interpreter, words: list[str], streams: Streams) -> int:
    return await shell.run(" ".join(words[1:]), streams)


async def _exec(shell: Interpreter, words: list[str], streams: Streams) -> int:
    if len(words) > 1:
        raise ShellExit(await shell.external(words[1:], {}, streams))
    return 0


async def _nohup(shell: Interpreter, words: list[str], streams: Streams) -> int:
    return await shell.external(words[1:], {}, streams)


async def _shift(shell: Interpreter, words: list[str], streams: Streams) -> int:
    count = int(words[1]) if len(words) > 1 else 1
    if count > len(shell.state.positional):
        return 1
    shell.state.positional = shell.state.positional[count:]
    return 0


BUILTINS: dict[str, Builtin] = {
    "cd": _cd, "export": _export, "unset": _unset, "exit": _exit, "pwd": _pwd, "echo": _echo,
    "printf": _printf, "test": _test, "[": _test, "true": _true, ":": _true, "false": _false, "set": _set,
    "read": _read, "command": _command, "type": _command, "which": _command, "wait": _wait,
    ".": _source, "source": _source, "eval": _eval, "exec": _exec, "nohup": _nohup, "shift": _shift,
    "return": _return, "local": _local, "break": _leave, "continue": _leave,
    "trap": trap,
    **dict.fromkeys(("umask", "readonly", "alias", "getopts", "let", "declare"), _refused),
}  # fmt: skip
