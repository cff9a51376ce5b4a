"""Recorded: compat_old; spec python-workers.md section 1, "Frozen SDK differences"."""

from __future__ import annotations

from typing import Any

import pytest

from edge.http.request import Request as JsRequest
from edge.js.objects import JsObject
from edge.js.promise import JsPromise
from edge.js.proxy import JsProxy, jsnull
from tests.loops import run
from tests.wrangler_compat.modules.sdk.fakes import Recorder, Statement
from wrangler_compat.modules.sdk import legacy
from wrangler_compat.modules.sdk.legacy import (
    CommaSplittingRequest,
    LegacyEnvWrapper,
    legacy_from_rpc,
    legacy_to_rpc,
)
from wrangler_compat.modules.sdk.request import Request


class Stub(JsProxy, js_name="Fetcher"):
    def echo(self, value: Any, *_: Any) -> JsPromise:
        return JsPromise.resolved(value)


def test_only_stubs_are_wrapped() -> None:
    kv = Recorder()
    env = LegacyEnvWrapper(JsObject({"KV": kv, "SVC": Stub()}))
    assert env.KV is kv
    assert type(env.SVC).__name__ == "_FetcherWrapper"
    assert type(env).__name__ == "_EnvWrapper"


@pytest.mark.parametrize("value", [1, "x", None, [1, None], {"a": {"b": 1}}, {1}, 2**60, True], ids=repr)
def test_plain_types_come_back_from_rpc(value: Any) -> None:
    env = LegacyEnvWrapper(JsObject({"SVC": Stub()}))
    back = run(env.SVC.echo(value))
    assert back == value
    assert type(back) is type(value)


def test_a_dict_is_a_map_so_that_its_keys_keep_their_types() -> None:
    env = LegacyEnvWrapper(JsObject({"SVC": Stub()}))
    value = {1: "one", "two": [{3: None}]}
    assert run(env.SVC.echo(value)) == value
    assert type(legacy_to_rpc(value)).js_name == "Map"


def test_a_request_that_came_by_rpc_is_a_request() -> None:
    env = LegacyEnvWrapper(JsObject({"SVC": Stub()}))
    sent = CommaSplittingRequest("https://test.com", method="POST")
    back = run(env.SVC.echo(sent))
    assert isinstance(back, CommaSplittingRequest)
    assert back.method == "POST"
    assert not isinstance("POST", CommaSplittingRequest)


def test_results_are_not_wrapped_again() -> None:
    statement = Statement()
    assert legacy_from_rpc(statement) is statement
    assert legacy_from_rpc(JsObject({"a": jsnull})) == {"a": None}


def test_functions_are_refused() -> None:
    with pytest.raises(TypeError, match=r"^<class 'function'> cannot be sent over RPC\.$"):
        legacy_to_rpc(lambda: None)
    assert legacy_to_rpc(None) is None


def test_context_and_storage_stay_raw() -> None:
    ctx = JsObject({"storage": Statement()})

    class Obj(legacy.DurableObject):
        def __init__(self, ctx: Any, env: Any) -> None:
            super().__init__(ctx, env)

    instance = Obj(ctx, JsObject({"V": "1"}))
    assert instance.ctx is ctx
    assert instance.ctx.storage is ctx.storage
    assert instance.env.V == "1"


def test_header_values_are_split_at_commas() -> None:
    request = legacy.CommaSplittingRequest(
        JsRequest.incoming("GET", "http://h/", [("x", "a, b"), ("y", "c")])
    )
    assert request.headers.get_all("x") == ["a", "b"]
    assert request.headers["y"] == "c"
    assert type(request).__name__ == "Request"


def test_base_classes_know_their_request_class() -> None:
    split = legacy.classes(legacy.CommaSplittingRequest)
    assert split.WorkerEntrypoint._sdk_.request_class is legacy.CommaSplittingRequest
    assert issubclass(split.WorkerEntrypoint, legacy.WorkerEntrypoint)
    assert legacy.classes(Request).DurableObject is legacy.DurableObject
    assert legacy.classes(legacy.CommaSplittingRequest) is split
