"""The place where the code of this context runs; user code never sees it.

None means that nobody said: the network's default place, or nowhere in a world without distance.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar

here: ContextVar[str | None] = ContextVar("here", default=None)


@contextmanager
def at_place(name: str) -> Iterator[None]:
    """Inside, code runs at the place with this code or city. Raises UnknownPlace."""
    from edge.network.places import find_place

    before = here.get()
    here.set(find_place(name).code)
    try:
        yield
    finally:
        here.set(before)
