from __future__ import annotations

from typing import Any

import pytest

from edge.errors import ConfigError
from wrangler_compat.deploy.bindings import upload_bindings


def sent(settings: dict[str, Any], **more: Any) -> list[dict[str, Any]]:
    options = {"overrides": {}, "secrets": {}, **more}
    return [dict(binding.sent) for binding in upload_bindings(settings, **options)]


def test_texts_are_texts_and_all_else_is_json() -> None:
    assert sent({"vars": {"A": "1", "B": 1, "C": None}}) == [
        {"name": "A", "type": "plain_text", "text": "1"},
        {"name": "B", "type": "json", "json": 1},
        {"name": "C", "type": "json", "json": None},
    ]


def test_the_command_line_goes_before_the_configuration_and_a_secret_before_both() -> None:
    found = sent({"vars": {"A": 1, "S": "open"}}, overrides={"A": "2", "S": "open"}, secrets={"S": "x"})
    assert found == [
        {"name": "A", "type": "plain_text", "text": "2"},
        {"name": "S", "type": "secret_text", "text": "x"},
    ]


def test_neither_secrets_nor_what_the_command_line_said_is_shown() -> None:
    found = upload_bindings({"vars": {"C": "seen"}}, overrides={"A": "hide"}, secrets={"S": "hide"})
    assert {binding.name: binding.shown for binding in found} == {
        "C": '"seen"',
        "A": "hidden",
        "S": "hidden",
    }


def test_long_values_are_cut_where_they_are_shown() -> None:
    (found,) = upload_bindings({"vars": {"A": "x" * 100}}, overrides={}, secrets={})
    assert (len(found.shown), found.sent["text"]) == (40, "x" * 100)


def test_what_has_no_id_is_to_be_bound_already() -> None:
    (found,) = upload_bindings({"d1_databases": [{"binding": "DB"}]}, overrides={}, secrets={})
    assert found.needs_resource
    assert dict(found.sent) == {"name": "DB", "type": "inherit"}
    assert found.label == "D1 Database"


@pytest.mark.parametrize(
    ("settings", "text"),
    [
        ({"vectorize": [{}]}, '"vectorize" bindings should have a string "binding" field but got {}.'),
        ({"ai": "AI"}, 'The field "ai" should be an array or an object but got "AI".'),
        ({"queues": ["q"]}, '"queues.producers" bindings should have a string "binding" field but got "q".'),
        ({"send_email": [{"name": 3}]}, '"send_email" bindings should have a string "name" field'),
    ],
)
def test_what_are_no_bindings(settings: dict[str, Any], text: str) -> None:
    with pytest.raises(ConfigError) as raised:
        upload_bindings(settings, overrides={}, secrets={})
    assert text in str(raised.value)
