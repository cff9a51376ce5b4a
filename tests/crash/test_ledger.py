"""The checker must reject what a server that loses writes would leave behind."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from tests.crash.ledger import Journal, Stored, value_of, violations


def _journal() -> Journal:
    journal = Journal()
    for kind in ("row", "pair", "kv"):
        journal.attempted[kind] = {f"{kind}-seen", f"{kind}-unseen"}
        journal.acknowledged[kind] = {f"{kind}-seen"}
    journal.adds["c"] = 4
    journal.counts["c"] = [1, 3]
    journal.tried["turn"] = 9
    journal.seen["turn"] = 7
    journal.due_ms["a"] = 1000.0
    return journal


def _stored() -> Stored:
    return Stored(
        counts={"c": 3},
        rows={"row-seen"},
        left={"pair-seen"},
        right={"pair-seen"},
        values={"kv-seen": value_of("kv-seen"), "kv-unseen": None, "turn": "7"},
        fired_ms={"a": 1000.2},
    )


def test_acknowledged_writes_that_are_all_there_satisfy() -> None:
    assert violations(_journal(), _stored()) == []
    assert _journal().writes == 3 + 2 + 7 + 1


def test_writes_whose_answer_was_not_seen_may_be_there() -> None:
    stored = _stored()
    stored.rows.add("row-unseen")
    stored.left.add("pair-unseen")
    stored.right.add("pair-unseen")
    stored.counts["c"] = 4
    stored.values |= {"kv-unseen": value_of("kv-unseen"), "turn": "9"}
    assert violations(_journal(), stored) == []


Sabotage = Callable[[Journal, Stored], object]


@pytest.mark.parametrize(
    ("sabotage", "message"),
    [
        (lambda _, stored: stored.rows.clear(), "row row-seen was acknowledged and is gone"),
        (lambda _, stored: stored.rows.add("x"), "row x is stored, but nobody wrote it"),
        (lambda _, stored: stored.left.add("pair-unseen"), "half of pair pair-unseen is stored"),
        (lambda _, stored: stored.right.add("pair-unseen"), "half of pair pair-unseen is stored"),
        (lambda _, stored: stored.counts.update(c=2), "counter c is 2, 3 was acknowledged"),
        (lambda _, stored: stored.counts.update(c=5), "counter c is 5 after 4 requests to add one"),
        (lambda journal, _: journal.counts["c"].append(3), "counter c gave the same number twice"),
        (
            lambda _, stored: stored.values.update({"kv-seen": None}),
            "KV key kv-seen was acknowledged and is gone",
        ),
        (
            lambda _, stored: stored.values.update({"kv-seen": "kv-se"}),
            "KV key kv-seen has another value than was put",
        ),
        (
            lambda _, stored: stored.values.update({"turn": "6"}),
            "KV key turn is 6, not between 7 (acknowledged) and 9 (tried)",
        ),
        (
            lambda _, stored: stored.values.update({"turn": None}),
            "KV key turn is 0, not between 7 (acknowledged) and 9 (tried)",
        ),
        (lambda _, stored: stored.fired_ms.clear(), "alarm a was acknowledged and never fired"),
        (lambda _, stored: stored.fired_ms.update(a=990.0), "alarm a fired 10.0 ms early"),
    ],
)
def test_each_broken_promise_is_named(sabotage: Sabotage, message: str) -> None:
    journal, stored = _journal(), _stored()
    sabotage(journal, stored)
    assert violations(journal, stored) == [message]


def test_a_lost_pair_is_a_lost_write() -> None:
    stored = _stored()
    stored.left.clear()
    stored.right.clear()
    assert violations(_journal(), stored) == ["pair pair-seen was acknowledged and is gone"]
