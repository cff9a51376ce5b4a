"""What needs an operating system: threads, processes, sockets, files, parts of the standard library.

Source: spec python-workers.md section 10; Cloudflare page "Python Workers: Standard Library".
"""

from __future__ import annotations

import ast
from collections.abc import Iterator

from wrangler_compat.check.finding import Severity
from wrangler_compat.check.module import Module
from wrangler_compat.check.rule import ModuleHits, module_rule
from wrangler_compat.modules.profile import Profile

_THREADS = frozenset(
    {
        *("threading.Thread", "threading.Timer", "_thread.start_new_thread"),
        *("concurrent.futures.ThreadPoolExecutor", "concurrent.futures.ProcessPoolExecutor"),
        *(
            "multiprocessing.Process",
            "multiprocessing.Pool",
            "multiprocessing.Manager",
            "multiprocessing.Queue",
        ),
    }
)
_PROCESSES = frozenset(
    {
        *("os.system", "os.popen", "os.fork", "os.forkpty", "os.posix_spawn", "os.posix_spawnp", "os.kill"),
        *("asyncio.create_subprocess_exec", "asyncio.create_subprocess_shell", "pty.spawn"),
    }
)
_PROCESS_PREFIXES = ("subprocess.", "os.exec", "os.spawn")
_SERVERS = (
    "socketserver.",
    "http.server.",
    "asyncio.start_server",
    "asyncio.start_unix_server",
    "socket.create_server",
)
_CLIENTS = frozenset(
    {
        *(
            "socket.socket",
            "socket.create_connection",
            "asyncio.open_connection",
            "asyncio.open_unix_connection",
        ),
        *("smtplib.SMTP", "smtplib.SMTP_SSL", "ftplib.FTP", "imaplib.IMAP4", "poplib.POP3"),
        *("http.client.HTTPConnection", "http.client.HTTPSConnection", "urllib.request.urlopen"),
    }
)
_MISSING = frozenset(
    {
        *("curses", "dbm", "ensurepip", "fcntl", "grp", "idlelib", "lib2to3", "msvcrt", "pwd", "resource"),
        *("syslog", "termios", "tkinter", "turtle", "turtledemo", "venv", "winreg", "winsound", "pty", "tty"),
    }
)
_WRITERS = frozenset({"write_text", "write_bytes", "mkdir", "touch", "unlink", "rename", "rmdir"})


@module_rule(
    "thread", Severity.ERROR, remedy="Use coroutines: asyncio.gather, asyncio.create_task, ctx.waitUntil."
)
def thread(module: Module) -> ModuleHits:
    """Threads and process pools cannot be started: WebAssembly has one thread."""
    for call, name in module.calls():
        if name in _THREADS:
            yield call, f"{name}() needs a thread or process, and there is only one"


@module_rule("subprocess", Severity.ERROR, remedy="Run programs in a container or sandbox (docs/sandbox.md).")
def subprocess(module: Module) -> ModuleHits:
    """Other programs cannot be run."""
    for call, name in module.calls():
        if name in _PROCESSES or name.startswith(_PROCESS_PREFIXES):
            yield call, f"{name}() runs a program, and there are none"


@module_rule("socket", Severity.ERROR, remedy="Use `fetch` of the module `workers`, or a WebSocket.")
def socket(module: Module) -> ModuleHits:
    """Sockets: none that listen; those that connect only work from Pyodide 314 on (compatibility date
    2026-09-08)."""
    for call, name in module.calls():
        if name.startswith(_SERVERS):
            yield call, f"{name}() listens, and nothing can connect to a Worker but by its handlers"
        elif name in _CLIENTS and not _has_sockets(module.profile):
            yield call, f"{name}() opens a socket, which Pyodide {module.profile.ffi.version} does not have"


def _has_sockets(profile: Profile) -> bool:
    return profile.ffi.version.startswith("314")


@module_rule("missing-module", Severity.ERROR, remedy="Do without it, or import it only where it is there.")
def missing_module(module: Module) -> ModuleHits:
    """An import of a part of the standard library that Workers do not have."""
    for node, name in imported_modules(module):
        if name.partition(".")[0] in _MISSING and not module.is_optional(node):
            yield node, f'the module "{name}" is not part of Python on Workers'


def imported_modules(module: Module) -> Iterator[tuple[ast.stmt, str]]:
    """Each import statement with the names of the modules it names; relative ones are left out."""
    for node in module.nodes:
        if isinstance(node, ast.Import):
            yield from ((node, alias.name) for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and not node.level and node.module:
            yield node, node.module


@module_rule(
    "file-write", Severity.WARNING, remedy="Keep it in KV, R2 or a Durable Object; /tmp is for scratch."
)
def file_write(module: Module) -> ModuleHits:
    """Files that are written are in the memory of one instance, and gone with it. `/tmp` is not reported."""
    for call, name in module.calls():
        if name == "builtins.open" and _opens_for_writing(call) and not _is_scratch(call):
            yield call, "open() for writing: the file is in the memory of one instance, and gone with it"
        elif isinstance(call.func, ast.Attribute) and call.func.attr in _WRITERS:
            path = call.func.value
            if (
                isinstance(path, ast.Call)
                and module.dotted(path.func) == "pathlib.Path"
                and not _is_scratch(path)
            ):
                yield call, f"{call.func.attr}(): the file is in the memory of one instance, and gone with it"


def _opens_for_writing(call: ast.Call) -> bool:
    given = [keyword.value for keyword in call.keywords if keyword.arg == "mode"] + call.args[1:2]
    return any(
        isinstance(mode, ast.Constant)
        and isinstance(mode.value, str)
        and not set(mode.value).isdisjoint("wax+")
        for mode in given
    )


def _is_scratch(call: ast.Call) -> bool:
    first = call.args[0] if call.args else None
    return isinstance(first, ast.Constant) and isinstance(first.value, str) and first.value.startswith("/tmp")
