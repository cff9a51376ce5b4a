"""Filters: what passes, and what is refused."""

from __future__ import annotations

from typing import Any

import pytest

from edge.vectorize.logic.definition import indexed
from edge.vectorize.logic.filters import read_filter
from edge.vectorize.logic.refusal import VectorizeRefused

BOOK = indexed({"kind": "book", "year": 1999, "new": False, "author": {"name": "Ann", "tags": ["x"]}}, None)


@pytest.mark.parametrize(
    ("given", "passes"),
    [
        ({"kind": "book"}, True),
        ({"kind": "Book"}, False),
        ({"kind": {"$ne": "film"}}, True),
        ({"year": 1999}, True),
        ({"year": "1999"}, False),
        ({"year": {"$gt": 1990, "$lte": 1999}}, True),
        ({"year": {"$lt": 1999}}, False),
        ({"year": {"$gte": "1"}}, False),
        ({"kind": {"$gte": "b", "$lt": "c"}}, True),
        ({"new": False}, True),
        ({"new": 0}, False),
        ({"author.name": "Ann"}, True),
        ({"author": {"name": "Ann"}}, True),
        ({"author": {"name": {"$in": ["Ann", "Bob"]}}}, True),
        ({"kind": {"$nin": ["book", "film"]}}, False),
        ({"missing": None}, True),
        ({"kind": None}, False),
        ({"missing": {"$ne": "x"}}, True),
        ({"missing": {"$gt": 1}}, False),
        ({"kind": "book", "year": 2000}, False),
    ],
)
def test_a_filter_is_a_conjunction_over_kinds(given: dict[str, Any], passes: bool) -> None:
    assert read_filter(given)(BOOK) is passes


@pytest.mark.parametrize(
    ("given", "text"),
    [
        ({}, "non-empty object"),
        ([], "non-empty object"),
        ("x", "non-empty object"),
        ({"": 1}, "key"),
        ({"$a": 1}, "key"),
        ({'a"b': 1}, "key"),
        ({"a|b": 1}, "key"),
        ({"a" * 513: 1}, "key"),
        ({"a": "x" * 2048}, "2048 bytes"),
        ({"a": {"$like": 1}}, "unknown operator [$]like"),
        ({"a": {}}, "a value or an object of operators"),
        ({"a": {"$eq": 1, "b": 2}}, "a value or an object of operators"),
        ({"a": [1]}, "takes a string"),
        ({"a": {"$in": 1}}, "takes an array"),
        ({"a": {"$in": [{}]}}, "takes an array"),
        ({"a": {"$gt": True}}, "takes a string or a number"),
        ({"a": {"$gt": 1, "$gte": 2}}, "one lower and one upper"),
        ({"a": {"$eq": 1, "$ne": 2}}, "one lower and one upper"),
    ],
)
def test_what_is_no_filter_is_refused(given: Any, text: str) -> None:
    with pytest.raises(VectorizeRefused, match=text):
        read_filter(given)


def test_texts_count_with_their_first_64_bytes() -> None:
    properties = indexed({"text": "é" * 40}, None)
    assert properties == {"text": "é" * 32}
    assert read_filter({"text": "é" * 32 + "other"})(properties)
    # A character is not cut in two.
    assert indexed({"text": "a" + "é" * 40}, None) == {"text": "a" + "é" * 31}


def test_only_properties_with_an_index_of_their_kind_can_be_filtered() -> None:
    metadata = {"kind": "book", "year": 1999, "new": True, "deep": {"year": 1}}
    wanted = {"kind": "string", "year": "string", "new": "boolean", "deep.year": "number", "none": "string"}
    assert indexed(metadata, wanted) == {"kind": "book", "new": True, "deep.year": 1}
    assert indexed(metadata, {"new": "number"}) == {}
