"""Frames without a mask get one, wherever the bytes are cut."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from wrangler_compat.cloud.tails.masking import Masker

MASK = b"abcd"


def frame(payload: bytes, mask: bytes = b"") -> bytes:
    size = len(payload)
    code, extended = size, b""
    if size > 125:
        code, extended = (126, size.to_bytes(2, "big")) if size < 65_536 else (127, size.to_bytes(8, "big"))
    return bytes([0x81, code | (0x80 if mask else 0)]) + extended + mask + payload


@pytest.mark.parametrize("size", [0, 1, 125, 126, 65_535, 65_536])
def test_sizes(size: int) -> None:
    payload = b"x" * size
    assert Masker().feed(frame(payload)) == frame(payload, b"\0\0\0\0")
    assert Masker().feed(frame(payload, MASK)) == frame(payload, MASK)


@given(
    frames=st.lists(st.tuples(st.binary(max_size=300), st.sampled_from([b"", MASK])), max_size=4),
    cuts=st.lists(st.integers(0, 1300), max_size=6),
)
def test_any_cuts(frames: list[tuple[bytes, bytes]], cuts: list[int]) -> None:
    sent = b"".join(frame(payload, mask) for payload, mask in frames)
    masker, edges = Masker(), [0, *sorted(cuts), len(sent)]
    passed = b"".join(masker.feed(sent[start:end]) for start, end in zip(edges, edges[1:], strict=False))
    assert passed == b"".join(frame(payload, mask or b"\0\0\0\0") for payload, mask in frames)
