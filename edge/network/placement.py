"""Where Durable Objects live: near whoever touches them first, or near a hint, and then for good.

An object is placed when it is first called, in the place nearest to the caller that hosts objects. A
location hint narrows the choice to its region; of a region that hosts none, the objects go to the region
that Cloudflare uses instead. Later hints change nothing, nor does anything else: objects do not move.

Sources: spec durable-objects.md section 1 (Cloudflare: data location); where.durableobjects.live of
2026-01-04 (objects hinted to sam, me and afr answer as far away as those hinted to enam, eeur and weur).
"""

from __future__ import annotations

from typing import Final

from edge.network.places import HINTS, Place, find_place, nearest, places

#: Regions without hosts, and where their objects are put.
_INSTEAD: Final = {"sam": "enam", "me": "eeur", "afr": "weur"}


#: Where buckets and databases with a location hint are: one place for each region that has storage.
_STORES: Final = {"wnam": "SJC", "enam": "IAD", "weur": "AMS", "eeur": "WAW", "apac": "SIN", "oc": "SYD"}


def home_of(location: str) -> str:
    """The place of a bucket or a database: `location` is its hint, or a place's code or city. Raises
    UnknownPlace."""
    return _STORES.get(location) or find_place(location).code


class Placement:
    """The places that host objects, and who lives where."""

    def __init__(self, hosts: tuple[str, ...]) -> None:
        """`hosts` are codes of places; empty means that every place hosts objects."""
        known = places()
        self._hosts = tuple(known[code] for code in hosts) if hosts else tuple(known.values())
        self._homes: dict[str, str] = {}

    def home(self, object_key: str) -> str | None:
        """Where an object lives; None when it was never touched."""
        return self._homes.get(object_key)

    def settle(self, object_key: str, caller: str, hint: str | None = None) -> str:
        """Where an object lives, from now on if not before. An unknown hint is ignored, as on the
        platform (corrections, durable-objects 1)."""
        home = self._homes.get(object_key)
        if home is None:
            home = self._homes[object_key] = self._choose(find_place(caller), hint)
        return home

    def _choose(self, caller: Place, hint: str | None) -> str:
        regions = HINTS.get(hint or "", ())
        hosts = self._in(regions) or self._in(tuple(_INSTEAD.get(region, region) for region in regions))
        return nearest(caller, hosts or self._hosts).code

    def _in(self, regions: tuple[str, ...]) -> tuple[Place, ...]:
        return tuple(place for place in self._hosts if place.region in regions)
