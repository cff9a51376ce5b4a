from __future__ import annotations

import re

import pytest

from edge.containers.engine import Exit
from edge.containers.logic.lifecycle import ALREADY_RUNNING, Lifecycle, State, ending


def test_runs_from_the_call_of_start_on() -> None:
    life = Lifecycle()
    assert not life.running
    number = life.start()
    assert (life.running, life.state) == (True, State.STARTING)
    assert life.started(number)
    assert life.state is State.RUNNING
    life.ended(number, Exit(0))
    assert not life.running
    assert life.failure is None


def test_a_second_start_is_refused_until_the_first_has_ended() -> None:
    life = Lifecycle()
    number = life.start()
    with pytest.raises(ValueError, match=re.escape(ALREADY_RUNNING)):
        life.start()
    life.ended(number, Exit(1))
    assert life.start() == number + 1


def test_news_of_an_old_container_does_not_touch_the_new_one() -> None:
    life = Lifecycle()
    old = life.start()
    life.destroyed()
    new = life.start()
    assert not life.started(old)
    life.failed(old, "no")
    life.ended(old, Exit(1))
    assert life.running
    assert life.started(new)


def test_a_failed_start_leaves_its_reason() -> None:
    life = Lifecycle()
    life.failed(life.start(), "no such image")
    assert (life.running, life.failure) == (False, "no such image")


@pytest.mark.parametrize(
    ("exit_", "text"),
    [
        (Exit(0), None),
        (Exit(3), "container exited with unexpected exit code: 3"),
        (Exit(137, "runtime_signal"), "runtime signalled the container to exit: 137"),
    ],
)
def test_ends_read_as_on_the_platform(exit_: Exit, text: str | None) -> None:
    assert ending(exit_) == text
