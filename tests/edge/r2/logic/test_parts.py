"""Which parts make an object."""

from __future__ import annotations

import hashlib

import pytest

from edge.r2.logic.limits import PART_BYTES_MIN
from edge.r2.logic.parts import ChosenPart, Part, choose, multipart_etag
from edge.r2.logic.refusal import R2Refused

M = PART_BYTES_MIN


def uploaded(*sizes: int) -> dict[int, Part]:
    return {
        number: Part(number, f"blob{number}", size, f"etag{number}", hashlib.md5(b"%d" % number).hexdigest())
        for number, size in enumerate(sizes, 1)
    }


def chosen(*numbers: int) -> list[ChosenPart]:
    return [ChosenPart(number, f"etag{number}") for number in numbers]


@pytest.mark.parametrize(
    ("sizes", "numbers"), [((), ()), ((1,), (1,)), ((M, M, 1), (1, 2, 3)), ((M, 5, M), (1, 3))]
)
def test_what_is_chosen(sizes: tuple[int, ...], numbers: tuple[int, ...]) -> None:
    assert [part.number for part in choose(chosen(*numbers), uploaded(*sizes))] == list(numbers)


@pytest.mark.parametrize(
    ("sizes", "parts", "code"),
    [
        ((M, M), chosen(1, 1), 10001),
        ((M,), chosen(1, 2), 10025),
        ((M,), [ChosenPart(1, "other")], 10025),
        ((5, M), chosen(1, 2), 10011),
        ((M, 5), chosen(2, 1), 10011),
        ((M + 1, M, 1), chosen(1, 2, 3), 10048),
        ((M, M + 1), chosen(1, 2), 10048),
        ((5, M), chosen(2, 1), 10048),
    ],
)
def test_what_is_refused(sizes: tuple[int, ...], parts: list[ChosenPart], code: int) -> None:
    with pytest.raises(R2Refused) as caught:
        choose(parts, uploaded(*sizes))
    assert caught.value.code == code


def test_etag() -> None:
    parts = uploaded(M, 1).values()
    joined = b"".join(hashlib.md5(b"%d" % number).digest() for number in (1, 2))
    assert multipart_etag(parts) == f"{hashlib.md5(joined).hexdigest()}-2"
