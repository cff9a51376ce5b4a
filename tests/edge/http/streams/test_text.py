from __future__ import annotations

from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from edge.js.typed_arrays import JsUint8Array
from tests.edge.http.face import js, raises, refused
from tests.loops import run


async def _decode(chunks: list[bytes], **options: Any) -> str:
    source = js.ReadableStream.from_([JsUint8Array.of_bytes(chunk) for chunk in chunks])
    stream = source.pipeThrough(js.TextDecoderStream.new("utf-8", **options))
    return "".join([text async for text in stream])


@given(st.text(max_size=30), st.lists(st.integers(1, 40), max_size=5))
def test_text_survives_being_cut_anywhere(text: str, cuts: list[int]) -> None:
    data = b"\xef\xbb\xbf" + text.encode()
    edges = [0, *sorted(cut for cut in cuts if cut < len(data)), len(data)]
    chunks = [data[start:end] for start, end in zip(edges, edges[1:], strict=False)]
    assert run(_decode(chunks)) == text


def test_bad_bytes() -> None:
    async def main() -> None:
        assert await _decode([b"a\xff", b"\xc3"]) == "a\ufffd\ufffd"
        assert await _decode([b"\xef\xbb\xbfa"], ignoreBOM=True) == "\ufeffa"
        with raises("TypeError", "Failed to decode input."):
            await _decode([b"a\xff"], fatal=True)
        refused("RangeError", '"latin9" is not a valid encoding.', lambda: js.TextDecoderStream.new("latin9"))

    run(main())


def test_encoding_joins_split_surrogates() -> None:
    async def main() -> None:
        source = js.ReadableStream.from_(["é\ud83c", "\udf89", "x\ud800"])
        stream = source.pipeThrough(js.TextEncoderStream.new())
        assert await js.Response.new(stream).text() == "é\U0001f389x\ufffd"

    run(main())
