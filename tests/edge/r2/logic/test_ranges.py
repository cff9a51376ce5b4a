"""Which bytes are wanted, and where they lie."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge.r2.logic.ranges import RangeWanted, Stretch, pieces
from edge.r2.logic.refusal import R2Refused


@pytest.mark.parametrize(
    ("wanted", "stretch"),
    [
        (RangeWanted(offset=1, length=2), Stretch(1, 2)),
        (RangeWanted(offset=3), Stretch(3, 2)),
        (RangeWanted(offset=3, length=50), Stretch(3, 2)),
        (RangeWanted(length=2), Stretch(0, 2)),
        (RangeWanted(suffix=2), Stretch(3, 2)),
        (RangeWanted(suffix=50), Stretch(0, 5)),
        (RangeWanted(header="bytes=1-2"), Stretch(1, 2)),
        (RangeWanted(header=" BYTES = 1 - "), Stretch(1, 4)),
        (RangeWanted(header="bytes=-2"), Stretch(3, 2)),
        (RangeWanted(header="bytes=3-50"), Stretch(3, 2)),
        # What cannot be met or read is answered with everything.
        (RangeWanted(header="bytes=50-"), Stretch(0, 5)),
        (RangeWanted(header="bytes=2-1"), Stretch(0, 5)),
        (RangeWanted(header="bytes=0-1,3-4"), Stretch(0, 5)),
        (RangeWanted(header="bytes=-50"), Stretch(0, 5)),
        (RangeWanted(header="bytes=-0"), Stretch(0, 5)),
        (RangeWanted(header="bytes=-"), Stretch(0, 5)),
        (RangeWanted(header="items=1-2"), Stretch(0, 5)),
        (RangeWanted(header="bytes="), Stretch(0, 5)),
    ],
)
def test_ranges_of_five_bytes(wanted: RangeWanted, stretch: Stretch) -> None:
    assert wanted.of(5) == stretch


@pytest.mark.parametrize(
    "wanted", [RangeWanted(offset=6), RangeWanted(offset=5), RangeWanted(length=0), RangeWanted(suffix=0)]
)
def test_what_is_not_satisfiable(wanted: RangeWanted) -> None:
    with pytest.raises(R2Refused) as caught:
        wanted.of(5)
    assert str(caught.value) == "The requested range is not satisfiable (10039)"


@given(st.lists(st.binary(max_size=5), max_size=6), st.data())
def test_pieces_are_a_slice_of_the_parts_joined(parts: list[bytes], data: st.DataObject) -> None:
    whole = b"".join(parts)
    offset = data.draw(st.integers(0, len(whole)))
    length = data.draw(st.integers(0, len(whole) - offset))
    found = pieces([(str(number), len(part)) for number, part in enumerate(parts)], Stretch(offset, length))
    taken = [parts[int(piece.blob_id)][piece.start : piece.start + piece.length] for piece in found]
    assert b"".join(taken) == whole[offset : offset + length]
    assert all(piece.length > 0 for piece in found)
