"""What happens to an alarm after it rang, row by row."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge.durable.logic.alarm import (
    BACKOFF_MAX,
    RETRIES_COUNTED_MAX,
    Attempt,
    Keep,
    Outcome,
    Retry,
    after_run,
    retry_delay_s,
    scheduled_ms,
)


@pytest.mark.parametrize(
    ("outcome", "new_alarm", "expected"),
    [
        (Outcome.OK, False, Keep.DELETE),
        (Outcome.OK, True, Keep.NEW_ONE),
        (Outcome.FAILED, False, Retry(2.0, Attempt(counted=1, backoff=1))),
        (Outcome.FAILED, True, Keep.NEW_ONE),
        (Outcome.INFRASTRUCTURE, False, Retry(2.0, Attempt(counted=0, backoff=1))),
        (Outcome.INFRASTRUCTURE, True, Keep.NEW_ONE),
        (Outcome.ABANDONED, False, Keep.DELETE),
        (Outcome.ABANDONED, True, Keep.NEW_ONE),
    ],
)
def test_after_the_first_run(outcome: Outcome, new_alarm: bool, expected: Retry | Keep) -> None:
    assert after_run(Attempt(), outcome, new_alarm=new_alarm, chance=0.0) == expected


def test_delays_double_and_the_seventh_failure_gives_up() -> None:
    attempt, delays = Attempt(), []
    while isinstance(following := after_run(attempt, Outcome.FAILED, new_alarm=False, chance=0.0), Retry):
        delays.append(following.delay_s)
        attempt = following.attempt
    assert delays == [2, 4, 8, 16, 32, 64]
    assert following is Keep.DELETE
    assert attempt.counted == RETRIES_COUNTED_MAX


def test_failures_of_the_platform_are_retried_for_ever_at_most_1024_s_apart() -> None:
    attempt, delays = Attempt(), []
    for _ in range(15):
        following = after_run(attempt, Outcome.INFRASTRUCTURE, new_alarm=False, chance=0.0)
        assert isinstance(following, Retry)
        delays.append(following.delay_s)
        attempt = following.attempt
    assert delays[:10] == [2, 4, 8, 16, 32, 64, 128, 256, 512, 1024]
    assert set(delays[10:]) == {1024}
    assert attempt.info == (0, False)


def test_the_handler_sees_the_counted_retries() -> None:
    assert Attempt(counted=2, backoff=5).info == (2, True)


@given(st.integers(0, BACKOFF_MAX), st.floats(0, 1, exclude_max=True))
def test_jitter_adds_up_to_a_quarter(backoff: int, chance: float) -> None:
    base_s = 2.0 * 2**backoff
    assert base_s <= retry_delay_s(backoff, chance) <= base_s * 1.25


@pytest.mark.parametrize(
    ("asked_ms", "now_ms", "due_ms"),
    [(5000.9, 1000, 5000), (500, 1000, 1000), (1000, 1000, 1000), (0.5, 1000, 1000)],
)
def test_a_time_that_is_past_means_now(asked_ms: float, now_ms: int, due_ms: int) -> None:
    assert scheduled_ms(asked_ms, now_ms) == due_ms


def test_impossible_attempts_are_refused() -> None:
    with pytest.raises(AssertionError):
        Attempt(counted=RETRIES_COUNTED_MAX + 1)
    with pytest.raises(AssertionError):
        Attempt(backoff=BACKOFF_MAX + 1)
    with pytest.raises(AssertionError):
        retry_delay_s(0, 1.0)
