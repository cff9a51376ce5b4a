"""Deliberate bugs, switched on by name, that prove the checkers: each must be caught."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from edge.errors import UserError
from edge.simulator.seams import Seams

#: Breaks something in the runtime for the time of a run.
Bug = Callable[[Seams], None]

SABOTAGE: dict[str, Bug] = {}


class UnknownSabotage(UserError):
    """There is no such deliberate bug; the message lists those there are."""


def known_sabotage(names: Sequence[str]) -> tuple[str, ...]:
    """The names, if all are known. Raises UnknownSabotage."""
    for name in names:
        if name not in SABOTAGE:
            raise UnknownSabotage(f'unknown sabotage "{name}"; known: {", ".join(SABOTAGE)}')
    return tuple(names)


def apply_sabotage(seams: Seams, names: Sequence[str]) -> None:
    """Switch bugs on. Raises UnknownSabotage."""
    for name in known_sabotage(names):
        SABOTAGE[name](seams)
