"""Deliberate bugs, switched on by name, that prove the checkers: each must be caught.

A checker that never fails is worth nothing. Each bug here is one that a runtime could have, put in through a
seam, and names the invariant that it breaks; the project's own suite fails when that checker misses it.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

from edge.durable.actor import Actor
from edge.durable.alarms import AlarmScheduler
from edge.durable.commits import Commits
from edge.durable.events import Event
from edge.durable.logic.gate import InputGate, Section
from edge.durable.slot import Slot
from edge.errors import UserError
from edge.http.frames import Frame
from edge.http.streams.transform import Handover
from edge.http.websocket import WebSocket
from edge.kv.logic.entry import Entry
from edge.kv.logic.replica import Replica
from edge.kv.places import PlacedStore
from edge.kv.store import Store
from edge.simulator.seams import Seams


class Bug(NamedTuple):
    """What is wrong, which invariant has to notice, and how it is done."""

    meaning: str
    breaks: str
    apply: Callable[[Seams], None]


class UnknownSabotage(UserError):
    """There is no such deliberate bug; the message lists those there are."""


def known_sabotage(names: Sequence[str]) -> tuple[str, ...]:
    """The names, if all are known. Raises UnknownSabotage."""
    for name in names:
        if name not in SABOTAGE:
            raise UnknownSabotage(f'unknown sabotage "{name}"; known: {", ".join(SABOTAGE)}')
    return tuple(names)


def apply_sabotage(seams: Seams, names: Sequence[str]) -> None:
    """Switch bugs on. Raises UnknownSabotage."""
    for name in known_sabotage(names):
        SABOTAGE[name].apply(seams)


# -- Durable Objects


def _reply_before_commit(seams: Seams) -> None:
    seams.around(Commits, "hold", lambda _: lambda commits: None)


def _commit_in_turn(seams: Seams) -> None:
    def wrap(original: Any) -> Any:
        def wrote(commits: Commits, *, unconfirmed: bool) -> None:
            original(commits, unconfirmed=unconfirmed)
            if commits._database.in_transaction and not commits.explicit_depth:
                commits._database.commit()
                commits._database.begin()

        return wrote

    seams.around(Commits, "wrote", wrap)


def _gate_left_open(seams: Seams) -> None:
    def wrap(_: Any) -> Any:
        def admits(gate: InputGate, section: Section) -> bool:
            return gate.broken is None

        return admits

    seams.around(InputGate, "admits", wrap)


def _two_lives(seams: Seams) -> None:
    calls = itertools.count(1)

    def wrap(original: Any) -> Any:
        def current(slot: Slot, *args: Any) -> Actor:
            if slot.actor is not None and next(calls) % 3 == 0:
                slot.actor = None
            actor: Actor = original(slot, *args)
            return actor

        return current

    seams.around(Slot, "current", wrap)


def _event_twice(seams: Seams) -> None:
    def wrap(original: Any) -> Any:
        def deliver(actor: Actor, event: Event) -> Any:
            original(actor, event)
            return original(actor, event)

        return deliver

    seams.around(Actor, "deliver", wrap)


def _alarm_dropped(seams: Seams) -> None:
    seams.around(AlarmScheduler, "_due", lambda _: lambda scheduler, object_id: None)


# -- streams and sockets


def _chunk_reordered(seams: Seams) -> None:
    kept: dict[Handover, Any] = {}

    def wrap(original: Any) -> Any:
        async def write(handover: Handover, chunk: Any) -> None:
            if handover not in kept:
                kept[handover] = chunk
                return
            await original(handover, chunk)
            await original(handover, kept.pop(handover))

        return write

    seams.around(Handover, "write", wrap)


def _chunk_lost(seams: Seams) -> None:
    calls = itertools.count(1)

    def wrap(original: Any) -> Any:
        async def write(handover: Handover, chunk: Any) -> None:
            if next(calls) % 5:
                await original(handover, chunk)

        return write

    seams.around(Handover, "write", wrap)


def _message_twice(seams: Seams) -> None:
    def wrap(original: Any) -> Any:
        def deliver(end: WebSocket, frame: Frame) -> None:
            original(end, frame)
            if isinstance(frame, str):
                original(end, frame)

        return deliver

    seams.around(WebSocket, "_deliver", wrap)


def _message_reordered(seams: Seams) -> None:
    kept: dict[WebSocket, Frame] = {}

    def wrap(original: Any) -> Any:
        def deliver(end: WebSocket, frame: Frame) -> None:
            if end in kept:
                original(end, frame)
                original(end, kept.pop(end))
            elif isinstance(frame, str):
                kept[end] = frame
            else:
                original(end, frame)

        return deliver

    seams.around(WebSocket, "_deliver", wrap)


# -- KV


def _cache_never_expires(seams: Seams) -> None:
    seams.around(Replica, "_fresh_until", lambda _: lambda replica, copy: math.inf)
    seams.around(Replica, "_due_for_refresh", lambda _: lambda replica, copy, now_s: False)


def _own_copy_kept(seams: Seams) -> None:
    seams.around(Replica, "invalidate", lambda _: lambda replica, key: None)


def _expired_served(seams: Seams) -> None:
    seams.around(Entry, "expired", lambda _: lambda entry, now_ms: False)


def _kv_write_lost(seams: Seams) -> None:
    calls = itertools.count(1)

    def wrap(original: Any) -> Any:
        async def write(store: Store, key: str, entry: Entry | None) -> None:
            if next(calls) % 3:
                await original(store, key, entry)

        return write

    seams.around(Store, "write", wrap)


def _wrong_copy(seams: Seams) -> None:
    calls = itertools.count(1)

    def wrap(original: Any) -> Any:
        async def read(placed: PlacedStore, key: str, cache_ttl_s: int) -> Entry | None:
            wanted = key if next(calls) % 4 else f"{key}'"
            found: Entry | None = await original(placed, wanted, cache_ttl_s)
            return found

        return read

    seams.around(PlacedStore, "read", wrap)


SABOTAGE = {
    "reply-before-commit": Bug("the output gate is always open", "acknowledged-writes", _reply_before_commit),
    "commit-in-turn": Bug("each write is committed by itself", "atomic-groups", _commit_in_turn),
    "gate-left-open": Bug("the input gate is always open", "one-turn", _gate_left_open),
    "two-lives": Bug("an object begins again while it still runs", "one-turn", _two_lives),
    "event-twice": Bug("each event of an object is run twice", "one-turn", _event_twice),
    "alarm-dropped": Bug("alarms are set and never ring", "alarms", _alarm_dropped),
    "chunk-reordered": Bug("of two chunks the second comes first", "streams", _chunk_reordered),
    "chunk-lost": Bug("each fifth chunk is lost", "streams", _chunk_lost),
    "message-twice": Bug("each WebSocket message is delivered twice", "messages", _message_twice),
    "message-reordered": Bug("of two messages the second comes first", "messages", _message_reordered),
    "cache-never-expires": Bug("copies in a place live for ever", "kv-reads", _cache_never_expires),
    "own-copy-kept": Bug("a write leaves its own place's copy alone", "kv-reads", _own_copy_kept),
    "expired-served": Bug("values outlive their expiration", "kv-reads", _expired_served),
    "kv-write-lost": Bug("each third KV write is lost", "kv-reads", _kv_write_lost),
    "wrong-copy": Bug("a place answers with the copy of another key", "kv-reads", _wrong_copy),
}
