"""What a version takes over from the one before."""

from __future__ import annotations

import pytest

from wrangler_compat.cloud.envelope import Refusal
from wrangler_compat.cloud.workers.bindings import changed_secrets, resolved, shown, with_secrets

TEXT = {"name": "TEXT", "type": "plain_text", "text": "old"}
SECRET = {"name": "SECRET", "type": "secret_text", "text": "hidden"}
KV = {"name": "KV", "type": "kv_namespace", "namespace_id": "n"}
BEFORE = [TEXT, SECRET, KV]


def test_a_plain_deploy_keeps_secrets_only() -> None:
    assert resolved([], BEFORE, None) == [SECRET]


def test_types_to_keep_are_kept_unless_their_name_is_taken() -> None:
    new = {"name": "TEXT", "type": "json", "json": 1}
    assert resolved([new], BEFORE, ["plain_text", "secret_text"]) == [new, SECRET]
    assert resolved([], BEFORE, []) == []


def test_a_new_value_replaces_a_secret() -> None:
    new = {**SECRET, "text": "newer"}
    assert resolved([new], BEFORE, None) == [new]


def test_inheriting() -> None:
    assert resolved([{"name": "KV", "type": "inherit"}], BEFORE, None) == [KV, SECRET]
    renamed = {"name": "STORE", "type": "inherit", "old_name": "KV"}
    assert resolved([renamed], BEFORE, []) == [{**KV, "name": "STORE"}]
    missing = [{"name": name, "type": "inherit"} for name in ("A", "KV", "B")]
    with pytest.raises(Refusal, match="inherit binding 'A' is invalid") as refused:
        resolved(missing, BEFORE, None)
    assert [text for _, text in refused.value.more] == [
        "inherit binding 'B' is invalid: there is no binding to inherit"
    ]


def test_changing_secrets() -> None:
    other = {"name": "OTHER", "type": "secret_text", "text": "x"}
    assert with_secrets(BEFORE, {"OTHER": other, "SECRET": None}) == [TEXT, KV, other]
    with pytest.raises(Refusal, match="already in use"):
        with_secrets(BEFORE, {"TEXT": other})
    with pytest.raises(Refusal, match="not found"):
        with_secrets(BEFORE, {"GONE": None})


def test_which_secrets_changed() -> None:
    other = {"name": "OTHER", "type": "secret_text", "text": "x"}
    assert changed_secrets(BEFORE, [{**TEXT, "text": "new"}, SECRET]) == []
    assert changed_secrets(BEFORE, [{**SECRET, "text": "new"}, other]) == ["OTHER", "SECRET"]


def test_secrets_are_not_shown() -> None:
    assert shown(SECRET) == {"name": "SECRET", "type": "secret_text"}
    assert shown(KV) == KV
