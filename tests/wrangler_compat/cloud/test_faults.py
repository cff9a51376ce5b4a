"""Scripts of faults: what matches, how often, and lines that are none."""

from __future__ import annotations

import pytest

from edge.errors import UserError
from wrangler_compat.cloud.faults import Faults, parse_fault

ACCOUNT = f"/accounts/{'0' * 32}"


def test_the_first_that_matches_as_often_as_it_says() -> None:
    faults = Faults(["PUT */scripts/*=500x2", "PUT *=hang"])
    path = f"{ACCOUNT}/workers/scripts/hello"
    met = [faults.meet("PUT", path) for _ in range(3)]
    assert [fault.effect for fault in met if fault is not None] == ["500", "500", "hang"]
    assert faults.meet("GET", path) is None
    faults.add("* /user=429/2")
    limited = faults.meet("GET", "/user")
    assert limited is not None
    assert (limited.status, limited.retry_after_s) == (429, 2)
    assert faults.meet("GET", "/user/tokens/verify") is None


@pytest.mark.parametrize(
    "line",
    ["", "PUT", "PUT /a", "PUT /a=", "PUT /a=200", "PUT /a=500x", "PUT /a=fire", "put /a=500", "PUT/a=500"],
)
def test_lines_that_are_none(line: str) -> None:
    with pytest.raises(UserError, match="is no fault: expected METHOD PATH=EFFECT"):
        parse_fault(line)
