"""`onlyIf`, row by row."""

from __future__ import annotations

import pytest

from edge.r2.logic.conditions import BadEtagHeader, Condition, Etag, parse_etags

ANY, MINE, OTHER, WEAK = Etag(None), Etag("e"), Etag("x"), Etag("e", weak=True)


@pytest.mark.parametrize(
    ("condition", "object_there", "nothing_there"),
    [
        (Condition(), True, True),
        (Condition(etag_matches=(MINE,)), True, False),
        (Condition(etag_matches=(OTHER,)), False, False),
        (Condition(etag_matches=(OTHER, MINE)), True, False),
        (Condition(etag_matches=(ANY,)), True, False),
        (Condition(etag_matches=(WEAK,)), False, False),
        (Condition(etag_does_not_match=(MINE,)), False, True),
        (Condition(etag_does_not_match=(WEAK,)), False, True),
        (Condition(etag_does_not_match=(OTHER,)), True, True),
        (Condition(etag_does_not_match=(ANY,)), False, True),
        (Condition(uploaded_after_ms=9_999), True, False),
        (Condition(uploaded_after_ms=10_000), False, False),
        (Condition(uploaded_before_ms=10_001), True, True),
        (Condition(uploaded_before_ms=10_000), False, True),
        (Condition(uploaded_after_ms=9_999, in_seconds=True), True, False),
        (Condition(uploaded_after_ms=10_000, in_seconds=True), False, False),
        (Condition(uploaded_before_ms=10_999, in_seconds=True), False, True),
        (Condition(uploaded_before_ms=11_000, in_seconds=True), True, True),
        # An etag that decides makes the date irrelevant.
        (Condition(etag_matches=(MINE,), uploaded_before_ms=1), True, False),
        (Condition(etag_does_not_match=(OTHER,), uploaded_after_ms=20_000), True, False),
        (Condition(etag_does_not_match=(MINE,), uploaded_after_ms=1), False, False),
        (Condition(uploaded_after_ms=float("nan")), False, False),
    ],
)
def test_conditions(condition: Condition, object_there: bool, nothing_there: bool) -> None:
    assert condition.holds(("e", 10_000)) is object_there
    assert condition.holds(None) is nothing_there


@pytest.mark.parametrize(
    ("header", "etags"),
    [
        ('"a"', (Etag("a"),)),
        ('"a", W/"b" ,, "c"', (Etag("a"), Etag("b", weak=True), Etag("c"))),
        ("*", (Etag(None),)),
        ('"a", *', (Etag(None),)),
        ("", ()),
        ("bare", ()),
        ('"a" bare', (Etag("a"),)),
        ('""', (Etag(""),)),
    ],
)
def test_headers(header: str, etags: tuple[Etag, ...]) -> None:
    assert parse_etags(header) == etags


@pytest.mark.parametrize(
    ("header", "message"),
    [
        ('"a" *', "Comma was expected to separate etags. Encountered a wildcard character '*' instead."),
        ('"a', "Unclosed double quote for Etag"),
        ('W/"a', "Unclosed double quote for Etag"),
        ("Weak", "Weak etags must start with W/ and their value must be quoted"),
        (
            '"a" "b"',
            "Comma was expected to separate etags. Encountered a double quote character '\"' instead. "
            "This would otherwise indicate the start of a new strong etag.",
        ),
        (
            '"a" W/"b"',
            "Comma was expected to separate etags. Encountered a weak quotation character 'W' instead. "
            "This would otherwise indicate the start of a new weak etag.",
        ),
    ],
)
def test_bad_headers(header: str, message: str) -> None:
    with pytest.raises(BadEtagHeader) as caught:
        parse_etags(header)
    assert str(caught.value) == message
