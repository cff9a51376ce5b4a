"""Which events a tail is told of."""

from __future__ import annotations

from typing import Any

import pytest

from wrangler_compat.cloud.envelope import Refusal
from wrangler_compat.cloud.tails.filters import accepts, check_filters

EVENT = {
    "outcome": "exception",
    "scriptVersion": {"id": "v"},
    "logs": [{"message": ["said this"]}],
    "exceptions": [{"message": "raised that"}],
    "event": {"request": {"method": "POST", "headers": {"x-kind": "large box"}}},
}


@pytest.mark.parametrize(
    ("one", "expected"),
    [
        ({"outcome": ["ok", "exception"]}, True),
        ({"outcome": ["ok"]}, False),
        ({"method": ["get", "post"]}, True),
        ({"method": "GET"}, False),
        ({"header": {"key": "X-Kind"}}, True),
        ({"header": {"key": "X-Kind", "query": "box"}}, True),
        ({"header": {"key": "X-Kind", "query": "bag"}}, False),
        ({"header": {"key": "X-None"}}, False),
        ({"query": "said"}, True),
        ({"query": "that"}, True),
        ({"query": "other"}, False),
        ({"client_ip": ["self"]}, True),
        ({"client_ip": ["8.8.8.8"]}, False),
        ({"scriptVersion": "v"}, True),
        ({"scriptVersion": "w"}, False),
        ({"sampling_rate": 0.6}, True),
        ({"sampling_rate": 0.5}, False),
    ],
)
def test_each(one: dict[str, Any], expected: bool) -> None:
    assert accepts(check_filters({"filters": [one]}), EVENT, chance=0.5) is expected


def test_all_must_hold() -> None:
    assert accepts([], EVENT, chance=0.5)
    assert not accepts([{"query": "said"}, {"method": "GET"}], EVENT, chance=0.5)


@pytest.mark.parametrize("body", [[], {"filters": "x"}, {"filters": ["x"]}, {"filters": [{"colour": 1}]}])
def test_filters_that_are_none(body: Any) -> None:
    with pytest.raises(Refusal):
        check_filters(body)
