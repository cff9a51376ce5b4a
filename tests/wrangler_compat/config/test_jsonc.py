# ruff: noqa: E501 (texts stand as wrangler prints them)
from __future__ import annotations

import json

import pytest

from wrangler_compat.config import jsonc


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ('{"a": 1} // end', {"a": 1}),
        ('{"a": /* in, between */ 1}', {"a": 1}),
        ('{"a": [1, 2,], }', {"a": [1, 2]}),
        ('{"a": [1, // one\n], /* x */ }', {"a": [1]}),
        (
            '{"url": "https://x/y", "c": "/* no */", "t": ",]"}',
            {"url": "https://x/y", "c": "/* no */", "t": ",]"},
        ),
        ('{"a": [1, // see [2]\n3]}', {"a": [1, 3]}),
        ('{"a": [1, /* x */ 2 /* ] */]}', {"a": [1, 2]}),
        ('{"quote": "\\"// still\\""}', {"quote": '"// still"'}),
        ('\ufeff{"bom": true}', {"bom": True}),
    ],
)
def test_comments_and_trailing_commas_are_taken(text: str, value: object) -> None:
    assert jsonc.loads(text) == value


@pytest.mark.parametrize(
    ("text", "line", "column"),
    [
        ("{\n  // note\n  'a': 1\n}", 3, 3),  # single quotes are JSON5
        ("{\n  a: 1\n}", 2, 3),
        ('{"a": 1,\n "b": 2,,\n}', 3, 1),
        ('{"a": NaN}', 1, 7),
        ('{"a": 1 /* open', 1, 9),
        ('{"a": 1', 1, 8),
    ],
)
def test_errors_stand_where_they_are_in_the_file(text: str, line: int, column: int) -> None:
    with pytest.raises(json.JSONDecodeError) as caught:
        jsonc.loads(text)
    assert (caught.value.lineno, caught.value.colno) == (line, column)


def test_positions_of_members() -> None:
    text = '{\n "vars": {\n  // c\n  "A": "x:y,{",\n  "B": [1,\n   {"c": 2}]\n },\n "kv": [\n  {"id": "1"},\n  {"id": "2"}\n ]\n}'
    found = jsonc.positions(text)
    assert found["vars",] == (2, 2)
    assert found["vars", "A"] == (4, 3)
    assert found["vars", "B"] == (5, 3)
    assert found["vars", "B", 1, "c"] == (6, 5)
    assert found["kv", 0, "id"] == (9, 4)
    assert found["kv", 1, "id"] == (10, 4)
    assert [found["kv", index] for index in (0, 1)] == [(9, 3), (10, 3)]
    assert [found["vars", "B", index] for index in (0, 1)] == [(5, 8), (6, 4)]
