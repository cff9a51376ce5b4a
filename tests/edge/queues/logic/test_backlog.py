"""When a batch is ripe, and what is in it."""

from __future__ import annotations

from edge.queues.logic.backlog import Backlog


def test_a_batch_is_ripe_when_it_is_full_or_its_first_message_has_waited() -> None:
    backlog = Backlog()
    assert backlog.next_look_ms(0, 5000) is None
    backlog.add(1, 0)
    assert not backlog.is_ripe(4999, 2, 5000)
    assert backlog.is_ripe(5000, 2, 5000)
    assert backlog.next_look_ms(0, 5000) == 5000
    backlog.add(2, 100)
    assert not backlog.is_ripe(99, 2, 5000)
    assert backlog.is_ripe(100, 2, 5000)
    assert backlog.take(100, 2) == [1, 2]
    assert not backlog.is_ripe(10_000, 2, 5000)


def test_delayed_messages_come_when_they_are_due_in_the_order_of_that() -> None:
    backlog = Backlog()
    backlog.add(1, 300)
    backlog.add(2, 100)
    backlog.add(3, 100)
    assert backlog.next_look_ms(0, 50) == 100
    assert backlog.take(99, 10) == []
    assert backlog.take(100, 1) == [2]
    assert backlog.next_look_ms(100, 50) == 150, "3 is ready and waits for company"
    assert backlog.next_look_ms(100, 500) == 300, "1 may fill the batch before"
    assert backlog.take(300, 10) == [3, 1]


def test_what_should_have_been_looked_at_before_is_looked_at_now() -> None:
    backlog = Backlog()
    backlog.add(1, 0)
    assert backlog.next_look_ms(9000, 5000) == 9000
