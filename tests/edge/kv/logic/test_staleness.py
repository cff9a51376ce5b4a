"""Which copies are stale, and for how long."""

from __future__ import annotations

from edge.kv.logic.staleness import CHANGES_KEPT_MAX, Changes


def test_a_copy_is_stale_from_the_first_change_it_missed() -> None:
    changes = Changes()
    changes.note_ttl(60)
    as_of = changes.count
    assert changes.stale_s("k", as_of, 100.0) is None
    changes.changed("k", 110.0)
    changes.changed("k", 120.0)
    assert changes.stale_s("k", as_of, 125.0) == 15.0
    assert changes.stale_s("k", 1, 125.0) == 5.0, "a copy made between the two changes"
    assert changes.stale_s("k", changes.count, 125.0) is None


def test_changes_of_other_keys_do_not_matter() -> None:
    changes = Changes()
    changes.changed("a", 1.0)
    assert changes.stale_s("b", 0, 2.0) is None


def test_changes_that_no_copy_can_miss_are_forgotten() -> None:
    changes = Changes()
    changes.note_ttl(60)
    for second in range(10_000):
        changes.changed(f"key-{second}", float(second))
    assert len(changes) <= 2 * 60 + 2


def test_of_one_key_only_the_last_changes_are_kept() -> None:
    changes = Changes()
    changes.note_ttl(3600)
    for second in range(1000):
        changes.changed("k", float(second))
    assert changes.stale_s("k", 0, 1000.0) == float(CHANGES_KEPT_MAX)
