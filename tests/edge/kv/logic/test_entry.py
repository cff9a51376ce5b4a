"""Entries expire at their millisecond, not after it."""

from __future__ import annotations

from edge.kv.logic.entry import ABSENT, Entry


def test_expires_from_the_very_millisecond() -> None:
    entry = Entry(b"v", None, 1000)
    assert not entry.expired(999)
    assert entry.expired(1000)
    assert entry.expired(1001)


def test_lives_for_ever_without_expiration() -> None:
    assert not Entry(b"v").expired(2**62)
    assert not ABSENT.expired(2**62)


def test_an_empty_value_is_not_absence() -> None:
    assert Entry(b"") is not ABSENT
