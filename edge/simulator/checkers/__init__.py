"""Ready-made invariants, one file each."""

from __future__ import annotations

from collections.abc import Sequence

from edge.errors import UserError
from edge.simulator.checker import Checker
from edge.simulator.checkers.alarms import Alarms
from edge.simulator.checkers.atomic_groups import AtomicGroups
from edge.simulator.checkers.durable_writes import AcknowledgedWrites
from edge.simulator.checkers.kv_reads import KvReads
from edge.simulator.checkers.messages import Messages
from edge.simulator.checkers.one_turn import OneTurn
from edge.simulator.checkers.streams import Streams

_ALL: tuple[type[Checker], ...] = (
    AcknowledgedWrites,
    AtomicGroups,
    OneTurn,
    Alarms,
    Streams,
    Messages,
    KvReads,
)
CHECKERS = {checker.name: checker for checker in _ALL}


class UnknownChecker(UserError):
    """There is no such ready-made invariant; the message lists those there are."""


def choose_checkers(names: Sequence[str] | None) -> list[type[Checker]]:
    """Checkers by name, all of them for None. Raises UnknownChecker."""
    if names is None:
        return list(CHECKERS.values())
    for name in names:
        if name not in CHECKERS:
            raise UnknownChecker(f'unknown invariant "{name}"; known: {", ".join(CHECKERS)}')
    return [CHECKERS[name] for name in names]
