"""All objects of one Durable Object class.

Source: spec durable-objects.md sections 1 and 4, wrangler.md section 5.
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

from edge.config import WorkerConfig
from edge.durable.actor import Actor
from edge.durable.alarms import AlarmScheduler
from edge.durable.distance import Homes
from edge.durable.ids import DurableObjectId, IdFactory
from edge.durable.logic.lifecycle import State
from edge.durable.namespace import DurableObjectNamespace
from edge.durable.open_files import OpenFiles
from edge.durable.slot import CODE_UPDATED, Slot
from edge.errors import EmulatorError
from edge.http.host import Host
from edge.http.response import Response
from edge.js.errors import error
from edge.kernel.clock import Clock
from edge.kernel.random import RandomStreams
from edge.kernel.spans import Tracer
from edge.worker.dialect import Dialect

if TYPE_CHECKING:
    from edge.js.proxy import JsProxy
    from edge.network.faults.faults import Faults
    from edge.network.network import Network

_OBJECT_FILE = re.compile(r"([0-9a-f]{64})\.sqlite")


class Code(Protocol):
    """The loaded code that the objects run (`edge.worker.isolate.Isolate`)."""

    dialect: Dialect
    env: Any
    config: WorkerConfig
    host: Host
    loopback: Any

    def durable_class(self, name: str) -> type | None: ...


class DurableHost:
    """The objects of a class, their files and their alarms."""

    def __init__(
        self,
        class_name: str,
        *,
        unique_key: str,
        sqlite: bool,
        directory: Path | None,
        clock: Clock,
        random: RandomStreams,
        durability: str = "full",
        network: Network | None = None,
        faults: Faults | None = None,
        tracer: Tracer | None = None,
    ) -> None:
        """`unique_key` is `<worker>-<Class>`, `directory` the state directory (None: in memory, kept as
        long as the host), `durability` `full` or `relaxed`. The code comes with `reload`: bindings exist
        before the code that uses them."""
        assert durability in ("full", "relaxed"), durability
        self.class_name = class_name
        self.unique_key = unique_key
        self.sqlite = sqlite
        self.clock = clock
        self.tracer = tracer
        self.synchronous = "FULL" if durability == "full" else "NORMAL"
        #: For tests: called in the place of each commit, may raise OSError to make it fail.
        self.commit_hook: Callable[[], None] | None = None
        #: Makes the `ctx.container` of an object, by its id and name; None for a class without containers.
        self.container: Callable[[str, str | None], JsProxy] | None = None
        #: Whether `close` was called.
        self.closing = False
        self._started = False
        self._isolate: Code | None = None
        self._directory = None if directory is None else directory / "v3" / "do" / unique_key
        self._random = random
        self._label = f"durable:{unique_key}"
        self._ids = IdFactory(unique_key)
        self._slots: dict[str, Slot] = {}
        self.open_files = OpenFiles()
        table = None if self._directory is None else self._directory / "metadata.sqlite"
        self.alarms = AlarmScheduler(self, table)
        self.network = network
        self.faults = faults
        self.homes = None if network is None else Homes(network, self._label)

    @property
    def isolate(self) -> Code:
        """The code that the next actors run."""
        if self._isolate is None:
            raise EmulatorError(f"{self.class_name} has no code yet: DurableHost.reload() was never called")
        return self._isolate

    def namespace(self) -> DurableObjectNamespace:
        """The binding that Workers get."""
        return DurableObjectNamespace(self, self._ids)

    async def start(self) -> None:
        """Arm the alarms that were set before the last stop; once in the life of a host."""
        if not self._started:
            self._started = True
            self.alarms.start()

    async def close(self, grace_s: float = 30.0) -> None:
        """Let events and background work finish, at most `grace_s`; then close the files. Sockets are
        cut, what runs longer ends where it stands."""
        self.closing = True
        self.alarms.close()
        slots = list(self._slots.values())
        busy = [slot.actor for slot in slots if slot.actor is not None and slot.actor.busy]
        if busy:
            await self._finish(busy, grace_s)
        await asyncio.gather(*(slot.settled() for slot in slots), return_exceptions=True)
        for slot in slots:
            slot.shut_down(error(CODE_UPDATED, durableObjectReset=True))
        in_flight = [slot.ending for slot in slots if slot.ending is not None]
        await asyncio.gather(*in_flight, return_exceptions=True)
        for slot in slots:
            slot.database.close()

    async def _finish(self, actors: list[Actor], grace_s: float) -> None:
        ends = [actor.retire() for actor in actors]

        def stop_waiting() -> None:
            for end in ends:
                end.cancel()

        timer = self.clock.call_at(self.clock.now() + grace_s, stop_waiting)
        await asyncio.gather(*ends, return_exceptions=True)
        timer.cancel()

    async def reload(self, isolate: Code) -> None:
        """Run this code from the next event of each object on. Events under way have 30 seconds to finish
        with the old; data and hibernatable sockets stay, ordinary sockets are cut."""
        self._isolate = isolate
        for slot in list(self._slots.values()):
            slot.replace()

    # -- objects

    def slot(self, object_id: DurableObjectId) -> Slot:
        """The place of an object, whether or not it is in memory."""
        hex_id = str(object_id)
        slot = self._slots.get(hex_id)
        if slot is None:
            slot = self._slots[hex_id] = Slot(self, object_id)
        return slot

    def actor(self, object_id: DurableObjectId) -> Actor:
        """The object in memory. Raises TypeError for an id of another namespace."""
        slot = self._slots.get(object_id._hex)
        if slot is None:
            self._ids.require(object_id)
            slot = self.slot(object_id)
        return slot.actor or slot.current(object_id)

    def put_away(self, slot: Slot) -> None:
        """An object left memory; a place with nothing in it is given up."""
        if self._directory is not None and not len(slot.sockets):
            self._slots.pop(str(slot.id), None)

    def ids(self) -> list[str]:
        """Ids of all objects that are in memory or have stored something."""
        found = dict.fromkeys(self._slots)
        if self._directory is not None and self._directory.is_dir():
            names = sorted(path.name for path in self._directory.iterdir())
            found |= dict.fromkeys(match[1] for name in names if (match := _OBJECT_FILE.fullmatch(name)))
        return list(found)

    def name_of(self, hex_id: str) -> str | None:
        """The name an object was called by; None when it has none, or is not in memory."""
        slot = self._slots.get(hex_id)
        return None if slot is None else slot.id.name

    def state(self, hex_id: str) -> State:
        slot = self._slots.get(hex_id)
        return State.EVICTED if slot is None else slot.state

    def blockers(self, hex_id: str) -> list[str]:
        """Why an object does not hibernate, in words; empty when nothing stands against it."""
        slot = self._slots.get(hex_id)
        return [] if slot is None else slot.blockers()

    def evict(self, hex_id: str) -> bool:
        """Put an object away now; False when it is at work, has writes to commit or is not in memory."""
        slot = self._slots.get(hex_id)
        if slot is None or slot.actor is None or slot.actor.activity().at_work:
            return False
        if slot.actor.broken is None and slot.actor.commits.pending() is not None:
            return False
        slot.put_away()
        return True

    async def run_alarm(self, hex_id: str) -> bool:
        """Run an object's alarm handler now; False when no alarm is set."""
        slot = self._slots.get(hex_id)
        return await self.alarms.ring_now(self._ids.from_string(hex_id) if slot is None else slot.id)

    def returned(self, object_id: DurableObjectId, response: Response) -> None:
        """An object answered: a socket it accepted the ordinary way keeps it in memory."""
        client = response._web_socket
        if client is not None and (server := client._peer) is not None and not server._hibernatable:
            self.slot(object_id).opened(server)

    # -- what objects need

    def database_path(self, hex_id: str) -> Path | None:
        return None if self._directory is None else self._directory / f"{hex_id}.sqlite"

    @property
    def delete_all_deletes_alarm(self) -> bool:
        return self.isolate.config.has_flag("delete_all_deletes_alarm", "2026-02-24")

    def random_id_bytes(self) -> bytes:
        return self._random.bytes(f"{self._label}:ids", 16)

    def chance(self, purpose: str) -> float:
        """Uniform in [0, 1)."""
        return self._random.stream(f"{self._label}:{purpose}").random()
