"""What a module may not do while it is imported.

On Cloudflare the top level runs once, when the Worker is deployed, and its memory is kept as a snapshot
(`python_dedicated_snapshot`). Source: spec python-workers.md sections 1 and 10, runtime.md section 3.
"""

from __future__ import annotations

import ast

from wrangler_compat.check.finding import Severity
from wrangler_compat.check.module import Module
from wrangler_compat.check.rule import ModuleHits, module_rule

_ENTROPY = frozenset({"os.urandom", "os.getrandom", "uuid.uuid1", "uuid.uuid4", "js.crypto.randomUUID"})
_RANDOM_MODULES = ("random.", "secrets.", "numpy.random.", "js.crypto.")
_CLOCKS = frozenset(
    {
        *(
            "time.time",
            "time.time_ns",
            "time.monotonic",
            "time.perf_counter",
            "time.localtime",
            "time.gmtime",
        ),
        *(
            "datetime.datetime.now",
            "datetime.datetime.utcnow",
            "datetime.datetime.today",
            "datetime.date.today",
        ),
        *("js.Date.now", "js.Date.new", "js.performance.now"),
    }
)
_IO = frozenset(
    {
        *(
            "workers.fetch",
            "js.fetch",
            "pyodide.http.pyfetch",
            "pyodide.http.open_url",
            "pyodide.ffi.run_sync",
        ),
        *("urllib.request.urlopen", "urllib.request.urlretrieve", "asyncio.run", "js.caches.default.match"),
        *("socket.create_connection", "http.client.HTTPSConnection", "http.client.HTTPConnection"),
    }
)
_IO_MODULES = ("requests.", "httpx.", "aiohttp.", "urllib3.")
_HTTP_VERBS = frozenset({"get", "post", "put", "patch", "delete", "head", "options", "request", "stream"})
_TIMERS = frozenset(
    {
        *("js.setTimeout", "js.setInterval", "js.queueMicrotask", "workers.waitUntil", "workers.wait_until"),
        *("asyncio.create_task", "asyncio.ensure_future", "asyncio.sleep", "asyncio.get_event_loop"),
        *("pyodide.ffi.wrappers.set_timeout", "pyodide.ffi.wrappers.set_interval"),
    }
)


@module_rule("global-random", Severity.ERROR, remedy="Draw it in a handler, when it is needed first.")
def global_random(module: Module) -> ModuleHits:
    """Randomness while a module is imported: there is no entropy before the first request, and a seed in the
    snapshot would be the same for everybody."""
    for call, name in module.calls(module.at_import):
        is_seeded = name in ("random.Random", "numpy.random.default_rng") and bool(call.args)
        if (name in _ENTROPY or name.startswith(_RANDOM_MODULES)) and not is_seeded:
            yield call, f"{name}() runs while the module is imported, where there is no entropy"


@module_rule("global-io", Severity.ERROR, remedy="Ask for it in a handler, and keep the answer in a global.")
def global_io(module: Module) -> ModuleHits:
    """Requests and calls of bindings while a module is imported raise `Disallowed operation called within
    global scope`."""
    for call, name in module.calls(module.at_import):
        verb = name.rpartition(".")[2]
        if name in _IO or (name.startswith(_IO_MODULES) and verb in _HTTP_VERBS):
            yield call, f"{name}() runs while the module is imported, where nothing can be fetched"
        elif (found := module.binding_call(call)) is not None and not found.is_storage:
            yield call, f"env.{found.binding}.{found.method}() runs while the module is imported"


@module_rule("global-timer", Severity.ERROR, remedy="Start it in a handler.")
def global_timer(module: Module) -> ModuleHits:
    """Timers and tasks that are started while a module is imported belong to no request."""
    for call, name in module.calls(module.at_import):
        if name in _TIMERS and not isinstance(module.parent(call), ast.Await):
            yield call, f"{name}() runs while the module is imported: there is no request it could belong to"


@module_rule("global-clock", Severity.WARNING, remedy="Look at the clock in a handler.")
def global_clock(module: Module) -> ModuleHits:
    """The time while a module is imported is that of the deploy, or zero, for as long as the Worker lives."""
    for call, name in module.calls(module.at_import):
        if name in _CLOCKS and not (name == "js.Date.new" and call.args):
            yield call, f"{name}() runs while the module is imported: it tells when the Worker was deployed"
