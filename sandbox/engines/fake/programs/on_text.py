"""grep, head, tail, wc, sort, tr, tee, seq, sha256sum, date, uname, id, env, yes."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime

from sandbox.engines.fake.process import FakeProcess, Program
from sandbox.engines.fake.programs.options import UnknownOption, path_of, refuse, split


async def _inputs(process: FakeProcess, names: list[str]) -> bytes | int:
    """The files joined, or stdin; an exit code when one cannot be read."""
    if not names:
        return await process.read_all()
    parts = []
    for name in names:
        if name == "-":
            parts.append(await process.read_all())
            continue
        try:
            path = path_of(process, name)
            parts.append(b"" if path == "/dev/null" else process.files.read(path))
        except OSError as problem:
            return await refuse(process, name, problem)
    return b"".join(parts)


async def _grep(process: FakeProcess) -> int:
    flags, (pattern, *names) = split(process, "FEivcq")
    content = await _inputs(process, names)
    if isinstance(content, int):
        return 2
    test = re.compile(re.escape(pattern) if "F" in flags else pattern, re.IGNORECASE if "i" in flags else 0)
    lines = content.decode(errors="replace").splitlines()
    found = [line for line in lines if (test.search(line) is None) is ("v" in flags)]
    if "c" in flags:
        await process.say(f"{len(found)}\n")
    elif "q" not in flags and found:
        await process.say("\n".join(found) + "\n")
    return 0 if found else 1


async def _ends(process: FakeProcess, cut: Callable[[list[bytes], int], list[bytes]]) -> int:
    words = list(process.argv[1:])
    unit, count = "n", 10
    if words and words[0] in ("-n", "-c"):
        unit, count = words[0][1], int(words[1]) if words[1].isdigit() else -1
        words = words[2:]
    elif words and re.fullmatch(r"-[nc]?\d+", words[0]):
        unit, count = ("c" if words[0][1] == "c" else "n"), int(words[0].lstrip("-nc"))
        words = words[1:]
    if count < 0 or any(word.startswith("-") and word != "-" for word in words):
        raise UnknownOption(f"{' '.join(process.argv[1:])} is not supported by the fake engine")
    content = await _inputs(process, words)
    if isinstance(content, int):
        return content
    pieces = [content[i : i + 1] for i in range(len(content))] if unit == "c" else content.splitlines(True)
    await process.stdout.write(b"".join(cut(pieces, count)))
    return 0


async def _head(process: FakeProcess) -> int:
    found = re.fullmatch(r"-n?(\d+)", "".join(process.argv[1:]))
    if found is None:
        return await _ends(process, lambda pieces, count: pieces[:count])
    left = int(found[1])
    while left and (data := await process.stdin.read()):  # no more than it needs: the writer may be endless
        lines = data.splitlines(True)[:left]
        await process.stdout.write(b"".join(lines))
        left -= sum(line.endswith(b"\n") for line in lines)
    return 0


async def _tail(process: FakeProcess) -> int:
    return await _ends(process, lambda pieces, count: pieces[-count:] if count else [])


async def _wc(process: FakeProcess) -> int:
    flags, names = split(process, "lwc")
    content = await _inputs(process, names)
    if isinstance(content, int):
        return content
    counts = {"l": content.count(b"\n"), "w": len(content.split()), "c": len(content)}
    shown = [str(counts[flag]) for flag in "lwc" if not flags or flag in flags]
    await process.say(" ".join([*shown, *names[:1]]) + "\n")
    return 0


async def _sort(process: FakeProcess) -> int:
    flags, names = split(process, "ur")
    content = await _inputs(process, names)
    if isinstance(content, int):
        return content
    lines = content.decode(errors="replace").splitlines()
    lines = sorted(set(lines) if "u" in flags else lines, reverse="r" in flags)
    await process.say("".join(f"{line}\n" for line in lines))
    return 0


async def _tr(process: FakeProcess) -> int:
    flags, sets = split(process, "d")
    text = (await process.read_all()).decode(errors="replace")
    first = _range(sets[0])
    if "d" in flags:
        await process.say(text.translate({ord(char): None for char in first}))
        return 0
    second = _range(sets[1])
    padded = second + second[-1:] * (len(first) - len(second))
    await process.say(text.translate(str.maketrans(first, padded[: len(first)])))
    return 0


def _range(text: str) -> str:
    text = text.replace("\\n", "\n")
    return re.sub(r"(.)-(.)", lambda m: "".join(map(chr, range(ord(m[1]), ord(m[2]) + 1))), text)


async def _tee(process: FakeProcess) -> int:
    content = await process.read_all()
    flags, names = split(process, "a")
    for name in names:
        path = path_of(process, name)
        before = process.files.read(path) if "a" in flags and process.files.exists(path) else b""
        if path != "/dev/null":
            process.files.write(path, before + content, process.clock.now())
    await process.stdout.write(content)
    return 0


async def _seq(process: FakeProcess) -> int:
    numbers = list(map(int, process.argv[1:]))
    last = numbers.pop()
    first = numbers.pop(0) if numbers else 1
    step = numbers[0] if numbers else 1
    for number in range(first, last + (1 if step > 0 else -1), step):
        await process.say(f"{number}\n")
    return 0


async def _sha256sum(process: FakeProcess) -> int:
    names = split(process)[1]
    content = await _inputs(process, names)
    if isinstance(content, int):
        return content
    await process.say(f"{hashlib.sha256(content).hexdigest()}  {names[0] if names else '-'}\n")
    return 0


async def _date(process: FakeProcess) -> int:
    now = datetime.fromtimestamp(process.clock.now(), UTC)
    words = [word for word in process.argv[1:] if word != "-u"]  # the zone is UTC
    form = words[0][1:] if words and words[0].startswith("+") else "%c"
    if len(words) > 1 or (words and not words[0].startswith("+")):
        raise UnknownOption(f"{' '.join(words)} is not supported by the fake engine")
    await process.say(now.strftime(form.replace("%s", str(int(now.timestamp())))) + "\n")
    return 0


_NAMES = {"s": "Linux", "n": "fake", "r": "6.1.0", "m": "x86_64", "o": "GNU/Linux"}


async def _uname(process: FakeProcess) -> int:
    flags = split(process, "a" + "".join(_NAMES))[0] or {"s"}
    await process.say(" ".join(name for flag, name in _NAMES.items() if flags & {flag, "a"}) + "\n")
    return 0


async def _hostname(process: FakeProcess) -> int:
    split(process)
    await process.stdout.write(process.files.read("/etc/hostname"))
    return 0


async def _id(process: FakeProcess) -> int:
    flags = split(process, "ugn")[0]
    short = "root" if "n" in flags else "0"
    await process.say(f"{short}\n" if flags else "uid=0(root) gid=0(root) groups=0(root)\n")
    return 0


async def _env(process: FakeProcess) -> int:
    """`env`, or `env NAME=VALUE … PROGRAM …`."""
    words, env = list(process.argv[1:]), dict(process.env)
    if words and words[0].startswith("-"):
        raise UnknownOption(f"the option {words[0]} is not supported by the fake engine")
    while words and "=" in words[0]:
        name, _, env[name] = words.pop(0).partition("=")
    if not words:
        await process.say("".join(f"{name}={value}\n" for name, value in env.items()))
        return 0
    program = process.instance.program(tuple(words), env.get("PATH", ""), process.cwd)
    if program is None:
        await process.complain(f"env: '{words[0]}': No such file or directory\n")
        return 127
    process.argv, process.env = tuple(words), env
    return await program(process)  # in its place, as exec would


async def _printenv(process: FakeProcess) -> int:
    names = split(process)[1]
    found = [name for name in names or process.env if name in process.env]
    for name in found:
        await process.say(f"{process.env[name]}\n" if names else f"{name}={process.env[name]}\n")
    return 0 if len(found) == len(names or found) else 1


async def _yes(process: FakeProcess) -> int:
    word = " ".join(process.argv[1:]) or "y"
    while True:
        await process.stdout.write(f"{word}\n".encode() * 512)
        await process.instance.give_way()


async def _basename(process: FakeProcess) -> int:
    name, *suffix = split(process)[1]
    last = name.rstrip("/").rpartition("/")[2]
    cut = last.removesuffix(suffix[0]) if suffix else last
    await process.say((cut or last) + "\n")  # a name that is all suffix keeps it
    return 0


async def _dirname(process: FakeProcess) -> int:
    await process.say((process.argv[1].rstrip("/").rpartition("/")[0] or ".") + "\n")
    return 0


Text = Callable[[FakeProcess], Awaitable[int]]
ON_TEXT: dict[str, Program] = {
    "grep": _grep, "head": _head, "tail": _tail, "wc": _wc, "sort": _sort, "tr": _tr, "tee": _tee,
    "seq": _seq, "sha256sum": _sha256sum, "date": _date, "uname": _uname, "id": _id, "env": _env,
    "printenv": _printenv, "yes": _yes, "basename": _basename, "dirname": _dirname, "hostname": _hostname,
}  # fmt: skip
