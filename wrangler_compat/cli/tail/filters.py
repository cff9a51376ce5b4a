"""Which events a tail is told of: from flags to the API's filters. Pure.

Source: wrangler 4.164, `tail`; spec wrangler.md section 7.6.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from edge.errors import UserError

_OUTCOMES = {
    "ok": ("ok",),
    "canceled": ("canceled",),
    "error": ("exception", "exceededCpu", "exceededMemory", "unknown"),
}
STATUSES = tuple(_OUTCOMES)


@dataclass(frozen=True, slots=True)
class Wanted:
    """What the flags say; nothing given lets everything through."""

    statuses: Sequence[str] = ()
    header: str | None = None
    methods: Sequence[str] = ()
    sampling_rate: float | None = None
    search: str | None = None
    addresses: Sequence[str] = ()
    version_id: str | None = None

    def filters(self) -> list[dict[str, Any]]:
        """As the API takes them. Raises UserError."""
        found: list[dict[str, Any]] = []
        if self.sampling_rate is not None:
            found.append({"sampling_rate": _rate(self.sampling_rate)})
        if self.statuses:
            outcomes = [outcome for status in self.statuses for outcome in _OUTCOMES[status]]
            found.append({"outcome": list(dict.fromkeys(outcomes))})
        if self.methods:
            found.append({"method": list(self.methods)})
        if self.header is not None:
            found.append({"header": _header(self.header)})
        if self.addresses:
            found.append({"client_ip": list(self.addresses)})
        if self.search is not None:
            found.append({"query": self.search})
        if self.version_id is not None:
            found.append({"scriptVersion": self.version_id})
        return found


def _rate(rate: float) -> float:
    if not 0 < rate < 1:
        raise UserError(
            "A sampling rate must be between 0 and 1 in order to have any effect.\n"
            "For example, a sampling rate of 0.25 means 25% of events will be logged."
        )
    return rate


def _header(text: str) -> dict[str, str]:
    key, colon, query = text.partition(":")
    return {"key": key.strip(), "query": query.strip()} if colon else {"key": key.strip()}
