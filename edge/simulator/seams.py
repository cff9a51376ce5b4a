"""Where checkers listen and sabotage bites: methods of the runtime, wrapped for the time of a run.

Nothing of this is in the way of a server or a test: the runtime has no hooks for it and pays nothing.
"""

from __future__ import annotations

from collections.abc import Callable
from types import TracebackType
from typing import Any

#: Makes the method that stands in for the one it is given.
Wrap = Callable[[Callable[..., Any]], Callable[..., Any]]


class Seams:
    """Wrapped methods; leaving the block puts back what was there."""

    __slots__ = ("_before",)

    def __init__(self) -> None:
        self._before: list[tuple[type, str, Any]] = []

    def around(self, owner: type, name: str, wrap: Wrap) -> None:
        """Put what `wrap` makes in the place of the method `owner.name`, which `owner` itself defines."""
        original = owner.__dict__[name]
        self._before.append((owner, name, original))
        setattr(owner, name, wrap(original))

    def __enter__(self) -> Seams:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        while self._before:
            owner, name, original = self._before.pop()
            setattr(owner, name, original)
