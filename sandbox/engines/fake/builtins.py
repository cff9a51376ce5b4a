"""What the shell does itself, because it changes the shell or is too small for a program."""

from __future__ import annotations

import posixpath
import stat
from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from sandbox.engines.fake.interpreter import Interpreter, Streams

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
        if given:
            shell.state.variables[name] = value
        shell.state.exported.add(name)
    return 0


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
            rest = [rest[0], *(_unescaped(word) for word in rest[1:])]
        rest = rest[1:]
    await streams.stdout.write((" ".join(rest) + end).encode())
    return 0


async def _printf(shell: Interpreter, words: list[str], streams: Streams) -> int:
    form, values = _unescaped(words[1]), words[2:]
    out, rest = _formatted(form, values)
    while rest and len(rest) < len(values):
        more, after = _formatted(form, rest)
        out, rest = out + more, after if len(after) < len(rest) else []
    await streams.stdout.write(out.encode())
    return 0


def _formatted(form: str, values: list[str]) -> tuple[str, list[str]]:
    out, rest, at = "", list(values), 0
    while at < len(form):
        if form[at] == "%" and at + 1 < len(form):
            kind = form[at + 1]
            value = "%" if kind == "%" else (rest.pop(0) if rest else "")
            out += str(int(value or "0")) if kind == "d" else _unescaped(value) if kind == "b" else value
            at += 2
        else:
            out += form[at]
            at += 1
    return out, rest


def _unescaped(text: str) -> str:
    for escape, char in (("\\n", "\n"), ("\\t", "\t"), ("\\r", "\r"), ("\\0", "\0"), ("\\\\", "\\")):
        text = text.replace(escape, char)
    return text


async def _test(shell: Interpreter, words: list[str], streams: Streams) -> int:
    given = words[1:-1] if words[0] == "[" else words[1:]
    return 0 if _holds(shell, given) else 1


def _holds(shell: Interpreter, given: list[str]) -> bool:
    if not given:
        return False
    if given[0] == "!":
        return not _holds(shell, given[1:])
    if "-a" in given[1:-1]:
        at = given.index("-a")
        return _holds(shell, given[:at]) and _holds(shell, given[at + 1 :])
    if len(given) == 1:
        return bool(given[0])
    if len(given) == 2:
        return _unary(shell, *given)
    left, operator, right = given
    if operator in ("=", "=="):
        return left == right
    if operator == "!=":
        return left != right
    numbers: dict[str, Callable[[int, int], bool]] = {
        "-eq": int.__eq__, "-ne": int.__ne__, "-lt": int.__lt__,
        "-le": int.__le__, "-gt": int.__gt__, "-ge": int.__ge__,
    }  # fmt: skip
    return numbers[operator](int(left), int(right))


def _unary(shell: Interpreter, flag: str, word: str) -> bool:
    if flag in ("-z", "-n"):
        return bool(word) is (flag == "-n")
    try:
        found = shell.instance.tree.stat(
            posixpath.join(shell.state.cwd, word), follow=flag not in ("-L", "-h")
        )
    except OSError:
        return False
    return {
        "-e": True,
        "-f": found.kind == "file",
        "-d": found.kind == "directory",
        "-s": found.size > 0,
        "-L": found.kind == "symlink",
        "-h": found.kind == "symlink",
        "-r": True,
        "-w": True,
        "-x": bool(found.mode & stat.S_IXUSR) or found.kind == "directory",
    }[flag]


async def _true(shell: Interpreter, words: list[str], streams: Streams) -> int:
    return 0


async def _false(shell: Interpreter, words: list[str], streams: Streams) -> int:
    return 1


async def _read(shell: Interpreter, words: list[str], streams: Streams) -> int:
    names = [word for word in words[1:] if not word.startswith("-")] or ["REPLY"]
    line = b""
    while (byte := await streams.stdin.read(1)) not in (b"", b"\n"):
        line += byte
    parts = line.decode(errors="replace").split(None, len(names) - 1)
    for index, name in enumerate(names):
        shell.state.variables[name] = parts[index] if index < len(parts) else ""
    return 0 if byte else 1


async def _command(shell: Interpreter, words: list[str], streams: Streams) -> int:
    """`command -v NAME`, `type NAME`, `which NAME`."""
    code = 0
    for name in [word for word in words[1:] if not word.startswith("-")]:
        known = name in BUILTINS or shell.instance.program((name,), "", shell.state.cwd) is not None
        code = code if known else 1
        if known:
            await streams.stdout.write(f"/usr/bin/{name}\n".encode())
    return code


async def _wait(shell: Interpreter, words: list[str], streams: Streams) -> int:
    """For one job, or for all."""
    wanted = [int(words[1])] if len(words) > 1 else list(shell.state.jobs)
    codes = [await shell.state.jobs[pid].wait() for pid in wanted if pid in shell.state.jobs]
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
    shell.state.positional = shell.state.positional[1:]
    return 0


BUILTINS: dict[str, Builtin] = {
    "cd": _cd, "export": _export, "unset": _unset, "exit": _exit, "pwd": _pwd, "echo": _echo,
    "printf": _printf, "test": _test, "[": _test, "true": _true, ":": _true, "false": _false, "set": _true,
    "read": _read, "command": _command, "type": _command, "which": _command, "wait": _wait,
    ".": _source, "source": _source, "eval": _eval, "exec": _exec, "nohup": _nohup, "shift": _shift,
    "umask": _true, "return": _return, "trap": _true, "local": _export, "readonly": _export,
}  # fmt: skip
