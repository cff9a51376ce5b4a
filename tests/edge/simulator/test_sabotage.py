"""Every checker catches its own bug, and keeps quiet without one."""

from __future__ import annotations

import pytest

from edge.simulator.checkers import CHECKERS, UnknownChecker
from edge.simulator.sabotage import SABOTAGE, UnknownSabotage
from tests.edge.simulator.probes import run_probe


@pytest.mark.parametrize("spans", [False, True])
@pytest.mark.parametrize("name", SABOTAGE)
def test_its_checker_catches_the_bug(name: str, spans: bool) -> None:
    outcome = run_probe(sabotage=(name,), checkers=(SABOTAGE[name].breaks,), spans=spans)
    assert [broken.invariant for broken in outcome.violations] == [SABOTAGE[name].breaks]


@pytest.mark.parametrize("profile", ["edge", "none"])
@pytest.mark.parametrize("schedule", ["seeded", "fifo"])
def test_without_a_bug_all_hold_and_each_was_tried(schedule: str, profile: str) -> None:
    outcome = run_probe(schedule=schedule, profile=profile)
    assert (outcome.violations, outcome.problems) == ([], [])
    idle = [name for name, times in outcome.checked.items() if not times]
    # Without distance the hot reads of KV are answered from memory, where nothing can be stale.
    assert idle == [] or (profile == "none" and idle == ["kv-reads"])


def test_every_checker_has_a_bug_of_its_own() -> None:
    assert {bug.breaks for bug in SABOTAGE.values()} == set(CHECKERS)


def test_sabotage_ends_with_the_run() -> None:
    assert not run_probe(sabotage=("message-twice",)).ok
    assert run_probe().ok


def test_unknown_names_list_the_known_ones() -> None:
    with pytest.raises(UnknownSabotage, match='unknown sabotage "gate"; known: reply-before-commit, '):
        run_probe(sabotage=("gate",))
    with pytest.raises(UnknownChecker, match='unknown invariant "order"; known: acknowledged-writes, '):
        run_probe(checkers=("order",))
