"""What clients wrote and saw acknowledged, and the rules by which what is stored must agree with it.

Pure: no server, no clock. A write has an id; it was attempted, and perhaps its answer was seen. What is
stored afterwards may hold any attempted write, and must hold every acknowledged one.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field

#: Earliest a handler may run before the time its alarm was set for: clocks count whole milliseconds.
_ALARM_ROUNDING_MS = 1.0


def value_of(key: str) -> str:
    """The value that belongs to a KV key: as long as 4 KB, so that a torn one is seen."""
    return key + "." * (hash_of(key) % 4096)


def hash_of(text: str) -> int:
    """Like `hash`, but the same in every process."""
    return int.from_bytes(text.encode()[-6:], "big") * 2_654_435_761 % 1_000_003


@dataclass(slots=True)
class Journal:
    """The clients' side, over all rounds."""

    attempted: dict[str, set[str]] = field(default_factory=lambda: defaultdict(set))
    acknowledged: dict[str, set[str]] = field(default_factory=lambda: defaultdict(set))
    #: For each counter how often it was asked to add one, and what the answers said.
    adds: dict[str, int] = field(default_factory=lambda: defaultdict(int))
    counts: dict[str, list[int]] = field(default_factory=lambda: defaultdict(list))
    #: Keys that are overwritten again and again with rising numbers: what was tried and what was seen.
    tried: dict[str, int] = field(default_factory=dict)
    seen: dict[str, int] = field(default_factory=dict)
    #: When each acknowledged alarm is due, in ms since the epoch.
    due_ms: dict[str, float] = field(default_factory=dict)

    @property
    def writes(self) -> int:
        """How many acknowledged writes there are to lose."""
        adds = sum(len(counts) for counts in self.counts.values())
        overwrites = sum(self.seen.values())
        return sum(len(ids) for ids in self.acknowledged.values()) + adds + overwrites + len(self.due_ms)


@dataclass(slots=True)
class Stored:
    """The server's side, read back after a restart."""

    counts: dict[str, int] = field(default_factory=dict)
    rows: set[str] = field(default_factory=set)
    left: set[str] = field(default_factory=set)
    right: set[str] = field(default_factory=set)
    values: dict[str, str | None] = field(default_factory=dict)
    fired_ms: dict[str, float] = field(default_factory=dict)


def violations(journal: Journal, stored: Stored) -> list[str]:
    """Every promise that was broken, in words; empty when all is well."""
    return [
        *_sets(journal, stored),
        *_halves(stored),
        *_counters(journal, stored),
        *_values(journal, stored),
        *_overwrites(journal, stored),
        *_alarms(journal, stored),
    ]


def _sets(journal: Journal, stored: Stored) -> list[str]:
    found = []
    for kind, there in (("row", stored.rows), ("pair", stored.left & stored.right)):
        lost = journal.acknowledged[kind] - there
        found += [f"{kind} {write} was acknowledged and is gone" for write in sorted(lost)]
        unknown = there - journal.attempted[kind]
        found += [f"{kind} {write} is stored, but nobody wrote it" for write in sorted(unknown)]
    return found


def _halves(stored: Stored) -> list[str]:
    return [f"half of pair {write} is stored" for write in sorted(stored.left ^ stored.right)]


def _counters(journal: Journal, stored: Stored) -> list[str]:
    found = []
    for name, counts in journal.counts.items():
        if len(set(counts)) != len(counts):
            found.append(f"counter {name} gave the same number twice")
        if stored.counts[name] < max(counts):
            found.append(f"counter {name} is {stored.counts[name]}, {max(counts)} was acknowledged")
    for name, asked in journal.adds.items():
        if stored.counts[name] > asked:
            found.append(f"counter {name} is {stored.counts[name]} after {asked} requests to add one")
    return found


def _values(journal: Journal, stored: Stored) -> list[str]:
    found = []
    for key in sorted(journal.attempted["kv"]):
        value = stored.values[key]
        if value is None and key in journal.acknowledged["kv"]:
            found.append(f"KV key {key} was acknowledged and is gone")
        elif value is not None and value != value_of(key):
            found.append(f"KV key {key} has another value than was put")
    return found


def _overwrites(journal: Journal, stored: Stored) -> list[str]:
    found = []
    for key, tried in journal.tried.items():
        number = int(stored.values[key] or 0)
        if not journal.seen.get(key, 0) <= number <= tried:
            seen = journal.seen.get(key, 0)
            found.append(f"KV key {key} is {number}, not between {seen} (acknowledged) and {tried} (tried)")
    return found


def _alarms(journal: Journal, stored: Stored) -> list[str]:
    found = []
    for alarm, due_ms in journal.due_ms.items():
        fired_ms = stored.fired_ms.get(alarm)
        if fired_ms is None:
            found.append(f"alarm {alarm} was acknowledged and never fired")
        elif fired_ms < due_ms - _ALARM_ROUNDING_MS:
            found.append(f"alarm {alarm} fired {due_ms - fired_ms:.1f} ms early")
    return found
