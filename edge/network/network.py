"""The network of a world: what it takes to get from one place to another.

The latency of a pair of places is drawn once per world from its seed and kept, jitter is drawn for each
message. Drawing anew for each message would hide what a link that is always slow does to a design. Each
draw comes from a random stream of its own (`link:AMS:SYD`, `jitter:AMS:SYD`), so that what one pair sees
does not depend on what others send.

Source: `docs/latency-model.md`.
"""

from __future__ import annotations

from pathlib import Path
from typing import Protocol

from edge.js.errors import JsException
from edge.kernel.clock import Clock
from edge.kernel.random import RandomStreams
from edge.kernel.spans import modelled_span
from edge.network.here import here
from edge.network.line import Line, Way
from edge.network.placement import Placement
from edge.network.places import Place, distance_km, places
from edge.network.profile import CONTAINER_PHASES, Profile, load_profile
from edge.network.spread import Spread

CLIENT = "client"
_MS = 1e-3


class Conditions(Protocol):
    """What can go wrong on the way (`edge.network.faults`)."""

    def between(self, source: str, target: str) -> tuple[float, float, JsException | None]:
        """Seconds on top, the chance that a message is lost, and why none gets through (None: they do)."""
        ...

    def cut(self, source: str, target: str) -> JsException | None:
        """Why a message that is due now does not arrive; None when it does."""
        ...

    def lost(self, source: str, target: str) -> None:
        """A message was lost and has to be sent again."""
        ...

    def reachable(self, place: Place) -> Place:
        """Where a client near `place` gets in."""
        ...

    def down(self, place: str) -> bool:
        """Whether a place does not answer."""
        ...


class Network:
    """Places, links and what is drawn for them."""

    def __init__(self, profile: Profile, random: RandomStreams, clock: Clock) -> None:
        self.profile = profile
        self.clock = clock
        self.placement = Placement(profile.durable.hosts)
        self.conditions: Conditions | None = None
        self._random = random
        self._ways_ms: dict[tuple[str, str], float] = {}
        self._running: dict[tuple[str, str], float] = {}

    def here(self) -> str:
        """The place of the code that runs now."""
        return here.get() or self.profile.default_place

    # -- latencies

    def way_ms(self, source: str, target: str) -> float:
        """One direction between two places, without jitter: the same both ways, and always."""
        pair = (source, target) if source <= target else (target, source)
        found = self._ways_ms.get(pair)
        if found is None:
            found = self._ways_ms[pair] = self._draw_way_ms(*pair)
        return found

    def round_trip_s(self, source: str, target: str) -> float:
        """There and back, without jitter."""
        return 2 * self.way_ms(source, target) * _MS

    def draw_s(self, what: str, spread: Spread) -> float:
        """One duration from `spread`; `what` names the random stream."""
        return spread.draw(self._random.stream(f"draw:{what}")) * _MS

    def phase_s(self, phase: str) -> float:
        """How long a container takes for `phase` (one of `CONTAINER_PHASES`); 0 where the profile does not
        say."""
        assert phase in CONTAINER_PHASES, phase
        spread = self.profile.container.get(phase)
        return 0.0 if spread is None else self.draw_s(f"container.{phase}", spread)

    def _draw_way_ms(self, one: str, other: str) -> float:
        links = self.profile.links
        if one == other:
            return links.base_ms
        known = places()
        detour = max(1.0, links.detour.draw(self._random.stream(f"link:{one}:{other}")))
        return links.base_ms + distance_km(known[one], known[other]) * links.fibre_us_per_km * _MS * detour

    # -- on the way

    async def travel(self, source: str, target: str, *, what: str = "message") -> None:
        """Let the time pass that one message takes. Raises `Network connection lost.` (retryable) when
        it does not get through."""
        with modelled_span("network.hop", source=source, target=target, what=what):
            delay_s, doomed = self.depart(source, target)
            await self.clock.sleep(delay_s)
            reason = doomed or self.arrive(source, target)
        if reason is not None:
            raise reason

    def way(self, source: str, target: str, what: str) -> Way:
        """A connection, which keeps the order of messages."""
        return Way(Line(self, source, target, what), Line(self, target, source, what))

    def client_way(self, place: str) -> Way:
        """A client's connection to its nearest place; its last mile is drawn now and kept."""
        last_mile_ms = self.profile.client.last_mile.draw(self._random.stream(f"client:{place}"))
        return Way(
            Line(self, CLIENT, place, "request", last_mile_ms),
            Line(self, place, CLIENT, "response", last_mile_ms),
        )

    def depart(
        self, source: str, target: str, last_mile_ms: float | None = None
    ) -> tuple[float, JsException | None]:
        """How many seconds a message that leaves now is on its way, and why it will not arrive (None: it
        will). Losses are made good by sending again, until patience ends."""
        if last_mile_ms is None:
            way_ms, jitter = self.way_ms(source, target), self.profile.links.jitter
        else:
            way_ms, jitter = last_mile_ms, self.profile.client.jitter
        delay_ms = way_ms + self._jitter_ms(source, target, jitter)
        if self.conditions is None:
            return delay_ms * _MS, None
        return self._through(self.conditions, source, target, delay_ms * _MS)

    def arrive(self, source: str, target: str) -> JsException | None:
        """Why a message that is due now does not arrive after all; None when it does."""
        if self.conditions is None:
            return None
        return self.conditions.cut(source, target)

    def _through(
        self, conditions: Conditions, source: str, target: str, delay_s: float
    ) -> tuple[float, JsException | None]:
        extra_s, loss, reason = conditions.between(source, target)
        delay_s += extra_s
        if reason is not None or not loss:
            return delay_s, reason
        generator = self._random.stream(f"loss:{source}:{target}")
        wait_s = self.profile.links.retransmit_ms * _MS
        for _ in range(_TRIES_MAX):
            if generator.random() >= loss:
                return delay_s, None
            conditions.lost(source, target)
            delay_s += wait_s
            wait_s *= 2
        return delay_s, connection_lost()

    def _jitter_ms(self, source: str, target: str, spread: Spread) -> float:
        if not spread.high:
            return 0.0
        return spread.draw(self._random.stream(f"jitter:{source}:{target}"))

    # -- starting

    async def worker_ready(self, worker: str, place: str) -> None:
        """Wait for a Worker to start in a place where it does not run yet."""
        start = self.profile.worker
        key = (worker, place)
        now_s = self.clock.now()
        used_s = self._running.get(key)
        cold = used_s is None or now_s - used_s > start.idle_s
        self._running[key] = now_s
        if cold and start.cold_start.high:
            with modelled_span("worker.cold_start", worker=worker, place=place):
                await self.clock.sleep(self.draw_s(f"worker:{worker}:{place}", start.cold_start))
            self._running[key] = self.clock.now()


_TRIES_MAX = 6  # 0.2 + 0.4 + … + 6.4 s: about when TCP stacks and users give up


def connection_lost() -> JsException:
    """What a caller sees of a way that broke."""
    return JsException("Error", "Network connection lost.", retryable=True)


def open_network(
    choice: Network | Profile | str | Path | None, random: RandomStreams, clock: Clock
) -> Network | None:
    """The network that was asked for: itself, of a profile, or of a profile's name or file; None for none.

    Raises UnknownProfile and ProfileError.
    """
    if choice is None or isinstance(choice, Network):
        return choice
    profile = choice if isinstance(choice, Profile) else load_profile(choice)
    return None if profile is None else Network(profile, random, clock)
