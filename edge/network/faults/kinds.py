"""The faults there are, and what each may be told.

Source: `docs/faults.md`.
"""

from __future__ import annotations

from typing import Final, NamedTuple

#: When it happens; every fault takes these.
TIMING: Final = ("at", "for", "every")


class Kind(NamedTuple):
    """A kind of fault: what it does, the keys it needs, the keys it may have."""

    meaning: str
    needs: tuple[str, ...]
    may: tuple[str, ...]


_HIT: Final = ("probability", "times")
_OBJECT: Final = ("class", "object", *_HIT)
_QUEUE: Final = ("queue", *_HIT)

KINDS: Final[dict[str, Kind]] = {
    "partition": Kind("no message gets through between two places or regions", ("between",), ()),
    "loss": Kind("messages are lost and sent again", ("between", "probability"), ()),
    "delay": Kind("messages take longer", ("between", "extra"), ()),
    "place_down": Kind("a place does not answer; its objects lose their memory", ("place",), ()),
    "evict": Kind("an object is put away as soon as it rests", (), _OBJECT),
    "crash": Kind("an object is reset when its code comes back from a wait", (), _OBJECT),
    "commit_fails": Kind("a commit fails and resets its object", (), _OBJECT),
    "commit_slow": Kind("a commit takes longer", ("extra",), _OBJECT),
    "kv_error": Kind("a KV operation fails", (), ("namespace", "operation", "status", "text", *_HIT)),
    "kv_rate_limit": Kind("a KV write is refused with 429", (), ("namespace", "operation", *_HIT)),
    "r2_error": Kind("an R2 operation fails", (), ("bucket", "operation", "text", *_HIT)),
    "r2_slow": Kind("an R2 operation takes longer", ("extra",), ("bucket", "operation", *_HIT)),
    "d1_error": Kind("a D1 query fails", (), ("database", "text", *_HIT)),
    "d1_slow": Kind("a D1 query takes longer", ("extra",), ("database", *_HIT)),
    "queue_error": Kind("a queue does not take what is sent", (), _QUEUE),
    "queue_delay": Kind("a message is delivered later", ("extra",), _QUEUE),
    "queue_duplicate": Kind("a message comes again although it was acknowledged", (), _QUEUE),
    "queue_batch_lost": Kind("a batch comes again: what its handler said of it is lost", (), _QUEUE),
    "container_crash": Kind("a running container ends", (), ("after", "code", *_OBJECT)),
    "container_start_fails": Kind("a container does not start", (), ("text", *_OBJECT)),
    "container_start_slow": Kind("a container takes longer to start", ("extra",), _OBJECT),
    "container_ignores_signals": Kind("a container reacts to no signal but KILL", (), _OBJECT),
    "engine_down": Kind("no container starts, and those that run are lost", (), ()),
    "client_disconnect": Kind("a client goes away", ("after",), ("place", *_HIT)),
}

#: Faults that are about places: they need a network.
OF_PLACES: Final = frozenset({"partition", "loss", "delay", "place_down"})
DURATIONS: Final = frozenset({"at", "for", "every", "extra", "after"})
#: What a fault's `operation` may be, by the product that its name begins with.
OPERATIONS: Final = {"kv": ("get", "put", "delete", "list"), "r2": ("head", "get", "put", "delete", "list")}
