"""Opening namespaces: bindings with the same id are the same namespace."""

from __future__ import annotations

from pathlib import Path
from weakref import WeakKeyDictionary

from edge.kernel.clock import Clock
from edge.kernel.random import RandomStreams
from edge.kv.binding import KvNamespace
from edge.kv.database import Durability
from edge.kv.location import namespace_path, values_folder
from edge.kv.namespace import Namespace, Trouble
from edge.kv.places import PlaceModel
from edge.kv.store import Store

# By clock, because a world has exactly one: two worlds in one process share nothing.
_namespaces: WeakKeyDictionary[Clock, dict[tuple[Path | None, str], Namespace]] = WeakKeyDictionary()


def open_namespace(
    namespace_id: str,
    directory: Path | None,
    clock: Clock,
    durability: Durability = "full",
    *,
    random: RandomStreams | None = None,
    place_model: PlaceModel | None = None,
    trouble: Trouble | None = None,
) -> KvNamespace:
    """A binding of the namespace `namespace_id`, for the world of `clock`.

    It lies below the state directory `directory`, or in memory when that is None; nothing is on disk
    until its first use. `random` names the rows of values (a simulation gives its own), `place_model`
    gives each place its own copies, `trouble` may refuse operations (`Namespace`). Whoever opens a
    namespace again gets it as it was opened first; `_close()` of any of its bindings closes it for all.
    """
    return KvNamespace(
        shared_namespace(
            namespace_id,
            directory,
            clock,
            durability,
            random=random,
            place_model=place_model,
            trouble=trouble,
        )
    )


def shared_namespace(
    namespace_id: str,
    directory: Path | None,
    clock: Clock,
    durability: Durability = "full",
    *,
    random: RandomStreams | None = None,
    place_model: PlaceModel | None = None,
    trouble: Trouble | None = None,
) -> Namespace:
    """What the bindings of a namespace share, for Python callers; see `open_namespace`."""
    namespaces = _namespaces.setdefault(clock, {})
    where = (None if directory is None else directory.resolve(), namespace_id)
    namespace = namespaces.get(where)
    if namespace is None or namespace.closed:
        path = None if directory is None else namespace_path(directory, namespace_id)
        values = None if directory is None else values_folder(directory, namespace_id)
        store = Store(path, clock, durability=durability, random=random, values=values)
        namespace = namespaces[where] = Namespace(store, clock, place_model, trouble=trouble)
    return namespace
