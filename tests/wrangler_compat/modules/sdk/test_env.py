"""Spec python-workers.md section 3; recorded: compat_new `d1_r2_old_style` (var, json var, missing var)."""

from __future__ import annotations

import pytest

from edge.js.objects import JsObject
from edge.js.proxy import JsProxy
from tests.wrangler_compat.modules.sdk.fakes import Recorder, Statement
from wrangler_compat.modules.sdk.env import CurrentEnv, _EnvWrapper


class Stub(JsProxy, js_name="Fetcher"):
    pass


class Namespace(JsProxy, js_name="DurableObjectNamespace"):
    pass


class Workflow(JsProxy, js_name="WorkflowImpl"):
    pass


ENV = JsObject({"KV": Recorder(), "SVC": Stub(), "OBJ": Namespace(), "WF": Workflow(), "TXT": "t"})


@pytest.mark.parametrize(
    ("name", "kind"),
    [
        ("KV", "_BindingWrapper"),
        ("SVC", "_FetcherWrapper"),
        ("OBJ", "_DurableObjectNamespaceWrapper"),
        ("WF", "_WorkflowBindingWrapper"),
        ("TXT", "str"),
    ],
)
def test_bindings_are_wrapped_by_kind(name: str, kind: str) -> None:
    env = _EnvWrapper(ENV)
    assert type(getattr(env, name)).__name__ == kind
    assert getattr(env, name) is getattr(env, name)


def test_other_objects_are_raw() -> None:
    settings, other = JsObject({"a": 1}), Statement()
    env = _EnvWrapper(JsObject({"OBJ": settings, "OTHER": other}))
    assert env.OBJ is settings
    assert env.OTHER is other


def test_a_missing_binding() -> None:
    with pytest.raises(AttributeError, match=r"^NOPE$"):
        _EnvWrapper(ENV).NOPE


def test_wrapping_a_wrapper_gives_itself() -> None:
    env = _EnvWrapper(ENV)
    assert _EnvWrapper(env) is env
    assert _EnvWrapper(ENV) is not env


def test_copies_share_bindings_and_nothing_that_is_set() -> None:
    filled = _EnvWrapper(ENV)._filled()
    one, other = filled._copied(), filled._copied()
    assert one.KV is other.KV
    one.mine = 1
    assert not hasattr(other, "mine")


def test_patches_are_laid_over_env_for_a_block() -> None:
    env = CurrentEnv(ENV)
    with env._patched({"TXT": "patched", "NEW": 1}):
        assert (env.TXT, env.NEW) == ("patched", 1)
        with env._patched({"NEW": 2}):
            assert env.NEW == 2
        assert env.NEW == 1
        assert "NEW" in list(env.object_keys())
    assert env.TXT == "t"
    assert not hasattr(env, "NEW")
