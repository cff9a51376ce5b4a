"""Spec python-workers.md section 2.7."""

from __future__ import annotations

from typing import Any

import pytest

from edge.http.blob import Blob as JsBlob
from edge.js.typed_arrays import JsUint8Array
from tests.loops import run
from wrangler_compat.modules.sdk.blob import Blob, BlobEnding, File


@pytest.mark.parametrize(
    ("parts", "text"),
    [
        ("é", "é"),
        (b"ab", "ab"),
        (["a", b"b", memoryview(b"c"), bytearray(b"d")], "abcd"),
        (Blob("x"), "x"),
        ([Blob("x"), JsBlob(b"y"), JsUint8Array.of_bytes(b"z")], "xyz"),
        ([], ""),
    ],
    ids=["str", "bytes", "buffers", "Blob", "mixed", "nothing"],
)
def test_parts(parts: Any, text: str) -> None:
    blob = Blob(parts)
    assert run(blob.text()) == text
    assert blob.size == len(text.encode())
    assert run(blob.bytes()) == text.encode()


def test_one_blob_hands_its_type_on_and_a_list_does_not() -> None:
    typed = Blob("x", content_type="a/b")
    assert Blob(typed).content_type == "a/b"
    assert Blob(typed.js_object).content_type == "a/b"
    assert Blob([typed]).content_type == ""
    assert Blob(typed, content_type="c/d").content_type == "c/d"


@pytest.mark.parametrize("part", [5, None, object()], ids=["int", "None", "object"])
def test_refused_parts(part: Any) -> None:
    with pytest.raises(TypeError) as caught:
        Blob([part])
    assert str(caught.value) == f"Don't know how to handle {type(part)} for Blob()"


def test_slice() -> None:
    part = Blob("abcdef").slice(1, 3)
    assert type(part) is Blob
    assert run(part.text()) == "bc"


def test_file() -> None:
    file = File("x", "n.txt", content_type="a/b", last_modified=5)
    assert (file.name, file.content_type, file.last_modified) == ("n.txt", "a/b", 5)
    copy = File(file.js_object, "m.txt")
    assert (copy.name, copy.content_type, copy.last_modified) == ("m.txt", "a/b", 5)


def test_endings() -> None:
    assert [str(ending) for ending in BlobEnding] == ["transparent", "native"]
    assert run(Blob("a", endings=BlobEnding.TRANSPARENT).text()) == "a"
