"""Rows of http.json `form_data`."""

from __future__ import annotations

from typing import Any

from edge.js.proxy import jsnull
from tests.edge.http.face import js, obj, refused
from tests.loops import run


def test_entries_keep_their_order() -> None:
    form = js.FormData.new()
    form.append("a", "1")
    form.append("a", "2")
    assert form.get("a") == "1"
    assert form.get("zz") is jsnull
    assert list(form.getAll("a")) == ["1", "2"]
    assert list(form.getAll("zz")) == []
    assert [list(pair) for pair in form.entries()] == [["a", "1"], ["a", "2"]]
    assert (list(form.keys()), list(form.values())) == (["a", "a"], ["1", "2"])
    assert (form.has("a"), form.has("b")) == (True, False)
    form.set("a", "9")
    assert list(form.getAll("a")) == ["9"]
    form.delete("a")
    form.delete("zz")
    assert list(form) == []


def test_values_become_strings_or_files() -> None:
    form = js.FormData.new()
    form.set("n", 5)
    form.append("b", js.Blob.new(["x"], type="a/b"), "n.txt")
    form.append("c", js.Blob.new(["x"]))
    file = js.File.new(["y"], "y.txt", type="c/d", lastModified=7)
    form.append("d", file)
    form.append("e", file, "other")
    form.append("f", "text", jsnull)
    assert form.get("n") == "5"
    assert (form.get("b").name, form.get("b").type, form.get("b").constructor.name) == (
        "n.txt",
        "a/b",
        "File",
    )
    assert form.get("c").name == "c"
    assert form.get("d") is file
    assert (form.get("e").name, form.get("e").type) == ("other", "c/d")
    refused("TypeError", "FormData constructor does not accept arguments.", lambda: js.FormData.new(obj()))


def test_blobs() -> None:
    async def main() -> None:
        blob = js.Blob.new(["ab", js.Blob.new(["cd"]), "e"], type="Text/PLAIN")
        assert (blob.size, blob.type, await blob.text()) == (5, "text/plain", "abcde")
        assert await blob.slice(1, -1, "x/Y").text() == "bcd"
        assert blob.slice(1, -1, "x/Y").type == "x/y"
        assert await blob.slice(4, 2).text() == ""
        assert (await blob.bytes()).to_bytes() == (await blob.arrayBuffer()).to_bytes() == b"abcde"
        chunks: list[Any] = [chunk.to_bytes() async for chunk in blob.stream()]
        assert chunks == [b"abcde"]

    run(main())


def test_files() -> None:
    file = js.File.new(["x"], "n.txt", type="a/b", lastModified=5)
    assert (file.name, file.type, file.lastModified, file.size) == ("n.txt", "a/b", 5, 1)
    assert js.File.new(["x"], "n").lastModified > 1_700_000_000_000
    refused(
        "TypeError",
        "Failed to construct 'File': constructor parameter 2 is not of type 'string'.",
        lambda: js.File.new(["x"]),
    )
    refused(
        "TypeError",
        "Failed to construct 'Blob': constructor parameter 1 is not of type 'Array'.",
        lambda: js.Blob.new("x"),
    )
