"""Every span and event name in use, with what it stands for and its tags.

docs/tracing.md lists the same; a test holds the two, and the calls in the code, together.
"""

from __future__ import annotations

from typing import NamedTuple


class Kind(NamedTuple):
    """What a name means and which tags may come with it."""

    meaning: str
    tags: tuple[str, ...] = ()


SPANS: dict[str, Kind] = {
    "network.hop": Kind("One way between two places", ("source", "target", "what", "fault")),
}

EVENTS: dict[str, Kind] = {
    "fault": Kind("A fault was injected", ("kind", "what")),
}
