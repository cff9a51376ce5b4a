"""Trees of spans, and what is measured on them."""

from __future__ import annotations

from dataclasses import replace

import pytest

from edge.trace.tree import modelled_s, trees
from tests.edge.trace.samples import ALL, CALL, HOP, LATER, READ, REQUEST, START_S, WORKER, span


def test_a_tree_is_in_the_order_in_which_spans_began() -> None:
    (root,) = trees(ALL)
    assert [(depth, node.span) for depth, node in root.walk()] == [
        (0, REQUEST),
        (1, WORKER),
        (2, READ),
        (3, HOP),
        (2, CALL),
        (1, LATER),
    ]


def test_a_span_without_its_parent_stands_by_itself() -> None:
    assert [root.span for root in trees([HOP, CALL])] == [HOP, CALL]


def test_deep_trees_are_no_trouble() -> None:
    chain = [span(number, number - 1 or None, "kv.get", 0, 1) for number in range(1, 5001)]
    (root,) = trees(chain)
    assert max(depth for depth, _ in root.walk()) == 4999


def test_the_axis_leaves_out_what_outlives_its_root_by_far() -> None:
    (root,) = trees(ALL)
    assert root.end_s == START_S + 5.25
    assert root.axis_end_s == START_S + 1.25
    (short,) = trees([REQUEST, replace(LATER, end_s=START_S + 1.2)])
    assert short.axis_end_s == START_S + 1.2


def test_an_instant_has_all_of_its_tree_on_the_axis() -> None:
    (root,) = trees([replace(REQUEST, end_s=START_S), LATER])
    assert root.axis_end_s == START_S + 5.25


@pytest.mark.parametrize(
    ("hops", "expected_s"),
    [
        ([], 0.0),
        ([(0.0, 0.25)], 0.25),
        ([(0.0, 0.25), (0.125, 0.25)], 0.375),  # overlapping: counted once
        ([(0.0, 0.5), (0.125, 0.125)], 0.5),  # one within the other
        ([(0.75, 1.0)], 0.25),  # as far as the request goes
        ([(2.0, 1.0)], 0.0),  # after it
    ],
)
def test_modelled_time_is_that_of_the_request_itself(
    hops: list[tuple[float, float]], expected_s: float
) -> None:
    spans = [span(10 + i, 1, "network.hop", at, long, modelled=True) for i, (at, long) in enumerate(hops)]
    (root,) = trees([REQUEST, *spans])
    assert modelled_s(root) == expected_s
