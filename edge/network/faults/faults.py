"""The faults of a world: asked at each point where something can go wrong, and keeping account.

Each fault that happens is an event `fault` in the trace, and stands in `log` and `counts`.
"""

from __future__ import annotations

from collections import Counter, deque
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any, NamedTuple

from edge.js.errors import JsException
from edge.kernel.clock import Clock
from edge.kernel.random import RandomStreams
from edge.kernel.spans import event
from edge.network.errors import FaultError
from edge.network.faults.fault import Fault
from edge.network.faults.kinds import KINDS, OF_PLACES
from edge.network.faults.script import FaultTable, make_faults, read_script
from edge.network.network import Network, connection_lost
from edge.network.places import Place, nearest, places

LOG_MAX = 10_000

Script = str | Path | Iterable[FaultTable]


class Happened(NamedTuple):
    """A fault that hit somebody."""

    at_s: float  # seconds since the epoch
    kind: str
    what: str


class Faults:
    """Scripted faults, on the world's clock and from its seed (`edge.network.network.Conditions`)."""

    def __init__(
        self, random: RandomStreams, clock: Clock, script: Script = (), *, placed: bool = True
    ) -> None:
        """`script` is a file or the tables of one, `placed` says whether the world has places. Raises
        FaultError."""
        self._placed = placed
        self._random = random
        self.clock = clock
        self._by_kind: dict[str, list[Fault]] = {kind: [] for kind in KINDS}
        self._count = 0
        #: Told of each fault that is added later.
        self.on_added: list[Callable[[Fault], None]] = []
        #: The last faults that happened, and how many there were of each kind.
        self.log: deque[Happened] = deque(maxlen=LOG_MAX)
        self.counts: Counter[str] = Counter()
        if isinstance(script, (str, Path)):
            self._take(read_script(Path(script)), Path(script))
        else:
            self._take(script, None)

    @property
    def quiet(self) -> bool:
        """Whether nothing was ever asked to go wrong: then nothing needs to be asked."""
        return not self._count

    def any_of(self, *kinds: str) -> bool:
        """Whether there are faults of these kinds, in force or not."""
        return any(self._by_kind[kind] for kind in kinds)

    @property
    def clients_leave(self) -> bool:
        """Whether clients may go away."""
        return bool(self._by_kind["client_disconnect"])

    def add(self, kind: str, **options: Any) -> Fault:
        """Let a fault happen; its times count from now. The options are the script's, with `lasts` for its
        `for` and `of_class` for its `class`. Raises FaultError."""
        renamed = {_KEYWORDS.get(key, key): value for key, value in options.items()}
        (fault,) = self._take([{"kind": kind, **renamed}], None)
        for told in list(self.on_added):
            told(fault)
        return fault

    def of_kind(self, kind: str) -> list[Fault]:
        """The faults of a kind, in force or not."""
        return self._by_kind[kind]

    def _take(self, tables: Iterable[FaultTable], file: Path | None) -> list[Fault]:
        made = make_faults(tables, self.clock.now(), self._random, first=self._count + 1, file=file)
        for fault in made:
            if not self._placed and fault.kind in OF_PLACES:
                reason = f'the fault "{fault.kind}" needs places: give the world a latency profile'
                raise FaultError(reason, file=file)
        self._count += len(made)
        for fault in made:
            self._by_kind[fault.kind].append(fault)
        return made

    def tell(self, kind: str, what: str) -> None:
        """A fault hit `what`."""
        self.counts[kind] += 1
        self.log.append(Happened(self.clock.now(), kind, what))
        event("fault", kind=kind, what=what)

    # -- on the way

    def between(self, source: str, target: str) -> tuple[float, float, JsException | None]:
        """Seconds on top, the chance that a message is lost, and why none gets through (None: they do)."""
        if self._cut(source, target):
            return 0.0, 0.0, connection_lost()
        now_s = self.clock.now()
        extra_s = 0.0
        for fault in self._by_kind["delay"]:
            if fault.in_force(now_s) and fault.joins(source, target):
                extra_s += fault.options["extra"]
                self.tell("delay", f"{source} → {target}")
        kept = 1.0
        for fault in self._by_kind["loss"]:
            if fault.in_force(now_s) and fault.joins(source, target):
                kept *= 1.0 - fault.options["probability"]
        return extra_s, 1.0 - kept, None

    def cut(self, source: str, target: str) -> JsException | None:
        """Why a message that is due now does not arrive; None when it does."""
        return connection_lost() if self._cut(source, target) else None

    def lost(self, source: str, target: str) -> None:
        """A message was lost and has to be sent again."""
        self.tell("loss", f"{source} → {target}")

    def _cut(self, source: str, target: str) -> bool:
        now_s = self.clock.now()
        for fault in self._by_kind["partition"]:
            if fault.in_force(now_s) and fault.joins(source, target):
                self.tell("partition", f"{source} → {target}")
                return True
        for place in (source, target):
            if self.down(place):
                self.tell("place_down", place)
                return True
        return False

    # -- places

    def down(self, place: str) -> bool:
        """Whether a place does not answer."""
        now_s = self.clock.now()
        return any(
            fault.in_force(now_s) and fault.options["place"] == place for fault in self._by_kind["place_down"]
        )

    def outages(self, place: str) -> int:
        """How often a place went down until now: what was in its memory before is gone."""
        now_s = self.clock.now()
        return sum(
            fault.window.begun(now_s)
            for fault in self._by_kind["place_down"]
            if fault.options["place"] == place
        )

    def reachable(self, place: Place) -> Place:
        """Where a client near `place` gets in: the nearest place that answers, as anycast leads it."""
        if not self._by_kind["place_down"] or not self.down(place.code):
            return place
        self.tell("place_down", place.code)
        return nearest(place, tuple(other for other in places().values() if not self.down(other.code)))

    # -- objects, storage, clients

    def strikes(self, kind: str, what: str, **given: str | tuple[str, ...] | None) -> Fault | None:
        """The fault of this kind that hits now what has these properties, if there is one. It is told as a
        fault of `what`."""
        candidates = self._by_kind[kind]
        if not candidates:
            return None
        now_s = self.clock.now()
        for fault in candidates:
            if fault.names(given) and fault.strikes(now_s):
                self.tell(kind, what)
                return fault
        return None


#: Script keys that are Python keywords.
_KEYWORDS = {"lasts": "for", "of_class": "class"}


def open_faults(
    choice: Faults | Script | None, random: RandomStreams, clock: Clock, network: Network | None
) -> Faults | None:
    """The faults that were asked for, at work in `network`; None for none. Raises FaultError."""
    if choice is None:
        return None
    faults = choice
    if not isinstance(faults, Faults):
        faults = Faults(random, clock, faults, placed=network is not None)
    if network is not None:
        network.conditions = faults
    return faults
