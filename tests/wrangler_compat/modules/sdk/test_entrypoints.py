"""Spec python-workers.md sections 2.1 and 2.3."""

from __future__ import annotations

from typing import Any

import pytest

from edge.durable.events import Aborted
from edge.http.request import Request as JsRequest
from edge.js.objects import JsObject
from edge.js.proxy import JsProxy
from tests.loops import run
from tests.wrangler_compat.modules.sdk.fakes import Recorder
from wrangler_compat.modules.sdk.bindings import _BindingWrapper
from wrangler_compat.modules.sdk.entrypoints import (
    DurableObject,
    DurableObjectAbort,
    DurableObjectContext,
    WorkerEntrypoint,
    WorkflowEntrypoint,
    make_handler,
)
from wrangler_compat.modules.sdk.env import _EnvWrapper
from wrangler_compat.modules.sdk.request import Request


class Storage(JsProxy, js_name="DurableObjectStorage"):
    def __init__(self) -> None:
        self.kv = 1


class State(JsProxy, js_name="DurableObjectState"):
    def __init__(self) -> None:
        self.storage = Storage()
        self.id = JsObject({"name": "n"})
        self._aborted: list[Any] = []

    def abort(self, *reason: Any) -> None:
        self._aborted.append(reason)
        raise Aborted(str(reason))


ENV = JsObject({"V": "1"})


@pytest.mark.parametrize("base", [WorkerEntrypoint, DurableObject, WorkflowEntrypoint])
def test_env_is_wrapped_with_and_without_an_init_of_its_own(base: Any) -> None:
    seen: list[Any] = []

    class Plain(base):
        pass

    class Own(base):
        def __init__(self, ctx: Any, env: Any) -> None:
            seen.append(env)
            super().__init__(ctx, env)

    class Derived(Own):
        def __init__(self, ctx: Any, env: Any) -> None:
            super().__init__(ctx, env)

    for cls in (Plain, Own, Derived):
        instance = cls(State(), ENV)
        assert type(instance.env) is _EnvWrapper
        assert instance.env.V == "1"
    assert all(type(env) is _EnvWrapper for env in seen)
    assert seen[-1] is instance.env


def test_an_init_that_takes_anything() -> None:
    class Loose(WorkerEntrypoint):
        def __init__(self, *args: Any) -> None:
            super().__init__(*args)

    assert Loose(JsObject(), ENV).env.V == "1"


def test_the_context_of_a_worker_stays_raw() -> None:
    ctx = JsObject()
    assert WorkerEntrypoint(ctx, ENV).ctx is ctx


def test_the_context_of_a_durable_object() -> None:
    state = State()
    context = DurableObject(state, ENV).ctx
    assert type(context) is DurableObjectContext
    assert DurableObjectContext(context) is context
    assert type(context.storage) is _BindingWrapper
    assert context.storage is context.storage
    assert context.id is state.id
    with pytest.raises(AttributeError, match=r"^nope$"):
        context.nope


@pytest.mark.parametrize(
    ("reason", "message", "passed"),
    [("why", "why", ("why",)), (None, "Durable Object abort requested", ())],
)
def test_abort_is_no_exception_that_code_catches(reason: str | None, message: str, passed: Any) -> None:
    state = State()
    with pytest.raises(DurableObjectAbort) as caught:
        DurableObjectContext(state).abort(reason)
    assert str(caught.value) == message
    assert state._aborted == [passed]
    assert not issubclass(DurableObjectAbort, Exception)


def test_queue_gets_a_wrapped_batch() -> None:
    class Consumer(WorkerEntrypoint):
        async def queue(self, batch: Any, env: Any, ctx: Any) -> Any:
            return [type(batch).__name__, env, ctx]

    class Sync(WorkerEntrypoint):
        def queue(self, batch: Any, env: Any, ctx: Any) -> str:
            return type(batch).__name__

    consumer: Any = Consumer(JsObject(), ENV)
    assert run(consumer.queue(Recorder(), None, None)) == ["_BindingWrapper", None, None]
    sync: Any = Sync(JsObject(), ENV)
    assert run(sync.queue(Recorder(), None, None)) == "_BindingWrapper"


def test_handler_wraps_request_and_env() -> None:
    @make_handler(_EnvWrapper)
    def on_fetch(request: Any, env: Any = None, ctx: Any = None) -> list[str]:
        """Documented."""
        return [type(request).__name__, type(env).__name__, type(ctx).__name__]

    assert on_fetch(JsRequest.make("https://a/"), ENV, JsObject()) == ["Request", "_EnvWrapper", "JsProxy"]
    assert on_fetch("other") == ["str", "NoneType", "NoneType"]
    assert on_fetch.__doc__ == "Documented."


def test_names_that_workers_see() -> None:
    assert WorkerEntrypoint.__module__ == "workers.entrypoints"
    assert Request.__module__ == "workers.request"
