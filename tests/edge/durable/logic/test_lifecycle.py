"""When objects are put away, and what stands against it."""

from __future__ import annotations

import pytest

from edge.durable.logic.lifecycle import Activity, State, blockers, put_away, rest_s


@pytest.mark.parametrize(
    ("activity", "expected"),
    [
        (Activity(), []),
        (Activity(hibernatable_sockets=3), []),
        (Activity(events=1), ["a request is still running"]),
        (Activity(events=2), ["2 requests are still running"]),
        (Activity(background=1), ["a waitUntil() is pending"]),
        (Activity(plain_sockets=1), ["a WebSocket was accepted without ctx.acceptWebSocket()"]),
        (Activity(loose_tasks=1), ["a timer or an outgoing call is pending"]),
        (
            Activity(background=2, loose_tasks=2),
            ["2 waitUntil() calls are pending", "2 timers or outgoing calls are pending"],
        ),
    ],
)
def test_blockers_say_what_stands_against_hibernation(activity: Activity, expected: list[str]) -> None:
    assert blockers(activity) == expected


@pytest.mark.parametrize(
    ("activity", "chance", "expected"),
    [
        (Activity(), 0.0, 10.0),
        (Activity(hibernatable_sockets=1), 0.9, 10.0),
        (Activity(loose_tasks=1), 0.0, 70.0),
        (Activity(loose_tasks=1), 0.5, 105.0),
        (Activity(events=1), 0.0, None),
        (Activity(background=1), 0.0, None),
        (Activity(plain_sockets=1), 0.0, None),
    ],
)
def test_rest(activity: Activity, chance: float, expected: float | None) -> None:
    assert rest_s(activity, chance) == expected


def test_an_object_with_sockets_hibernates_others_are_evicted() -> None:
    assert put_away(Activity(hibernatable_sockets=1)) is State.HIBERNATED
    assert put_away(Activity(loose_tasks=1)) is State.EVICTED


def test_misuse_is_a_bug_of_ours() -> None:
    with pytest.raises(AssertionError):
        put_away(Activity(events=1))
    with pytest.raises(AssertionError):
        Activity(events=-1)
    with pytest.raises(AssertionError):
        rest_s(Activity(), 1.0)
