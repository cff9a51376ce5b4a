"""Spec python-workers.md section 3; recorded: compat_new `kv_old_style`, durable_rpc `lookups`."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from edge.http.headers import Headers as JsHeaders
from edge.js.errors import type_error
from edge.js.objects import JsArray, JsObject
from edge.js.promise import JsPromise
from edge.js.proxy import JsProxy, jsnull
from tests.loops import run
from tests.wrangler_compat.modules.sdk.fakes import Callable_, Recorder, Statement
from wrangler_compat.modules.sdk.bindings import (
    _BindingWrapper,
    _DurableObjectNamespaceWrapper,
    _FetcherWrapper,
    _RpcStubWrapper,
)


def test_arguments_are_converted_and_keywords_become_one_options_object() -> None:
    binding = Recorder(put=JsPromise.resolved())
    run(_await(_BindingWrapper(binding).put("k", {"a": None}, expirationTtl=60, metadata=[1])))
    ((name, (key, value, options)),) = binding._calls
    assert (name, key) == ("put", "k")
    assert value.a is jsnull
    assert options.expirationTtl == 60
    assert isinstance(options.metadata, JsArray)


def test_results_of_promises_are_converted() -> None:
    kv = _BindingWrapper(
        Recorder(get=JsPromise.resolved(jsnull), list=JsPromise.resolved(JsObject({"a": 1})))
    )
    assert run(_await(kv.get("k"))) is None
    assert run(_await(kv.list())) == {"a": 1}


def test_results_can_be_gathered_and_made_tasks() -> None:
    kv = _BindingWrapper(Recorder(get=lambda key: JsPromise.resolved(key * 2)))

    async def both() -> list[Any]:
        return [*await asyncio.gather(kv.get("a"), kv.get("b")), await asyncio.create_task(kv.get("c"))]

    assert run(both()) == ["aa", "bb", "cc"]


def test_results_that_are_no_promises_are_converted_at_once() -> None:
    assert _BindingWrapper(Recorder(one=JsObject({"x": JsArray([1])}))).one() == {"x": [1]}


def test_errors_of_the_call_and_of_the_promise() -> None:
    def refuse(*_: Any) -> None:
        raise type_error("at once")

    wrapper = _BindingWrapper(Recorder(now=refuse, later=JsPromise.rejected(type_error("later"))))
    with pytest.raises(Exception, match="at once"):
        wrapper.now()
    promise = wrapper.later()
    with pytest.raises(Exception, match="later"):
        run(_await(promise))
    with pytest.raises(TypeError, match=r"^<class 'tuple'> cannot be sent over RPC\.$"):
        wrapper.later((1,))


def test_objects_without_a_python_form_stay_wrapped() -> None:
    statement = _BindingWrapper(Recorder(prepare=Statement())).prepare("SELECT 1")
    assert type(statement) is _BindingWrapper
    assert statement.rows == [1, None]
    assert run(_await(statement.first())) == {"a": None}
    many = _BindingWrapper(Recorder(batch=JsArray([Statement(), 1]))).batch()
    assert [type(item).__name__ for item in many] == ["_BindingWrapper", "int"]


def test_headers_and_bodies_are_not_wrapped() -> None:
    headers = JsHeaders()
    assert _BindingWrapper(Recorder(get=headers)).get() is headers


def test_remote_functions_can_be_called() -> None:
    function = _BindingWrapper(Recorder(get=lambda: Callable_())).get()
    assert type(function) is _RpcStubWrapper
    assert run(_await(function(21))) == 42


def test_attributes_are_looked_up_once() -> None:
    class Body(JsProxy, js_name="R2ObjectBody"):
        bodyUsed = False

    body = Body()
    wrapper = _BindingWrapper(body)
    assert wrapper.bodyUsed is False
    body.bodyUsed = True
    assert wrapper.bodyUsed is False
    assert wrapper.bodyUsed is wrapper.__dict__["bodyUsed"]


def test_missing_attributes() -> None:
    with pytest.raises(AttributeError, match=r"^nope$"):
        _BindingWrapper(Recorder()).nope


def test_wrapping_a_wrapper_gives_itself() -> None:
    wrapper = _BindingWrapper(Recorder())
    assert _BindingWrapper(wrapper) is wrapper
    with pytest.raises(TypeError) as caught:
        wrapper.__init__()  # type: ignore[misc]
    assert str(caught.value) == "_BindingWrapper.__init__() missing 1 required positional argument: 'binding'"


def test_items_iteration_length_and_truth() -> None:
    listed = _BindingWrapper(JsArray(["a", jsnull]))
    assert (listed[0], listed[1], list(listed), len(listed), bool(listed)) == (
        "a",
        None,
        ["a", None],
        2,
        True,
    )
    assert _BindingWrapper(JsObject({"a": JsObject()}))["a"] == {}
    kv = _BindingWrapper(Recorder())
    with pytest.raises(TypeError, match=r"^'KvNamespace' object is not iterable$"):
        list(kv)
    with pytest.raises(TypeError, match=r"^'KvNamespace' object has no len\(\)$"):
        len(kv)
    assert bool(kv)


def test_namespaces_wrap_stubs_and_leave_ids_alone() -> None:
    identifier = Statement()
    binding = Recorder(
        get=lambda *_: Recorder(),
        getByName=lambda *_: Recorder(),
        idFromName=identifier,
        jurisdiction=Recorder(),
    )
    namespace = _DurableObjectNamespaceWrapper(binding)
    assert namespace.idFromName("a") is identifier
    assert type(namespace.get(identifier, locationHint="weur")) is _FetcherWrapper
    assert type(namespace.getByName("a")) is _FetcherWrapper
    assert type(namespace.jurisdiction("eu")) is _DurableObjectNamespaceWrapper
    (_, (first, options)) = binding._calls[1]
    assert first is identifier
    assert options.locationHint == "weur"


async def _await(value: Any) -> Any:
    return await value
