"""The gates, state by state."""

from __future__ import annotations

import pytest
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from edge.durable.logic.gate import DEPTH_MAX, TOO_DEEP, InputGate, OutputGate, Section, TooDeep


def test_an_open_gate_admits_the_ground() -> None:
    gate = InputGate()
    assert gate.admits(gate.ground)


def test_a_section_keeps_the_ground_out_until_it_ends() -> None:
    gate = InputGate()
    section = gate.enter()
    assert gate.admits(section)
    assert not gate.admits(gate.ground)
    gate.leave(section)
    assert gate.admits(gate.ground)


def test_only_the_innermost_section_runs() -> None:
    gate = InputGate()
    outer = gate.enter()
    inner = gate.enter()
    assert [gate.admits(section) for section in (gate.ground, outer, inner)] == [False, False, True]
    gate.leave(inner)
    assert [gate.admits(section) for section in (gate.ground, outer)] == [False, True]


def test_what_a_section_left_running_belongs_to_the_section_around_it() -> None:
    gate = InputGate()
    outer = gate.enter()
    inner = gate.enter()
    gate.leave(inner)
    assert gate.admits(inner)
    gate.leave(outer)
    assert gate.admits(inner)
    another = gate.enter()
    assert not gate.admits(inner)
    gate.leave(another)


def test_an_outer_section_that_ends_first_lets_nobody_in_before_the_inner_one() -> None:
    gate = InputGate()
    outer = gate.enter()
    inner = gate.enter()
    gate.leave(outer)
    assert not gate.admits(gate.ground)
    assert gate.admits(inner)
    gate.leave(inner)
    assert gate.admits(gate.ground)


def test_a_shut_gate_admits_nobody() -> None:
    gate = InputGate()
    section = gate.enter()
    gate.shut_for_commit()
    assert not gate.admits(section)
    assert not gate.admits(gate.ground)
    gate.reopen()
    assert gate.admits(section)


def test_sections_nest_64_deep() -> None:
    gate = InputGate()
    for _ in range(DEPTH_MAX):
        gate.enter()
    with pytest.raises(TooDeep) as raised:
        gate.enter()
    assert str(raised.value) == TOO_DEEP


def test_a_broken_gate_stays_broken_for_its_first_reason() -> None:
    gate = InputGate()
    first = ValueError("first")
    gate.break_(first)
    gate.break_(ValueError("second"))
    assert gate.broken is first
    assert not gate.admits(gate.ground)


@pytest.mark.parametrize(
    "misuse",
    [
        lambda gate: gate.reopen(),
        lambda gate: gate.leave(gate.ground),
        lambda gate: (gate.shut_for_commit(), gate.shut_for_commit()),
        lambda gate: (gate.break_(ValueError()), gate.enter()),
    ],
    ids=["reopen an open gate", "leave the ground", "two commits", "enter a broken gate"],
)
def test_misuse_is_a_bug_of_ours(misuse: object) -> None:
    assert callable(misuse)
    with pytest.raises(AssertionError):
        misuse(InputGate())


class Sections(RuleBasedStateMachine):
    """Sections open at the top and end in any order: exactly one standing context may run."""

    def __init__(self) -> None:
        super().__init__()
        self.gate = InputGate()
        self.open: list[Section] = []
        self.all: list[Section] = [self.gate.ground]

    @precondition(lambda self: len(self.open) < DEPTH_MAX)
    @rule()
    def enter(self) -> None:
        section = self.gate.enter()
        self.open.append(section)
        self.all.append(section)

    @precondition(lambda self: self.open)
    @rule(data=st.data())
    def leave(self, data: st.DataObject) -> None:
        section = data.draw(st.sampled_from(self.open))
        self.open.remove(section)
        self.gate.leave(section)

    @precondition(lambda self: not self.gate.shut)
    @rule()
    def commit(self) -> None:
        self.gate.shut_for_commit()
        assert not any(self.gate.admits(section) for section in self.all)
        self.gate.reopen()

    @invariant()
    def only_code_of_the_last_open_section_runs(self) -> None:
        top = self.open[-1] if self.open else self.gate.ground
        for section in self.all:
            assert self.gate.admits(section) == (section.standing() is top)


TestSections = Sections.TestCase


def test_the_output_gate_locks_with_the_first_confirmed_write() -> None:
    gate = OutputGate()
    gate.wrote(confirmed=False)
    assert not gate.locked
    gate.wrote(confirmed=True)
    assert gate.locked
    gate.wrote(confirmed=False)
    assert gate.locked


def test_the_output_gate_stays_locked_until_the_commit_ended() -> None:
    gate = OutputGate()
    gate.wrote(confirmed=True)
    gate.commit_started()
    assert gate.locked
    gate.commit_ended()
    assert not gate.locked


def test_a_commit_of_unconfirmed_writes_locks_nothing() -> None:
    gate = OutputGate()
    gate.wrote(confirmed=False)
    gate.commit_started()
    assert not gate.locked
    gate.commit_ended()


def test_a_rollback_unlocks() -> None:
    gate = OutputGate()
    gate.wrote(confirmed=True)
    gate.rolled_back()
    assert not gate.locked


def test_a_broken_output_gate_refuses_with_its_reason() -> None:
    gate = OutputGate()
    gate.wrote(confirmed=True)
    gate.break_(OSError("disk"))
    gate.break_(OSError("later"))
    assert str(gate.broken) == "disk"
    assert not gate.locked


def test_nothing_can_have_been_written_during_a_commit() -> None:
    gate = OutputGate()
    gate.commit_started()
    gate.wrote(confirmed=True)
    with pytest.raises(AssertionError):
        gate.commit_ended()
