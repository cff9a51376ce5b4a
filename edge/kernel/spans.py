"""Hooks for tracing: what happens, from when to when, and because of what.

The floors below the tracer call these and never import it. Without a tracer in the context they cost one
look at a context variable. `modelled` says that the time between start and end was simulated (distance,
cold starts, faults) and not measured.
"""

from __future__ import annotations

from contextvars import ContextVar
from types import TracebackType
from typing import Any, Protocol


class Span(Protocol):
    """Something with a beginning and an end. As a context manager it is the parent of what begins inside."""

    def tag(self, **tags: Any) -> None:
        """Say more about it."""
        ...

    def end(self) -> None:
        """It is over (a context manager ends by itself)."""
        ...

    def __enter__(self) -> Span: ...

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None: ...


class Tracer(Protocol):
    """Keeps spans and events."""

    def begin(self, name: str, modelled: bool, tags: dict[str, Any]) -> Span: ...

    def event(self, name: str, tags: dict[str, Any]) -> None: ...


class _Untraced:
    """The span of a world without a tracer."""

    __slots__ = ()

    def tag(self, **tags: Any) -> None:
        """Nobody listens."""

    def end(self) -> None:
        """Nobody listens."""

    def __enter__(self) -> Span:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Nobody listens."""


#: The tracer of this context, None for none.
tracer: ContextVar[Tracer | None] = ContextVar("tracer", default=None)
_UNTRACED = _Untraced()


def span(name: str, *, modelled: bool = False, **tags: Any) -> Span:
    """Begin a span: use it as a context manager, or call `end()`; only the first makes it a parent."""
    found = tracer.get()
    return _UNTRACED if found is None else found.begin(name, modelled, tags)


def event(name: str, **tags: Any) -> None:
    """Something happened, without a duration."""
    found = tracer.get()
    if found is not None:
        found.event(name, tags)
