"""The place of one object in its namespace: what stays while its actors come and go.

The slot holds the database, the hibernatable sockets and, while the object is in memory, its actor. It
decides when an actor that has nothing to do is put away.

Source: spec durable-objects.md section 4, corrections section 3; recording `constructor_fails`.
"""

from __future__ import annotations

import asyncio
import logging
from functools import partial
from typing import TYPE_CHECKING

import apsw

from edge.durable.actor import Actor
from edge.durable.alarm_event import AlarmEvent, Rang
from edge.durable.database import Database
from edge.durable.hibernation import HibernatableSockets
from edge.durable.ids import DurableObjectId
from edge.durable.logic.alarm import Outcome
from edge.durable.logic.lifecycle import HIBERNATE_AFTER_S, State, blockers, rest_s
from edge.durable.sql_errors import internal_error
from edge.durable.traced import TracedActor
from edge.http.websocket import WebSocket
from edge.js.errors import JsException, error
from edge.kernel.clock import Timer

if TYPE_CHECKING:
    from edge.durable.host import DurableHost

_log = logging.getLogger("edge.durable")
_CLOSED = 3
#: What events of replaced code are given ("Durable Object lifecycle"; spec durable-objects.md section 4).
REPLACED_LIMIT_S = 30.0
CODE_UPDATED = "Durable Object reset because its code was updated."
_INSTANT_S = 1e-6  # sums of floats sit a hair below the moment they mean


class Slot:
    """One object, in memory or not."""

    __slots__ = (
        "_chance",
        "_kept_broken",
        "_plain",
        "_predecessor_ends",
        "_replaced",
        "_rests_since_s",
        "_timer",
        "actor",
        "database",
        "host",
        "id",
        "sockets",
    )

    def __init__(self, host: DurableHost, object_id: DurableObjectId) -> None:
        self.host = host
        self.id = object_id
        self.database = Database(host.database_path(str(object_id)), synchronous=host.synchronous)
        if self.database.path is not None:
            self.database.on_open = self._file_opened
        self.sockets = HibernatableSockets(self)
        self.actor: Actor | None = None
        self._plain: list[WebSocket] = []
        self._predecessor_ends: asyncio.Future[None] | None = None
        self._replaced: list[Actor] = []  # they have the code of before, and still work
        self._timer: Timer | None = None
        self._rests_since_s = 0.0
        self._chance = 0.0
        self._kept_broken = False

    def current(self, object_id: DurableObjectId | None = None) -> Actor:
        """The object's actor; a new one when there is none. `object_id` is the id it was called by, which
        may bring the name."""
        actor = self.actor
        if actor is None:
            if object_id is not None:
                self.id = object_id
            end, self._predecessor_ends = self._predecessor_ends, None
            if end is not None and end.done():
                end = None
            if self.host.homes is not None:
                end = self.host.homes.awake(self.id, end)
            make = Actor if self.host.tracer is None else TracedActor
            actor = self.actor = make(self, end)
            self._kept_broken = False
        return actor

    async def ring(self, event: AlarmEvent) -> Rang:
        """Deliver an alarm."""
        actor = self.current()
        try:
            rang: Rang = await actor.deliver(event)
        except JsException as failure:
            if not self.host.closing:  # else its end is no failure
                _log.error("alarm of %s %s failed", self.host.class_name, self.id, exc_info=failure)
            return Rang(Outcome.FAILED if actor.state.retries_alarm else Outcome.ABANDONED)
        return rang

    def keep_broken(self, actor: Actor) -> None:
        """The constructor failed: callers get its error, without another try, until the object rests."""
        assert actor is self.actor, "only the current actor constructs"
        self._kept_broken = True

    def broke(self, actor: Actor) -> None:
        """An actor was reset: the next call begins a new one from the last durable state."""
        if actor is not self.actor:  # replaced: the sockets are its successor's
            return
        self.sockets.drop_all()
        self._drop_plain()
        if self._kept_broken:
            return
        self.actor = None
        self._predecessor_ends = actor.commits.in_flight

    def replace(self) -> None:
        """The code changed: the next event begins a new actor, once the old one has finished its work, or has
        had its time: what it waits for may itself be waiting for the new one."""
        actor, self.actor = self.actor, None
        if actor is None:
            return
        self._drop_plain()
        self._predecessor_ends = end = actor.retire()
        if not end.done():
            self._replaced.append(actor)
            clock = self.host.clock
            cut_off = partial(actor.break_, error(CODE_UPDATED, durableObjectReset=True))
            timer = clock.call_at(clock.now() + REPLACED_LIMIT_S, cut_off)
            end.add_done_callback(lambda _: timer.cancel())
            end.add_done_callback(lambda _: self._replaced.remove(actor))

    # -- rest

    def record_alarm(self, when_ns: int | None) -> None:
        """An alarm is about to be set by a commit."""
        if when_ns is not None:
            self.host.alarms.record(self.id, when_ns)

    def alarm_changed(self, when_ns: int | None) -> None:
        """The alarm is durably set or deleted."""
        self.host.alarms.changed(self.id, when_ns)

    def rested(self, actor: Actor) -> None:
        """An actor has nothing to do from now on."""
        if actor is not self.actor:
            return
        self._rests_since_s = self.host.clock.monotonic()
        if self._timer is None:
            self._chance = self.host.chance("eviction") if actor.loose_tasks else 0.0
            self._look_again_in(HIBERNATE_AFTER_S)
        if actor.trouble is not None and actor.trouble.evicted():
            asyncio.get_running_loop().call_soon(self._evict, actor)

    def _evict(self, actor: Actor) -> None:
        if actor is self.actor and not actor.activity().at_work:
            self.put_away()

    def _look_again_in(self, delay_s: float) -> None:
        clock = self.host.clock
        self._timer = clock.call_at(clock.now() + delay_s, self._look)

    def _look(self) -> None:
        self._timer = None
        actor = self.actor
        if actor is None:
            return
        stay_s = rest_s(actor.activity(), self._chance)
        if stay_s is None:
            # At work; or an ordinary WebSocket is open, whose end nobody reports.
            self._look_again_in(HIBERNATE_AFTER_S)
            return
        left_s = self._rests_since_s + stay_s - self.host.clock.monotonic()
        if left_s > _INSTANT_S:
            self._look_again_in(left_s)
        else:
            self.put_away()

    def put_away(self) -> None:
        """End the actor; memory is lost, storage and hibernatable sockets stay."""
        actor, self.actor = self.actor, None
        if actor is not None:
            actor.end()
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        if self.database.path is not None:
            self.database.close()
            self.host.open_files.closed(self)
        self.host.put_away(self)

    def open_file(self) -> None:
        """Open the file if there is one. When it cannot be, every event fails, also one that stores nothing;
        the next one tries again. Raises the error that callers get."""
        try:
            if self.database.exists:
                self.database.connection  # noqa: B018 (opens it)
        except (apsw.Error, OSError) as failure:
            raise internal_error(failure, self.database) from failure

    def _file_opened(self) -> None:
        self.host.open_files.opened(self)

    def close_file(self) -> bool:
        """Close the file of an object that has nothing to do; its next use opens it again."""
        actor = self.actor
        if actor is not None and (actor.busy or actor.loose_tasks or actor.commits.in_flight is not None):
            return False
        if self.database.in_transaction or not (self.ending is None or self.ending.done()):
            return False
        self.database.close()
        return True

    @property
    def ending(self) -> asyncio.Future[None] | None:
        """The last commit of an actor that was broken off."""
        return self._predecessor_ends

    async def settled(self) -> None:
        """Wait until nothing is left to commit. Raises what the last commit raised."""
        while self.actor is not None and self.actor.broken is None:
            wait = self.actor.commits.pending()
            if wait is None:
                return
            await wait

    def shut_down(self, reason: JsException) -> None:
        """The host closes: cut what still runs and all connections."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        for actor in (*self._replaced, self.actor):
            if actor is not None:
                actor.break_(reason)
        self.sockets.drop_all()
        self._drop_plain()

    @property
    def state(self) -> State:
        if self.actor is None:
            return State.HIBERNATED if len(self.sockets) else State.EVICTED
        return State.ACTIVE if self.actor.activity().at_work else State.IDLE

    def blockers(self) -> list[str]:
        """Why the object does not hibernate, in words."""
        return [] if self.actor is None else blockers(self.actor.activity())

    # -- ordinary sockets

    def opened(self, socket: WebSocket) -> None:
        """The object answered with a socket that it accepted the ordinary way."""
        self._plain = [held for held in self._plain if held.readyState != _CLOSED]
        self._plain.append(socket)

    def plain_sockets(self) -> int:
        return sum(socket.readyState != _CLOSED for socket in self._plain)

    def _drop_plain(self) -> None:
        plain, self._plain = self._plain, []
        for socket in plain:
            socket._drop()
