"""A Python that is warm: process 1, which is one, forks and runs a script, instead of a new one that starts.

What most programs import is there already (the zygote has done it), so a script begins a few milliseconds
after it was asked for. It finds what it would in a fresh interpreter: arguments, environment, paths, flags,
standard streams, signals. Only what would be run by this very interpreter is run so.
"""

from __future__ import annotations

import builtins
import ctypes
import importlib
import io
import os
import signal
import sys
import types
from collections.abc import Iterator
from importlib.machinery import SourceFileLoader
from typing import Any

from sandbox.engines.process.inside import syscalls
from sandbox.engines.process.inside.messages import Message

#: In an order in which no step takes long.
_MODULES = (
    *("collections", "functools", "re", "enum", "typing", "json", "linecache", "traceback", "contextlib"),
    *("logging", "concurrent.futures", "selectors", "subprocess", "tempfile", "hashlib", "base64", "ssl"),
    *(
        "inspect",
        "ast",
        "urllib.parse",
        "asyncio.base_events",
        "asyncio",
        "pathlib",
        "dataclasses",
        "http.client",
    ),
    *("argparse", "random", "uuid", "datetime"),
)
_OURS = "sandbox"
OOM_SCORE = b"300"  # the kernel shall end a hog, not process 1


def steps() -> Iterator[str]:
    """Import what programs will want, one module at a time; a missing one is no matter."""
    for name in _MODULES:
        try:
            importlib.import_module(name)
        except ImportError:
            continue  # a Python built without it
        yield name


class WarmPython:
    """This interpreter as others know it."""

    def __init__(self) -> None:
        self._binary = os.path.realpath(sys.executable)
        self._identity = _identity(self._binary)
        # Without `site`, and without the path of ours, which was put before all others.
        self._paths = sys.path[1:]

    def program(self, wanted: Message, cwd: str, env: dict[bytes, bytes]) -> str | None:
        """The program that would run, if that is this interpreter and finds its script; else None."""
        path = env.get(b"PATH", b"").decode(errors="surrogateescape")
        program = next(
            (
                found
                for folder in path.split(":")
                if os.access(found := f"{folder}/{wanted['program']}", os.X_OK)
            ),
            None,
        )
        if (
            program is None
            or os.path.realpath(program) != self._binary
            or _identity(self._binary) != self._identity
        ):
            return None
        if any(os.path.exists(f"{os.path.dirname(program)}/{up}pyvenv.cfg") for up in ("", "../")):
            return None
        script = wanted["script"]
        return program if script is None or os.path.isfile(os.path.join(cwd, script)) else None

    def start(
        self, program: str, wanted: Message, cwd: str, env: dict[bytes, bytes], streams: list[int]
    ) -> int:
        """Fork, and run what is wanted there; the process."""
        pid = os.fork()
        if pid == 0:
            try:
                _take_over(streams, cwd, env)
                self._look_fresh(program, wanted)
                _run(wanted)
            finally:
                os._exit(1)
        return pid

    def _look_fresh(self, program: str, wanted: Message) -> None:
        flags = set(wanted["flags"])
        isolated = "I" in flags
        script = wanted["script"]
        words = [wanted["program"], *(f"-{flag}" for flag in wanted["flags"]), *wanted["arguments"]]
        if script is None:
            words.insert(words.index("-c") + 1, wanted["code"])
        syscalls.set_title(b"\0".join(os.fsencode(word) for word in words))
        syscalls.set_name(os.fsencode(os.path.basename(program)))
        for name in [name for name in sys.modules if name == _OURS or name.startswith(f"{_OURS}.")]:
            del sys.modules[name]
        sys.executable = sys._base_executable = program  # type: ignore[attr-defined]
        sys.argv, sys.orig_argv = list(wanted["arguments"]), words
        sys.prefix, sys.exec_prefix = sys.base_prefix, sys.base_exec_prefix
        sys.dont_write_bytecode = "B" in flags or bool(os.environ.get("PYTHONDONTWRITEBYTECODE"))
        told = {
            name: getattr(sys.flags, name)
            for name in dir(sys.flags)
            if name[0] != "_" and not name.startswith("n_")
        }
        told.update(isolated=int(isolated), ignore_environment=int(isolated or "E" in flags))
        told.update(no_site=int("S" in flags), no_user_site=int(isolated or "s" in flags), safe_path=isolated)
        told.update(dont_write_bytecode=int(sys.dont_write_bytecode))
        sys.flags = types.SimpleNamespace(**{k: v for k, v in told.items() if not callable(v)})  # type: ignore[assignment]
        unbuffered = "u" in flags or (
            not told["ignore_environment"] and bool(os.environ.get("PYTHONUNBUFFERED"))
        )
        _open_streams(unbuffered=unbuffered)
        sys.path[:] = self._paths
        if "S" not in flags:
            _add_site(user=not told["no_user_site"])
        if not isolated:
            sys.path.insert(0, "" if script is None else os.path.dirname(os.path.realpath(script)))


def _take_over(streams: list[int], cwd: str, env: dict[bytes, bytes]) -> None:
    """Become a process of its own, with nothing of process 1."""
    os.setsid()
    signal.set_wakeup_fd(-1)
    for number in (signal.SIGCHLD, signal.SIGTERM):
        signal.signal(number, signal.SIG_DFL)
    signal.signal(signal.SIGINT, signal.default_int_handler)
    syscalls.prctl(syscalls.PR_SET_DUMPABLE, 1)
    for target, stream in enumerate([os.dup(stream) for stream in streams]):
        os.dup2(stream, target)
    os.closerange(3, 1 << 16)
    os.chdir(cwd)
    os.environb.clear()
    os.environb.update(env)
    with open("/proc/self/oom_score_adj", "wb") as file:
        file.write(OOM_SCORE)


def _open_streams(*, unbuffered: bool) -> None:
    """Standard streams like those of a new interpreter."""
    for number, name in enumerate(("stdin", "stdout", "stderr")):
        raw = io.FileIO(number, "w" if number else "r", closefd=False)
        raw.name = f"<{name}>"
        buffer: Any = (
            raw if unbuffered and number else (io.BufferedWriter if number else io.BufferedReader)(raw)
        )
        errors = "backslashreplace" if number == 2 else "surrogateescape"
        lines = not unbuffered and (number == 2 or raw.isatty())
        text = io.TextIOWrapper(buffer, "utf-8", errors, line_buffering=lines, write_through=unbuffered)
        text.mode = "w" if number else "r"  # type: ignore[misc]
        setattr(sys, name, text)
        setattr(sys, f"__{name}__", text)


def _add_site(*, user: bool) -> None:
    import site

    site.ENABLE_USER_SITE = user
    site.main()


def _run(wanted: Message) -> None:
    """The script as `__main__`, and then the end of this interpreter. Nothing of ours is in a traceback."""
    main = types.ModuleType("__main__")
    main.__dict__.update(__builtins__=builtins, __annotations__={})
    sys.modules["__main__"] = main
    script = wanted["script"]
    code = 0
    try:
        if script is None:
            compiled = compile(wanted["code"], "<string>", "exec", dont_inherit=True)
        else:
            script = os.path.abspath(script)
            loader = SourceFileLoader("__main__", script)
            main.__dict__.update(__file__=script, __cached__=None, __loader__=loader)
            with open(script, "rb") as file:
                compiled = compile(file.read(), script, "exec", dont_inherit=True)
        exec(compiled, main.__dict__)
    except SystemExit as end:
        code = _exit_code(end)
    except BaseException as failure:
        code = _told(failure)
        if isinstance(failure, KeyboardInterrupt):
            _end_by_interrupt(main)
    # As a program's own: waits for threads, runs what is registered, flushes what is open. Does not return.
    ctypes.pythonapi.Py_Exit(code)


def _exit_code(end: SystemExit) -> int:
    if end.code is None:
        return 0
    if isinstance(end.code, int):
        return end.code & 0xFF
    print(end.code, file=sys.stderr)
    return 1


def _told(failure: BaseException) -> int:
    own = failure.__traceback__
    theirs = own.tb_next if own is not None else None
    sys.excepthook(type(failure), failure.with_traceback(theirs), theirs)
    return 1


def _end_by_interrupt(main: types.ModuleType) -> None:
    main.__dict__.clear()  # closes its files
    _flush(sys.stdout)
    _flush(sys.stderr)
    signal.signal(signal.SIGINT, signal.SIG_DFL)
    os.kill(os.getpid(), signal.SIGINT)


def _flush(stream: Any) -> None:
    try:
        stream.flush()
    except (AttributeError, OSError, ValueError):
        return  # closed, or nobody reads


def _identity(path: str) -> tuple[int, int]:
    try:
        found = os.stat(path)
    except OSError:
        return (0, 0)
    return found.st_size, found.st_mtime_ns
