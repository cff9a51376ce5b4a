"""Recorded: http `form_data`; spec python-workers.md section 2.7."""

from __future__ import annotations

from typing import Any

import pytest

from edge.http.formdata import FormData as JsFormData
from edge.js.proxy import jsnull
from tests.loops import run
from wrangler_compat.modules.sdk.blob import Blob, File
from wrangler_compat.modules.sdk.formdata import FormData


def test_reading_and_repeated_names() -> None:
    form = FormData({"a": "1"})
    form.append("a", "2")
    assert form["a"] == "1"
    assert form.get_all("a") == ["1", "2"]
    assert list(form.items()) == [("a", "1"), ("a", "2")]
    assert list(form.keys()) == list(form) == ["a", "a"]
    assert list(form.values()) == ["1", "2"]
    assert ["a" in form, "b" in form] == [True, False]


def test_missing_names() -> None:
    form = FormData()
    assert form["zz"] is jsnull
    assert form.get("zz") is jsnull
    assert form.get_all("zz") == []
    del form["zz"]


@pytest.mark.parametrize("measure", [len, bool])
def test_it_has_no_length(measure: Any) -> None:
    with pytest.raises(TypeError, match=r"^object of type 'generator' has no len\(\)$"):
        measure(FormData())


def test_setting() -> None:
    form = FormData({"a": "1"})
    form["a"] = "9"
    form["n"] = 5
    assert form.get_all("a") == ["9"]
    assert form.get_all("n") == ["5"]
    with pytest.raises(TypeError, match=r"^Expected single item in arguments to FormData.__setitem__$"):
        form["a"] = ["1", "2"]


@pytest.mark.parametrize("source", [[("a", "b")], 5, "x"], ids=repr)
def test_refused_sources(source: Any) -> None:
    with pytest.raises(TypeError, match=r"^Expected form_data to be a dict or an instance of FormData$"):
        FormData(source)


def test_sources() -> None:
    js = JsFormData()
    assert FormData(js).js_object is js
    assert list(FormData({"a": ["1", "2"]}).items()) == [("a", "['1', '2']")]
    assert FormData({"a": "1"}) == FormData({"a": "1"})


def test_blobs() -> None:
    form = FormData()
    form.append("b", Blob("x", content_type="a/b"), filename="n.txt")
    form.append("c", Blob("x"))
    stored = form["b"]
    assert type(stored) is File
    assert (stored.name, stored.content_type, run(stored.text())) == ("n.txt", "a/b", "x")
    assert form["c"].name == "c"
