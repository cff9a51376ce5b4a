"""ls, cat, mkdir, rm, cp, mv, ln, touch, chmod."""

from __future__ import annotations

import posixpath
import re
import stat

from edge.containers.engine import FileStat
from sandbox.engines.fake.process import FakeProcess, Program
from sandbox.engines.fake.programs.options import UnknownOption, path_of, refuse, split


async def _ls(process: FakeProcess) -> int:
    flags, names = split(process, "aAl1")
    code = 0
    for name in names or ["."]:
        path = path_of(process, name).rstrip("/") or "/"
        try:
            found = process.files.stat(path)
            listed = process.files.list(path, recursive=False) if found.kind == "directory" else [found]
        except OSError as problem:
            await process.complain(f"ls: cannot access '{name}': {problem.strerror}\n")
            code = 2
            continue
        for entry in listed:
            shown = posixpath.basename(entry.path) if found.kind == "directory" else name
            if found.kind == "directory" and shown.startswith(".") and not flags & {"a", "A"}:
                continue
            await process.say(f"{_long(entry, shown)}\n" if "l" in flags else f"{shown}\n")
    return code


def _long(entry: FileStat, name: str) -> str:
    kind = {"directory": stat.S_IFDIR, "symlink": stat.S_IFLNK}.get(entry.kind, stat.S_IFREG)
    return f"{stat.filemode(kind | entry.mode)} 1 root root {entry.size:8} {name}"


async def _cat(process: FakeProcess) -> int:
    _, names = split(process)
    code = 0
    for name in names or ["-"]:
        if name == "-":
            while data := await process.stdin.read():
                await process.stdout.write(data)
            continue
        try:
            path = path_of(process, name)
            await process.stdout.write(b"" if path == "/dev/null" else process.files.read(path))
        except BrokenPipeError:
            raise
        except OSError as problem:
            code = await refuse(process, name, problem)
    return code


async def _mkdir(process: FakeProcess) -> int:
    flags, names = split(process, "p", ("parents",))
    for name in names:
        path = path_of(process, name).rstrip("/")
        try:
            process.files.mkdir(path, process.clock.now(), parents=bool(flags & {"p", "parents"}))
        except OSError as problem:
            await process.complain(f"mkdir: cannot create directory '{name}': {problem.strerror}\n")
            return 1
    return 0


async def _rm(process: FakeProcess) -> int:
    flags, names = split(process, "rRf", ("recursive", "force"))
    code = 0
    for name in names:
        path = path_of(process, name).rstrip("/")
        try:
            if flags & {"r", "R", "recursive"} and process.files.stat(path, follow=False).kind == "directory":
                process.files.rmdir(path, recursive=True)
            else:
                process.files.remove(path)
        except FileNotFoundError as problem:
            code = code if flags & {"f", "force"} else await refuse(process, name, problem)
        except OSError as problem:
            code = await refuse(process, name, problem)
    return code


async def _rmdir(process: FakeProcess) -> int:
    for name in split(process)[1]:
        try:
            process.files.rmdir(path_of(process, name).rstrip("/"))
        except OSError as problem:
            return await refuse(process, name, problem)
    return 0


async def _cp(process: FakeProcess) -> int:
    flags, (*sources, target) = split(process, "rRaf")
    for name in sources:
        source = path_of(process, name).rstrip("/")
        try:
            _copy(process, source, _into(process, target, source), recursive=bool(flags & {"r", "R", "a"}))
        except OSError as problem:
            return await refuse(process, name, problem)
    return 0


def _copy(process: FakeProcess, source: str, target: str, *, recursive: bool) -> None:
    found, now_s = process.files.stat(source), process.clock.now()
    if found.kind != "directory":
        process.files.write(target, process.files.read(source), now_s, mode=found.mode)
        return
    if not recursive:
        raise IsADirectoryError(21, "omitting directory", source)
    process.files.mkdir(target, now_s, parents=True)
    for entry in process.files.list(source, recursive=False):
        _copy(process, entry.path, f"{target}/{posixpath.basename(entry.path)}", recursive=True)


def _into(process: FakeProcess, target: str, source: str) -> str:
    path = path_of(process, target).rstrip("/") or "/"
    try:
        inside = process.files.stat(path).kind == "directory"
    except OSError:
        inside = False
    return posixpath.join(path, posixpath.basename(source)) if inside else path


async def _mv(process: FakeProcess) -> int:
    _, (*sources, target) = split(process, "f")
    for name in sources:
        source = path_of(process, name).rstrip("/")
        try:
            process.files.rename(source, _into(process, target, source))
        except OSError as problem:
            return await refuse(process, name, problem)
    return 0


async def _ln(process: FakeProcess) -> int:
    flags, (source, target) = split(process, "sfn")
    path = path_of(process, target)
    try:
        if "f" in flags and process.files.exists(path):
            process.files.remove(path)
        if "s" in flags:
            process.files.symlink(source, path, process.clock.now())
        else:
            process.files.write(path, process.files.read(path_of(process, source)), process.clock.now())
    except OSError as problem:
        return await refuse(process, target, problem)
    return 0


async def _touch(process: FakeProcess) -> int:
    for name in split(process)[1]:
        path = path_of(process, name)
        try:
            if process.files.exists(path):
                process.files.find(path).mtime_s = process.clock.now()
            else:
                process.files.write(path, b"", process.clock.now())
        except OSError as problem:
            return await refuse(process, name, problem)
    return 0


async def _chmod(process: FakeProcess) -> int:
    mode, *names = process.argv[1:]  # a mode may begin with a dash
    execute = re.fullmatch(r"[augo]*([-+])x", mode)
    if execute is None and not mode.isdigit():
        raise UnknownOption(f"the mode {mode} is not supported by the fake engine")
    for name in names:
        try:
            node = process.files.find(path_of(process, name))
        except OSError as problem:
            return await refuse(process, name, problem)
        if execute is None:
            node.mode = int(mode, 8)
        else:
            node.mode = node.mode | 0o111 if execute[1] == "+" else node.mode & ~0o111
    return 0


async def _stat(process: FakeProcess) -> int:
    """`stat -c FORM FILE`, with %u %g %a %s %n %F %Y."""
    _, form, *names = process.argv[1:] if process.argv[1] == "-c" else ("", "%n %s", *process.argv[1:])
    for name in names:
        try:
            found = process.files.stat(path_of(process, name))
        except OSError as problem:
            return await refuse(process, name, problem)
        kind = "regular file" if found.kind == "file" else found.kind
        values = {
            "u": 0,
            "g": 0,
            "a": f"{found.mode:o}",
            "s": found.size,
            "n": name,
            "F": kind,
            "Y": int(found.mtime_s),
        }
        await process.say("".join(_filled(form, values)) + "\n")
    return 0


def _filled(form: str, values: dict[str, object]) -> list[str]:
    first, *rest = form.split("%")
    return [first, *(f"{values.get(part[:1], '')}{part[1:]}" for part in rest)]


ON_FILES: dict[str, Program] = {
    "ls": _ls, "cat": _cat, "mkdir": _mkdir, "rm": _rm, "rmdir": _rmdir, "cp": _cp, "mv": _mv,
    "ln": _ln, "stat": _stat, "touch": _touch, "chmod": _chmod,
}  # fmt: skip
