"""KV's model of distance: what the latency profile says of hot reads, cold reads and writes; and its faults.

Source: `docs/latency-model.md`; `docs/faults.md`.
"""

from __future__ import annotations

from edge.http.status import STATUS_TEXTS
from edge.kernel.spans import modelled_span
from edge.kv.logic.refusal import KvRefused
from edge.kv.places import Leg
from edge.network.faults.fault import Fault
from edge.network.faults.faults import Faults
from edge.network.network import Network
from edge.network.places import find_place, nearest, places
from edge.network.spread import Spread


class KvPlaces:
    """`edge.kv.places.PlaceModel` over a Network."""

    __slots__ = ("_centres", "_network", "_shares")

    def __init__(self, network: Network) -> None:
        kv = network.profile.kv
        self._network = network
        self._centres = tuple(places()[code] for code in kv.centres)
        #: What storage itself takes, beside the way.
        self._shares: dict[Leg, Spread] = {
            Leg.CACHE: kv.hot,
            Leg.REGION: kv.regional,
            Leg.READ: kv.cold,
            Leg.WRITE: kv.write,
        }

    def here(self) -> str:
        """The place of the invocation that runs now."""
        return self._network.here()

    def region(self, place: str) -> str | None:
        """The region whose places share a second cache with `place`; None when there is no such cache."""
        return find_place(place).region if self._network.profile.kv.regional_tier else None

    async def travel(self, place: str, leg: Leg) -> None:
        """Let the time pass that `leg` takes. Raises JsException when a fault cuts the way."""
        share = self._shares.get(leg)
        if share is not None:
            await self._wait(place, leg, share)
        elif self._centres:
            centre = self._centre(place)
            source, target = (centre, place) if leg is Leg.FROM_CENTRE else (place, centre)
            await self._network.travel(source, target, what="kv")

    def _centre(self, place: str) -> str:
        """The nearest central store that answers; when none does, the nearest one."""
        conditions = self._network.conditions
        up = (
            () if conditions is None else tuple(one for one in self._centres if not conditions.down(one.code))
        )
        return nearest(find_place(place), up or self._centres).code

    async def _wait(self, place: str, leg: Leg, share: Spread) -> None:
        if share.high:
            with modelled_span("kv.storage", place=place, what=leg.value):
                await self._network.clock.sleep(self._network.draw_s(f"kv:{leg.value}:{place}", share))


class KvTrouble:
    """What may refuse operations on one namespace (`edge.kv.namespace.Trouble`)."""

    __slots__ = ("_faults", "_names")

    def __init__(self, faults: Faults, names: tuple[str, ...]) -> None:
        """`names` are the namespace's id and its binding."""
        self._faults = faults
        self._names = names

    @property
    def possible(self) -> bool:
        return self._faults.any_of("kv_error", "kv_rate_limit")

    def meet(self, operation: str) -> None:
        """Raises KvRefused when a fault strikes."""
        failed = self._strikes("kv_error", operation)
        if failed is not None:
            status = failed.options.get("status", 500)
            raise KvRefused(status, failed.options.get("text", STATUS_TEXTS.get(status, "Internal Error")))
        if operation in _WRITES and self._strikes("kv_rate_limit", operation) is not None:
            raise KvRefused(429, "Too Many Requests")

    def _strikes(self, kind: str, operation: str) -> Fault | None:
        what = f"{self._names[0]} {operation}"
        return self._faults.strikes(kind, what, namespace=self._names, operation=operation)


_WRITES = ("put", "delete")
