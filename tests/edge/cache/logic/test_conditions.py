from __future__ import annotations

import pytest

from edge.cache.logic.conditions import NotSatisfiable, byte_range, not_modified

EARLY, LATE = "Tue, 14 Nov 2023 22:13:20 GMT", "Tue, 14 Nov 2023 22:13:21 GMT"


@pytest.mark.parametrize(
    ("asked", "stored", "same"),
    [
        ({"if-none-match": '"a"'}, {"etag": '"a"'}, True),
        ({"if-none-match": 'W/"a"'}, {"etag": '"a"'}, True),
        ({"if-none-match": '"x", W/"a"'}, {"etag": 'W/"a"'}, True),
        ({"if-none-match": "*"}, {"etag": '"a"'}, True),
        ({"if-none-match": "*"}, {}, False),
        ({"if-none-match": '"b"'}, {"etag": '"a"'}, False),
        ({"if-none-match": "a"}, {"etag": "a"}, False),
        ({"if-modified-since": EARLY}, {"last-modified": EARLY}, True),
        ({"if-modified-since": LATE}, {"last-modified": EARLY}, True),
        ({"if-modified-since": EARLY}, {"last-modified": LATE}, False),
        ({"if-modified-since": "2023-11-14"}, {"last-modified": EARLY}, False),
        ({}, {"etag": '"a"', "last-modified": EARLY}, False),
    ],
)
def test_not_modified(asked: dict[str, str], stored: dict[str, str], same: bool) -> None:
    assert not_modified(asked, stored) is same


@pytest.mark.parametrize(
    ("header", "wanted"),
    [
        (None, None),
        ("bytes=0-0", (0, 0)),
        ("bytes=2-", (2, 9)),
        ("BYTES = 2-100", (2, 9)),
        ("bytes=-3", (7, 9)),
        ("bytes=-100", None),
        ("bytes=0-1,4-5", None),
    ],
)
def test_ranges(header: str | None, wanted: tuple[int, int] | None) -> None:
    assert byte_range(header, 10) == wanted


@pytest.mark.parametrize("header", ["bytes=10-", "bytes=5-4", "bytes=-0", "bytes=x", "lines=1-2", "bytes=-"])
def test_ranges_that_hold_nothing(header: str) -> None:
    with pytest.raises(NotSatisfiable):
        byte_range(header, 10)
