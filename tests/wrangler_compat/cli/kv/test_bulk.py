"""`edge kv bulk`: all or nothing, and which item was wrong."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from tests.wrangler_compat.cli.running import done, edge, refused

PAIRS = [
    {"key": "a", "value": "1"},
    {"key": "b", "value": "aGk=", "base64": True, "metadata": {"x": 1}},
    {"key": "c", "value": "ü", "expiration": 4102444800},
]


def written(project: Path, content: Any) -> str:
    text = content if isinstance(content, str) else json.dumps(content)
    (project / "file.json").write_text(text)
    return "file.json"


def test_pairs_are_written(project: Path) -> None:
    assert done("kv", "bulk", "put", written(project, PAIRS), "--binding", "KV").endswith("Success!\n")
    assert json.loads(done("kv", "key", "list", "--binding", "KV")) == [
        {"name": "a"},
        {"name": "b", "metadata": {"x": 1}},
        {"name": "c", "expiration": 4102444800},
    ]
    wanted = written(project, ["b", {"name": "c"}, "none"])
    assert json.loads(done("kv", "bulk", "get", wanted, "--binding", "KV")) == {
        "b": {"value": "hi"},
        "c": {"value": "ü"},
        "none": {"value": None},
    }


def test_a_file_may_have_comments(project: Path) -> None:
    file = written(project, '[ // one\n {"key": "a", "value": "1"},\n]')
    done("kv", "bulk", "put", file, "--binding", "KV")
    assert done("kv", "key", "get", "a", "--binding", "KV") == "1"


def test_deleting_says_that_it_did_not_ask(project: Path) -> None:
    done("kv", "bulk", "put", written(project, PAIRS), "--binding", "KV")
    said = done("kv", "bulk", "delete", written(project, ["a", {"name": "b"}, "none"]), "--binding", "KV")
    assert '? Are you sure you want to delete all the keys read from "file.json" from kv-namespace' in said
    assert "🤖 Using fallback value in non-interactive context: yes\nSuccess!\n" in said
    assert [key["name"] for key in json.loads(done("kv", "key", "list", "--binding", "KV"))] == ["c"]
    assert "?" not in done("kv", "bulk", "delete", written(project, ["c"]), "--binding", "KV", "--force")


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ({"a": 1}, 'Expected an array of key-value objects but got type "object".'),
        ([*PAIRS, {"key": "x", "value": 3}], 'The item at index 3 is {"key":"x","value":3}'),
        ([*PAIRS, {"key": "x", "value": "3", "expiration": True}], "The item at index 3 is"),
        ([*PAIRS, {"key": "", "value": ""}], 'The item at index 3 (""): Key name cannot be empty.'),
        (
            [*PAIRS, {"key": "x", "value": "1", "expiration_ttl": 5}],
            'The item at index 3 ("x"): KV PUT failed: 400',
        ),
        (
            [*PAIRS, {"key": "x", "value": "%", "base64": True}],
            'The item at index 3 ("x") of "file.json" has a',
        ),
        ([*PAIRS, {"key": "x", "value": "ü", "base64": True}], 'index 3 ("x") of "file.json" has a value'),
        ("[{", "file.json is not JSON: "),
    ],
)
def test_one_wrong_item_and_nothing_is_written(project: Path, content: Any, message: str) -> None:
    assert message in refused("kv", "bulk", "put", written(project, content), "--binding", "KV")
    assert done("kv", "key", "list", "--binding", "KV") == "[]\n"


def test_halves_of_characters_are_stored_as_javascript_does(project: Path) -> None:
    file = written(project, '[{"key": "\\ud800", "value": "a\\udc00", "metadata": {"x": "\\ud800"}}]')
    done("kv", "bulk", "put", file, "--binding", "KV")
    listed = json.loads(done("kv", "key", "list", "--binding", "KV"))
    assert listed == [{"name": "\ufffd", "metadata": {"x": "\ufffd"}}]
    assert done("kv", "key", "get", "\ufffd", "--binding", "KV") == "a\ufffd"


def test_what_json_does_not_have(project: Path) -> None:
    file = written(project, '[{"key": "a", "value": "1", "expiration": NaN}]')
    assert "NaN is not JSON" in refused("kv", "bulk", "put", file, "--binding", "KV")


def test_many_wrong_items_are_not_all_listed(project: Path) -> None:
    said = refused("kv", "bulk", "put", written(project, [{"key": i} for i in range(20)]), "--binding", "KV")
    assert said.count("The item at index") == 12
    assert said.endswith("...\n")


def test_unknown_properties_are_a_warning(project: Path) -> None:
    ended = edge("kv", "bulk", "put", written(project, [{**PAIRS[0], "ttl": 5}]), "--binding", "KV")
    assert ended.code == 0
    assert 'The item at index 0 contains unexpected properties: ["ttl"].' in ended.err


@pytest.mark.parametrize("command", ["get", "delete"])
def test_keys_that_are_none(project: Path, command: str) -> None:
    said = refused("kv", "bulk", command, written(project, ["a", {"nome": "b"}, 3, None]), "--binding", "KV")
    assert 'The item at index 1 is type: "object" - {"nome":"b"}' in said
    assert 'The item at index 2 is type: "number" - 3' in said
    assert "not JSON" in refused("kv", "bulk", command, written(project, "{]"), "--binding", "KV")
    assert "Could not read file: nowhere" in refused("kv", "bulk", command, "nowhere", "--binding", "KV")
