"""What a Worker meets with strict FFI: each habit as it is forgiven, and as it is on Cloudflare."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any, get_args

import pytest

from edge.config import StrictFfi
from wrangler_compat.testing.project import EdgeOptions, UnknownOption, make_world

WORKER = """
import asyncio, js
from js import ReadableStream, TransformStream, setTimeout
from pyodide.ffi import JsProxy, create_once_callable, create_proxy, jsnull, to_js
from pyodide.ffi.wrappers import set_timeout
from workers import DurableObject, Response, WorkerEntrypoint, env

async def attempt(work):
    try:
        found = work()
        found = await found if hasattr(found, "__await__") else found
    except Exception as error:
        return f"{type(error).__name__}: {error}".split(". Try")[0]
    return "null" if found is jsnull else "proxy" if isinstance(found, JsProxy) else found

async def through_a_stream(chunk):
    stream = TransformStream.new()
    writer = stream.writable.getWriter()
    async def write():
        await writer.write(chunk)
        await writer.close()
    task = asyncio.ensure_future(write())
    text = await js.Response.new(stream.readable).text()
    await task
    return text

async def fired(make, start=setTimeout):
    done = []
    start(make(lambda: done.append(1)), 5)
    await asyncio.sleep(0.05)
    return len(done)

def pulled(make):
    return js.Response.new(ReadableStream.new(pull=make(lambda controller: controller.close()))).text()

async def heard(make):
    target, heard = js.EventTarget.new(), []
    target.addEventListener("a", make(lambda event: heard.append(1)))
    target.dispatchEvent(js.Event.new("a"))
    return len(heard)

class Room(DurableObject):
    async def keep(self, value):
        await self.ctx.storage.put("a", "b")
        return [await attempt(lambda: self.ctx.storage.list()), value]

class Default(WorkerEntrypoint):
    async def fetch(self, request):
        kv = self.env.KV
        same = lambda function: function
        cases = {
            "stream bytes": lambda: through_a_stream(b"ab"),
            "stream to_js": lambda: through_a_stream(to_js(b"ab")),
            "decode": lambda: js.TextDecoder.new().decode(b"ab"),
            "timer": lambda: fired(same),
            "timer proxy": lambda: fired(create_proxy),
            "timer once": lambda: fired(create_once_callable),
            "timer wrapper": lambda: fired(same, set_timeout),
            "pull": lambda: pulled(same),
            "pull proxy": lambda: pulled(create_proxy),
            "listener": lambda: heard(same),
            "listener proxy": lambda: heard(create_proxy),
            "executor": lambda: js.Promise.new(lambda resolve, reject: resolve(5)),
            "then": lambda: js.Promise.resolve(1).then(lambda value: value + 1),
            "callback": lambda: list(js.Array.of(1, 2).map(lambda value, *_: value * 2)),
            "missing": lambda: kv.get("none"),
            "list": lambda: kv.list(),
            "put": lambda: kv.put("a", to_js(b"ab")),
            "options": lambda: kv.put("a", "b", expirationTtl=60),
            "put bytes": lambda: kv.put("a", b"ab"),
            "global env": lambda: env.KV.get("none"),
            "rpc": lambda: self.env.ROOM.getByName("a").keep({"a": [1, None]}),
        }
        return Response.json({name: await attempt(case) for name, case in cases.items()})
"""
CONFIG = {
    "name": "probe",
    "main": "src/entry.py",
    "compatibility_date": "2026-10-01",
    "compatibility_flags": ["python_workers"],
    "kv_namespaces": [{"binding": "KV"}],
    "durable_objects": {"bindings": [{"name": "ROOM", "class_name": "Room"}]},
    "migrations": [{"tag": "v1", "new_sqlite_classes": ["Room"]}],
}
DESTROYED = (
    "JsException: Error: This borrowed proxy was automatically destroyed at the end of a function call"
)
#: The same on Cloudflare and here, with whatever strictness.
ALWAYS = {
    "stream to_js": "ab", "timer proxy": 1, "timer once": 1, "timer wrapper": 1, "pull proxy": "",
    "listener proxy": 1, "executor": 5, "then": 2, "callback": [2, 4], "put": None, "options": None,
}  # fmt: skip
FORGIVEN = {"stream bytes": "ab", "decode": "ab", "timer": 1, "pull": "", "listener": 1}
STRICT_CALLS = {
    "stream bytes": "JsException: TypeError: This ReadableStream did not return bytes.",
    "decode": "JsException: TypeError: Failed to execute 'decode' on 'TextDecoder': parameter 1 is not of "
    "type 'ArrayBuffer or ArrayBufferView'.",
    "timer": 0, "pull": DESTROYED, "listener": 0,
}  # fmt: skip
CONVERTED = {
    "missing": None, "list": {"keys": [], "list_complete": True, "cacheStatus": None}, "put bytes": None,
    "global env": None, "rpc": [{"a": "b"}, {"a": [1, None]}],
}  # fmt: skip
RAW = {
    "missing": "null", "list": "proxy", "global env": "null", "rpc": ["proxy", {"a": [1, None]}],
    "put bytes": "JsException: TypeError: KV put() accepts only strings, ArrayBuffers, ArrayBufferViews, and "
    "ReadableStreams as values.",
}  # fmt: skip


def answers(folder: Path, strict: StrictFfi | None) -> Any:
    (folder / "src").mkdir()
    (folder / "src" / "entry.py").write_text(WORKER)
    (folder / "wrangler.jsonc").write_text(json.dumps(CONFIG))
    world = make_world([folder / "wrangler.jsonc"], EdgeOptions(strict_ffi=strict), seed=0)
    try:
        world.run(world.start())
        found = world.run(world.client.get("/")).json()
        world.run(world.close())
    finally:
        world.stage.close()
    return found


@pytest.mark.parametrize(
    ("strict", "expected"),
    [
        (None, ALWAYS | FORGIVEN | CONVERTED),
        ("calls", ALWAYS | STRICT_CALLS | CONVERTED),
        ("bindings", ALWAYS | STRICT_CALLS | RAW),
    ],
)
def test_habits(tmp_path: Path, strict: StrictFfi | None, expected: dict[str, Any]) -> None:
    assert answers(tmp_path, strict) == expected


def test_the_marker_takes_no_other_word() -> None:
    assert get_args(StrictFfi) == ("calls", "bindings")
    assert EdgeOptions.of({"strict_ffi": "calls"}).strict_ffi == "calls"
    with pytest.raises(UnknownOption, match="strict_ffi is True; it may be calls, bindings"):
        EdgeOptions.of({"strict_ffi": True})
