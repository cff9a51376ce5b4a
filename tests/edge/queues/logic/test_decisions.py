"""What a handler says about its messages, and which of it counts."""

from __future__ import annotations

import pytest

from edge.queues.logic.decisions import Decisions, Retry


def test_without_a_word_success_acknowledges_and_failure_retries() -> None:
    decisions = Decisions()
    assert decisions.of("a", succeeded=True) is None
    assert decisions.of("a", succeeded=False) == Retry()


def test_an_acknowledged_message_stays_so_when_the_handler_fails() -> None:
    decisions = Decisions()
    assert decisions.ack("a") is None
    assert decisions.of("a", succeeded=False) is None
    assert decisions.of("b", succeeded=False) == Retry()


def test_the_first_decision_about_a_message_stands() -> None:
    decisions = Decisions()
    decisions.ack("a")
    decisions.retry("b", 5)
    assert decisions.retry("a", None) == (
        "Received a call to retry() on message a after ack() was already called. "
        "Calling retry() on a message after calling ack() has no effect."
    )
    assert decisions.ack("b") == (
        "Received a call to ack() on message b after retry() was already called. "
        "Calling ack() on a message after calling retry() has no effect."
    )
    assert decisions.of("a", succeeded=True) is None
    assert decisions.of("b", succeeded=True) == Retry(5)


def test_a_second_retry_may_change_the_delay() -> None:
    decisions = Decisions()
    decisions.retry("a", 5)
    decisions.retry("a", None)
    assert decisions.of("a", succeeded=True) == Retry(5)
    decisions.retry("a", 7)
    assert decisions.of("a", succeeded=True) == Retry(7)


def test_what_is_said_of_the_batch_is_for_messages_without_a_decision() -> None:
    decisions = Decisions()
    decisions.ack("a")
    decisions.retry("b", None)
    assert decisions.retry_all(30) is None
    assert decisions.of("a", succeeded=True) is None
    assert decisions.of("b", succeeded=True) == Retry(30)
    assert decisions.of("c", succeeded=True) == Retry(30)
    assert "after retryAll() was already called" in (decisions.ack("c") or "")
    assert decisions.ack_all() == (
        "Received a call to ackAll() after retryAll() was already called. "
        "Calling ackAll() after calling retryAll() has no effect."
    )


@pytest.mark.parametrize("succeeded", [True, False])
def test_ack_all_holds_whether_or_not_the_handler_fails(succeeded: bool) -> None:
    decisions = Decisions()
    decisions.retry("b", 1)
    assert decisions.ack_all() is None
    assert decisions.of("a", succeeded=succeeded) is None
    assert decisions.of("b", succeeded=succeeded) == Retry(1), "asked for before"
    assert "after ackAll() was already called" in (decisions.retry("a", None) or "")
    assert "after ackAll() was already called" in (decisions.retry_all(None) or "")
