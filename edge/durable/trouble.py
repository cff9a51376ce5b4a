"""What befalls one object: scripted crashes, evictions, commits that fail or are slow, and what the
latency profile says of commits.

Source: `docs/faults.md`; `docs/latency-model.md`.
"""

from __future__ import annotations

import errno
from typing import TYPE_CHECKING

from edge.js.errors import JsException

if TYPE_CHECKING:
    from edge.durable.slot import Slot
    from edge.network.faults.fault import Fault
    from edge.network.faults.faults import Faults


class Trouble:
    """Asked by one life of an object at the points where something can go wrong."""

    __slots__ = ("_class_name", "_faults", "_names", "_outages", "_slot")

    def __init__(self, slot: Slot) -> None:
        self._slot = slot
        self._faults: Faults | None = slot.host.faults
        self._class_name = slot.host.class_name
        name = slot.id.name
        self._names = (str(slot.id),) if name is None else (name, str(slot.id))
        self._outages = self._count_outages()

    @classmethod
    def of(cls, slot: Slot) -> Trouble | None:
        """None where nothing goes wrong and commits take no modelled time."""
        network = slot.host.network
        slow_commits = network is not None and network.profile.durable.commit.high > 0
        return cls(slot) if slow_commits or slot.host.faults is not None else None

    def commit(self) -> tuple[float, OSError | None]:
        """How many seconds a commit takes beside the disk, and why it fails (None: it does not)."""
        delay_s = self._commit_s()
        if self._faults is None or self._faults.quiet:
            return delay_s, None
        slow = self._strikes("commit_slow")
        if slow is not None:
            delay_s += slow.options["extra"]
        failed = self._strikes("commit_fails") is not None
        return delay_s, OSError(errno.EIO, "disk I/O error") if failed else None

    def crashed(self) -> JsException | None:
        """Why the object ends now, where its code would go on; None when it goes on."""
        if self._faults is None or self._faults.quiet:
            return None
        home = self._home()
        if (home is not None and self._faults.down(home)) or self._strikes("crash") is not None:
            return machine_lost()
        return None

    def forgot(self) -> JsException | None:
        """Why the object is no longer in memory, though nobody noticed: its place was down meanwhile."""
        if self._faults is None or self._faults.quiet:
            return None
        return machine_lost() if self._count_outages() != self._outages else None

    def evicted(self) -> bool:
        """Whether the object is put away now that it rests."""
        faults = self._faults
        return faults is not None and not faults.quiet and self._strikes("evict") is not None

    def _strikes(self, kind: str) -> Fault | None:
        assert self._faults is not None
        what = f"{self._class_name} {self._names[0]}"
        return self._faults.strikes(kind, what, **{"class": self._class_name, "object": self._names})

    def _commit_s(self) -> float:
        network = self._slot.host.network
        if network is None or not network.profile.durable.commit.high:
            return 0.0
        return network.draw_s(f"commit:{self._class_name}", network.profile.durable.commit)

    def _home(self) -> str | None:
        homes = self._slot.host.homes
        return None if homes is None else homes.home(self._slot.id)

    def _count_outages(self) -> int:
        home = self._home()
        return 0 if home is None or self._faults is None else self._faults.outages(home)


def machine_lost() -> JsException:
    """What callers see of an object whose machine stopped."""
    return JsException("Error", "Network connection lost.", retryable=True, durableObjectReset=True)
