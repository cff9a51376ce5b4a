"""Ready-made invariants, one file each."""

from __future__ import annotations

from collections.abc import Sequence

from edge.errors import UserError
from edge.simulator.checker import Checker

CHECKERS: dict[str, type[Checker]] = {}


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
