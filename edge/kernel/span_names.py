"""Every span and event name in use, with what it stands for and its tags.

docs/tracing.md lists the same; a test holds the two, and the calls in the code, together.
"""

from __future__ import annotations

from typing import NamedTuple


class Kind(NamedTuple):
    """What a name means and which tags may come with it."""

    meaning: str
    tags: tuple[str, ...] = ()


_OBJECT = ("class", "id", "object_name")

SPANS: dict[str, Kind] = {
    "request": Kind(
        "a request from outside, from its arrival to the last byte of the answer",
        ("method", "url", "worker", "place", "status", "chunks", "events_dropped"),
    ),
    "scheduled": Kind(
        "a cron event and what it gave to waitUntil", ("worker", "cron", "outcome", "subrequests")
    ),
    "worker.fetch": Kind("a Worker's fetch handler", ("worker", "entrypoint", "subrequests")),
    "worker.rpc": Kind("a method call on another Worker", ("worker", "method", "subrequests")),
    "worker.cold_start": Kind("a Worker starting in a place", ("worker", "place")),
    "waituntil": Kind("work given to waitUntil", ("of",)),
    "fetch": Kind("an outbound fetch, redirects included", ("method", "url", "status")),
    "kv.get": Kind(
        "reading one key or several", ("key", "keys", "found", "cache", "age_s", "stale_s", "store")
    ),
    "kv.put": Kind("writing a key", ("key",)),
    "kv.delete": Kind("removing a key", ("key",)),
    "kv.list": Kind("listing keys", ("prefix",)),
    "kv.storage": Kind("KV's own share of an operation", ("place", "what")),
    "r2.head": Kind("asking what is known of an object", ("key",)),
    "r2.get": Kind("reading an object, until its bytes begin", ("key",)),
    "r2.put": Kind("writing an object", ("key",)),
    "r2.delete": Kind("removing objects", ("key",)),
    "r2.list": Kind("listing objects"),
    "r2.multipart": Kind("a step of an upload in parts", ("key",)),
    "r2.storage": Kind("R2's own share of an operation", ("place", "what")),
    "d1.query": Kind("a query of a database, or a batch", ("sql", "statements")),
    "d1.storage": Kind("D1's own share of a query", ("place", "what")),
    "cache.match": Kind("looking into a cache of this place", ("url", "cache")),
    "cache.put": Kind("storing a response in a cache", ("url", "stored")),
    "cache.delete": Kind("removing a response from a cache", ("url",)),
    "cache.storage": Kind("a cache's own share of an operation", ("place", "what")),
    "assets.storage": Kind("serving a static asset in a place that has it or fetches it", ("place", "what")),
    "vectorize.query": Kind("a search in an index of vectors", ("index",)),
    "queue.send": Kind("sending messages to a queue", ("queue", "messages", "size_bytes")),
    "queue.batch": Kind(
        "a batch of messages at its Worker's queue handler",
        ("queue", "worker", "messages", "outcome", "acked", "subrequests"),
    ),
    "durable.call": Kind(
        "a call on a stub, from the call to its result at the caller", ("class", "id", "handler")
    ),
    "durable.event": Kind(
        "an event of a Durable Object, from its delivery to when its result may leave",
        (*_OBJECT, "handler", "cancelled", "subrequests"),
    ),
    "durable.alarm": Kind(
        "an alarm of a Durable Object", (*_OBJECT, "retry_count", "cancelled", "subrequests")
    ),
    "durable.wake": Kind("placing an object and loading it into memory", ("id",)),
    "gate.wait": Kind("waiting at the input gate for the first turn"),
    "durable.run": Kind("the handler's own turns and what it waits for", ("constructs",)),
    "output.wait": Kind("waiting at the output gate until the writes are durable"),
    "durable.commit": Kind("making an object's writes durable", _OBJECT),
    "container.start": Kind("starting a container, its image included", ("container", "engine")),
    "container.fetch": Kind("a request to a port of a container", ("port", "method", "url", "status")),
    "container.exec": Kind("starting a program in a container", ("program",)),
    "container.phase": Kind("a phase of a scripted container's life or work", ("phase", "container")),
    "network.hop": Kind("one way between two places", ("source", "target", "what")),
}

EVENTS: dict[str, Kind] = {
    "headers": Kind("the head of a streamed answer is there"),
    "chunk": Kind(
        "a chunk of a streamed answer was taken; the first is the time to first token", ("size_bytes",)
    ),  # fmt: skip
    "fault": Kind("a scripted fault hit something", ("kind", "what")),
    "client.gone": Kind("the reader of a streamed answer went away"),
}
