"""What is too long, too large or too many."""

from __future__ import annotations

import pytest

from edge.r2.logic.limits import OBJECT_BYTES_MAX, check_key, check_metadata, check_size, page_limit
from edge.r2.logic.refusal import R2Refused


def test_keys() -> None:
    for key in ("", "k" * 1024, "é" * 512):
        check_key(key)
    for key in ("k" * 1025, "é" * 513):
        with pytest.raises(R2Refused, match=r"The specified object name is not valid\. \(10020\)"):
            check_key(key)


def test_metadata_counts_wide_texts_twice() -> None:
    check_metadata({"k": "v" * 2047})
    check_metadata({"k": "é" * 2047})
    check_metadata({"k": "€" * 1023})
    for custom in ({"k": "v" * 2048}, {"k": "€" * 1024}, {"a": "x" * 1024, "b": "x" * 1023}):
        with pytest.raises(R2Refused, match=r"exceed the maximum allowed metadata size\. \(10012\)"):
            check_metadata(custom)


def test_sizes() -> None:
    check_size(OBJECT_BYTES_MAX)
    with pytest.raises(R2Refused, match=r"maximum allowed object size\. \(100100\)"):
        check_size(OBJECT_BYTES_MAX + 1)


def test_pages() -> None:
    assert page_limit(None, with_metadata=False) == 1000
    assert page_limit(None, with_metadata=True) == 100
    assert page_limit(7, with_metadata=True) == 7
    for limit in (0, -1, 1001):
        with pytest.raises(R2Refused, match=r"MaxKeys params must be positive integer <= 1000\. \(10022\)"):
            page_limit(limit, with_metadata=False)
