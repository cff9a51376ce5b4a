"""Recorded: http `module_surface`, `wait_until`; spec python-workers.md section 2."""

from __future__ import annotations

from pathlib import Path

import pytest

from edge.errors import WorkerLoadError
from tests.loops import run
from tests.wrangler_compat.modules.workers import OLD, Loaded

NAMES = [
    "Blob",
    "BlobEnding",
    "BlobValue",
    "Body",
    "Context",
    "DurableObject",
    "FetchKwargs",
    "FetchResponse",
    "File",
    "FormData",
    "FormDataValue",
    "Headers",
    "JSBody",
    "Request",
    "RequestInitCfProperties",
    "Response",
    "WorkerEntrypoint",
    "WorkflowEntrypoint",
    "env",
    "fetch",
    "handler",
    "import_from_javascript",
    "patch_env",
    "python_from_rpc",
    "python_to_rpc",
    "waitUntil",
    "wait_until",
]


def evaluate(root: Path, expression: str, *, date: str = "2026-10-01", prelude: str = "") -> str:
    """`str` of an expression inside a request handler."""
    source = f"""
import asyncio, js, workers
from workers import Response, WorkerEntrypoint
{prelude}
class Default(WorkerEntrypoint):
    async def fetch(self, request):
        try:
            value = {expression}
            value = await value if hasattr(value, "__await__") else value
        except Exception as error:
            value = type(error).__name__ + ": " + str(error)
        return Response(str(value))
"""
    return run(Loaded(root, source, date).text())


def test_all_names_are_there(tmp_path: Path) -> None:
    assert evaluate(tmp_path, "sorted(workers.__all__)") == str(sorted(NAMES))
    assert evaluate(tmp_path, "[name for name in workers.__all__ if not hasattr(workers, name)]") == "[]"
    assert evaluate(tmp_path, "len(Response.__name__)", prelude="from workers import *") == "8"


@pytest.mark.parametrize(
    ("expression", "value"),
    [
        ("workers.nope", "AttributeError: module 'workers' has no attribute 'nope'"),
        ("type(workers.env).__name__", "_EnvWrapper"),
        ("workers.env.V", "1"),
        ("__import__('asgi').__name__", "workers.asgi"),
        ("__import__('asgi').nope", "AttributeError: module 'workers.asgi' has no attribute 'nope'"),
        ("js.nope", "AttributeError: nope"),
        (
            "workers.import_from_javascript('nope:nope')",
            "ImportError: Failed to import 'nope:nope': Error: No such module \"nope:nope\".",
        ),
        ("workers.import_from_javascript('cloudflare:workers').env.V", "1"),
        ("workers.waitUntil(None)", "None"),
        (
            "workers.import_from_javascript('cloudflare:sockets').connect('a:1')",
            "UnsupportedError: connect() of cloudflare:sockets is not emulated (docs/limitations.md)",
        ),
        ("workers.python_from_rpc(workers.python_to_rpc({'a': None}))", "{'a': None}"),
    ],
)
def test_surface(tmp_path: Path, expression: str, value: str) -> None:
    assert evaluate(tmp_path, expression) == value


@pytest.mark.parametrize(
    "statement",
    [
        "from workers import asgi, wsgi",
        "import workers.asgi",
        "from workers.workflows import NonRetryableError",
        "from workers.rpc import python_to_rpc",
        "from workers.types import Context",
        "from workers.utils import import_from_javascript",
        "from workers.request import Request",
        "from workers.response import Response",
        "from workers.fetch import fetch",
        "from workers.formdata import FormData",
        "from workers.blob import Blob, File",
        "from workers.entrypoints import DurableObject",
        "from asgi import fetch",
    ],
)
def test_submodules(tmp_path: Path, statement: str) -> None:
    assert evaluate(tmp_path, "1", prelude=statement) == "1"


def test_names_that_are_not_there(tmp_path: Path) -> None:
    with pytest.raises(WorkerLoadError, match="ImportError: cannot import name 'nope' from 'workers'"):
        evaluate(tmp_path, "1", prelude="from workers import nope")
    with pytest.raises(WorkerLoadError, match="No module named 'workers.nope'"):
        evaluate(tmp_path, "1", prelude="import workers.nope")


def test_env_is_there_at_import_time(tmp_path: Path) -> None:
    assert evaluate(tmp_path, "SEEN", prelude="from workers import env\nSEEN = env.V") == "1"


def test_javascript_modules_at_import_time(tmp_path: Path) -> None:
    message = "Failed to import 'x': Only 'cloudflare:workers' and 'cloudflare:sockets' are available"
    with pytest.raises(WorkerLoadError, match=message):
        evaluate(tmp_path, "1", prelude="workers.import_from_javascript('x')")


def test_patch_env(tmp_path: Path) -> None:
    prelude = """
def patched():
    with workers.patch_env({"V": "2"}, NEW=1):
        inside = [workers.env.V, workers.env.NEW]
    return inside + [workers.env.V, hasattr(workers.env, "NEW")]
"""
    assert evaluate(tmp_path, "patched()", prelude=prelude) == "['2', 1, '1', False]"


def test_wait_until_outlives_the_answer(tmp_path: Path) -> None:
    source = """
import asyncio
from workers import Response, WorkerEntrypoint, wait_until
done = []
async def later(label):
    await asyncio.sleep(0)
    done.append(label)
class Default(WorkerEntrypoint):
    async def fetch(self, request):
        self.ctx.waitUntil(later("ctx"))
        wait_until(later("module"))
        return Response(str(done))
"""
    loaded = Loaded(tmp_path, source)

    async def twice() -> list[str]:
        first = await loaded.text()
        await loaded.service.drain(1)
        return [first, await loaded.text()]

    assert run(twice()) == ["[]", "['ctx', 'module']"]


def test_wait_until_outside_of_an_event(tmp_path: Path) -> None:
    prelude = "from workers import wait_until\nwait_until(None)"
    with pytest.raises(WorkerLoadError, match="Disallowed operation called within global scope"):
        evaluate(tmp_path, "1", prelude=prelude)


@pytest.mark.parametrize(
    ("expression", "value"),
    [
        ("hasattr(workers, 'wait_until')", "False"),
        ("callable(workers.waitUntil)", "True"),
        ("type(workers.env).__name__", "JsProxy"),
        ("type(self.env).__name__", "_EnvWrapper"),
        ("type(workers.python_from_rpc(js.JSON.parse('{}'))).__name__", "dict"),
    ],
)
def test_the_old_sdk(tmp_path: Path, expression: str, value: str) -> None:
    assert evaluate(tmp_path, expression, date=OLD) == value


def test_the_first_name_of_the_sdk(tmp_path: Path) -> None:
    prelude = "from cloudflare.workers import Response as Old"
    assert evaluate(tmp_path, "Old is Response", date="2025-09-28", prelude=prelude) == "True"
    with pytest.raises(WorkerLoadError, match="No module named 'cloudflare"):
        evaluate(tmp_path, "1", date="2025-09-29", prelude=prelude)


def test_two_workers_have_their_own_modules(tmp_path: Path) -> None:
    one, other = tmp_path / "one", tmp_path / "other"
    for folder in (one, other):
        folder.mkdir()
    source = "import workers\nworkers.mine = __file__\nfrom workers import *\n"
    modules = [Loaded(folder, source).isolate.space._modules["workers"] for folder in (one, other)]
    assert modules[0] is not modules[1]
    assert [module.mine for module in modules] == [str(one / "entry.py"), str(other / "entry.py")]
