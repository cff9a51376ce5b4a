"""How entrypoints are called: spec python-workers.md section 2.2, corrections, recorded durable_rpc
`signatures`, `lookups`, http `raise_*`, `return_*`, `sub_*`."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

import pytest

from edge.errors import WorkerLoadError
from edge.js.errors import JsException
from edge.js.objects import JsArray, JsObject
from edge.js.proxy import JsProxy
from edge.worker.service import NOT_A_RESPONSE
from tests.loops import run
from tests.wrangler_compat.modules.workers import OLD, Loaded

PRELUDE = "import asyncio, js, json\nfrom workers import DurableObject, Response, WorkerEntrypoint\n"
DEFAULT = "class Default(WorkerEntrypoint):\n    async def fetch(self, request):\n        "


def worker(tmp_path: Path, body: str, **options: Any) -> Loaded:
    return Loaded(tmp_path, PRELUDE + body, **options)


@pytest.mark.parametrize(
    ("signature", "shown"),
    [
        ("self", "[]"),
        ("self, request", '["Request"]'),
        ("self, request, env, ctx", '["Request", "NoneType", "NoneType"]'),
        ("self, request, env=1", '["Request", "NoneType"]'),
        ("self, request, *, other=1", '["Request"]'),
        ("self, *args", '["Request", "NoneType", "NoneType"]'),
    ],
)
def test_fetch_gets_what_it_declares(tmp_path: Path, signature: str, shown: str) -> None:
    source = f"""
class Default(WorkerEntrypoint):
    async def fetch({signature}):
        given = [value for name, value in locals().items() if name in ("request", "env", "ctx", "args")]
        given = list(given[0]) if given and isinstance(given[0], tuple) else given
        return Response(json.dumps([type(value).__name__ for value in given]))
"""
    assert run(worker(tmp_path, source).text()) == shown


@pytest.mark.parametrize(
    "returned",
    [
        "Response('x')",
        "js.Response.new('x')",
        "Response(js.Response.new('x'))",
        "asyncio.sleep(0, Response('x'))",
    ],
)
def test_what_fetch_may_return(tmp_path: Path, returned: str) -> None:
    source = f"class Default(WorkerEntrypoint):\n    def fetch(self, request):\n        return {returned}\n"
    assert run(worker(tmp_path, source).text()) == "x"


@pytest.mark.parametrize(
    "returned", ["None", "'plain'", "{'a': 1}", "5", "b'x'", "js.Object.new()", "object()"]
)
def test_what_fetch_may_not_return(tmp_path: Path, returned: str) -> None:
    source = (
        f"class Default(WorkerEntrypoint):\n    async def fetch(self, request):\n        return {returned}\n"
    )
    with pytest.raises(JsException) as caught:
        run(worker(tmp_path, source).fetch())
    assert str(caught.value) == f"TypeError: {NOT_A_RESPONSE}"


@pytest.mark.parametrize(
    ("statement", "last_line"),
    [
        ("raise ValueError('boom é')", "ValueError: boom é"),
        ("raise MyError('mine')", "entry.MyError: mine"),
        ("raise RuntimeError()", "RuntimeError"),
        ("raise SystemExit(3)", "SystemExit: 3"),
        ("task = asyncio.current_task(); raise asyncio.CancelledError", "asyncio.exceptions.CancelledError"),
        (
            "js.JSON.parse('{')",
            "pyodide.ffi.JsException: SyntaxError: Expected property name or '}' in JSON at position 1 "
            "(line 1 column 2)",
        ),
        ("return ('a', 200)", "TypeError: <class 'tuple'> cannot be sent over RPC."),
    ],
)
def test_exceptions_are_python_errors_with_the_workers_frames(
    tmp_path: Path, statement: str, last_line: str
) -> None:
    source = f"""
class MyError(Exception): pass
class Default(WorkerEntrypoint):
    async def fetch(self, request):
        {statement}
"""
    with pytest.raises(JsException) as caught:
        run(worker(tmp_path, source).fetch())
    assert caught.value.name == "PythonError"
    lines = caught.value.message.splitlines()
    assert lines[0] == "Traceback (most recent call last):"
    assert lines[-1] == last_line
    if not statement.startswith("return"):
        assert lines[1].startswith(f'  File "{tmp_path}/entry.py"')


def test_chained_exceptions_are_shown_in_full(tmp_path: Path) -> None:
    source = """
class Default(WorkerEntrypoint):
    async def fetch(self, request):
        try:
            1 / 0
        except ZeroDivisionError as error:
            raise KeyError("k") from error
"""
    with pytest.raises(JsException) as caught:
        run(worker(tmp_path, source).fetch())
    text = caught.value.message
    assert "ZeroDivisionError: division by zero" in text
    assert "The above exception was the direct cause of the following exception:" in text
    assert text.endswith("KeyError: 'k'\n")


def test_cancellation_passes(tmp_path: Path) -> None:
    loaded = worker(tmp_path, f"{DEFAULT}await asyncio.sleep(60)\n")

    async def cancelled() -> bool:
        task = asyncio.create_task(loaded.fetch())
        await asyncio.sleep(0)
        await asyncio.sleep(0)
        task.cancel()
        try:
            await task
        except asyncio.CancelledError:
            return True
        return False

    assert run(cancelled())


def test_waiting_for_a_task_that_was_cancelled_is_the_workers_error(tmp_path: Path) -> None:
    source = """
class Default(WorkerEntrypoint):
    async def fetch(self, request):
        task = asyncio.create_task(asyncio.sleep(60))
        task.cancel()
        await task
"""
    with pytest.raises(JsException) as caught:
        run(worker(tmp_path, source).fetch())
    assert caught.value.message.endswith("asyncio.exceptions.CancelledError\n")


RPC = """
class Mixin:
    def mixed(self): return "mixed"
class Named(Mixin, WorkerEntrypoint):
    attr = "class attribute"
    def __init__(self, ctx, env):
        super().__init__(ctx, env)
        self.own = "instance attribute"
    async def echo(self, v): return v
    def sync(self, v): return [type(v).__name__, v]
    async def add(self, a, b=10, *rest, c=5): return [a, b, list(rest), c]
    def _private(self): return "private"
    @staticmethod
    def static(): return "static"
    @classmethod
    def cls_method(cls): return "class"
    @property
    def prop(self): return "prop"
    def late(self): return asyncio.sleep(0, {"a": None})
"""


@pytest.mark.parametrize(
    ("method", "args", "result"),
    [
        ("mixed", [], "mixed"),
        ("_private", [], "private"),
        ("static", [], "static"),
        ("cls_method", [], "class"),
        ("echo", [5], 5),
        ("add", [1], "1,10,,5"),
        ("add", [1, 2, 3, 4], "1,2,3,4,5"),
        ("sync", [JsArray([1])], "list,1"),
    ],
)
def test_methods_over_rpc(tmp_path: Path, method: str, args: list[Any], result: Any) -> None:
    back = run(worker(tmp_path, RPC).service.rpc(method, args, "Named"))
    assert (str(back) if isinstance(back, JsProxy) else back) == result


def test_arguments_and_results_are_converted(tmp_path: Path) -> None:
    loaded = worker(tmp_path, RPC)
    seen = run(loaded.service.rpc("sync", [JsObject({"a": JsObject({"b": 1})})], "Named"))
    assert seen[0] == "JsDict"
    assert seen[1].a.b == 1
    assert str(run(loaded.service.rpc("late", [], "Named")).a) == "null"


@pytest.mark.parametrize("method", ["attr", "own", "prop", "nope"])
def test_what_is_no_method(tmp_path: Path, method: str) -> None:
    with pytest.raises(JsException) as caught:
        run(worker(tmp_path, RPC).service.rpc(method, [], "Named"))
    assert str(caught.value) == f"TypeError: Method {method} does not exist"


@pytest.mark.parametrize(
    ("method", "args", "last_line"),
    [
        ("add", [], "TypeError: Named.add() missing 1 required positional argument: 'a'"),
        ("echo", [1, 2], "TypeError: Named.echo() takes 2 positional arguments but 3 were given"),
        ("echo", [], "TypeError: Named.echo() missing 1 required positional argument: 'v'"),
    ],
)
def test_wrong_argument_counts(tmp_path: Path, method: str, args: list[Any], last_line: str) -> None:
    with pytest.raises(JsException) as caught:
        run(worker(tmp_path, RPC).service.rpc(method, args, "Named"))
    assert caught.value.name == "PythonError"
    assert caught.value.message.splitlines()[-1] == last_line


def test_a_constructor_that_raises(tmp_path: Path) -> None:
    source = """
class Default(WorkerEntrypoint):
    def __init__(self, ctx, env):
        raise ValueError("constructor failed")
"""
    with pytest.raises(JsException) as caught:
        run(worker(tmp_path, source).fetch())
    assert caught.value.name == "PythonError"
    assert caught.value.message.endswith("ValueError: constructor failed\n")


HANDLERS = """
SEEN = []
class Obj(DurableObject):
    async def alarm(self): SEEN.append("alarm")
    async def webSocketMessage(self, ws, message): SEEN.append([ws, message]); return "dropped"
    def webSocketClose(self, ws, code, reason, wasClean): SEEN.append([code, reason, wasClean])
class Informed(DurableObject):
    async def alarm(self, info): SEEN.append(info.retryCount)
class Default(WorkerEntrypoint):
    async def scheduled(self, controller, env, ctx): SEEN.append([controller.cron, env, ctx])
    async def fetch(self, request): return Response(json.dumps(SEEN))
"""


def test_event_handlers_are_relaxed_and_their_results_dropped(tmp_path: Path) -> None:
    loaded = worker(tmp_path, HANDLERS)
    instance = loaded.instance("Obj")
    info = JsObject({"retryCount": 2})
    results = [
        run(loaded.dialect.call(instance, "alarm", [info])),
        run(loaded.dialect.call(instance, "webSocketMessage", ["ws", "hi"])),
        run(loaded.dialect.call(instance, "webSocketClose", ["ws", 1000, "bye", True])),
        run(loaded.dialect.call(loaded.instance("Informed"), "alarm", [info])),
    ]
    assert results == [None] * 4
    assert run(loaded.text()) == '["alarm", ["ws", "hi"], [1000, "bye", true], 2]'


def test_scheduled_needs_three_arguments(tmp_path: Path) -> None:
    loaded = worker(tmp_path, HANDLERS)
    assert run(loaded.service.scheduled("* * * * *", 1)).outcome == "ok"
    assert run(loaded.text()) == '[["* * * * *", null, null]]'
    source = "class Default(WorkerEntrypoint):\n    async def scheduled(self, controller): pass\n"
    result = run(worker(tmp_path, source).service.scheduled("*", 1))
    assert result.outcome == "exception"
    assert "takes 2 positional arguments but 4 were given" in str(result.error)


def test_has_handler(tmp_path: Path) -> None:
    loaded = worker(tmp_path, HANDLERS)
    cls = loaded.isolate.exports.durable["Obj"]
    has = loaded.dialect.has_handler
    assert [has(cls, "alarm"), has(cls, "fetch"), has(loaded.instance("Obj"), "webSocketMessage")] == [
        True,
        False,
        True,
    ]
    assert has({"fetch": len}, "fetch")


LEGACY = """
from workers import handler
async def on_fetch(request, env):
    return js.Response.new(type(request).__name__ + env.V)
"""


def test_handlers_of_the_old_style_get_raw_values(tmp_path: Path) -> None:
    flags = ("disable_python_no_global_handlers",)
    assert run(worker(tmp_path, LEGACY, date=OLD, flags=flags).text()) == "JsProxy1"
    decorated = LEGACY.replace("async def", "@handler\nasync def")
    assert run(worker(tmp_path, decorated, date=OLD, flags=flags).text()) == "Request1"


def test_handlers_of_the_old_style_need_the_old_flag(tmp_path: Path) -> None:
    with pytest.raises(JsException, match="Handler does not export a fetch"):
        run(worker(tmp_path, LEGACY).fetch())


def test_classes_with_handlers_of_the_old_names(tmp_path: Path) -> None:
    source = """
class Default(WorkerEntrypoint):
    async def on_fetch(self, request):
        return js.Response.new(type(request).__name__)
class Obj(DurableObject):
    async def on_alarm(self): pass
"""
    old = worker(tmp_path, source, date="2025-06-01")
    assert run(old.text()) == "JsProxy"
    assert old.dialect.has_handler(old.isolate.exports.durable["Obj"], "alarm")
    with pytest.raises(JsException, match="Method fetch does not exist"):
        run(worker(tmp_path, source).fetch())


def test_both_styles_at_once_do_not_load(tmp_path: Path) -> None:
    both = LEGACY + "class Default(WorkerEntrypoint):\n    pass\n"
    with pytest.raises(WorkerLoadError, match="Cannot define multiple default entrypoints"):
        worker(tmp_path, both, date=OLD, flags=("disable_python_no_global_handlers",))


def test_synchronous_code_may_wait_for_a_promise(tmp_path: Path) -> None:
    source = """
from pyodide.ffi import run_sync
def slow():
    return run_sync(asyncio.sleep(0, "waited"))
class Default(WorkerEntrypoint):
    async def fetch(self, request):
        return Response(slow())
"""
    assert run(worker(tmp_path, source).text()) == "waited"


def test_only_workers_that_use_run_sync_pay_for_it(tmp_path: Path) -> None:
    plain = worker(tmp_path, "import pyodide.ffi\n")
    assert plain.dialect._suspends is False
    user = worker(tmp_path, "from pyodide.ffi import run_sync\n")
    assert user.dialect._suspends is True
