"""What every ready-made invariant has: a name, seams it listens at, and a count of what it checked."""

from __future__ import annotations

from typing import ClassVar, Protocol

from edge.kernel.clock import Clock
from edge.simulator.seams import Seams


class Broken(Protocol):
    """Told of a broken invariant."""

    def __call__(self, invariant: str, what: str) -> None: ...


class Checker:
    """One invariant, watched during one run."""

    #: Its name in reports and on the command line.
    name: ClassVar[str]
    #: What must hold, in one sentence.
    promise: ClassVar[str]

    def __init__(self, clock: Clock, broken: Broken) -> None:
        self.clock = clock
        #: How many times there was something to check: an invariant that was never tried proves nothing.
        self.checked = 0
        self._broken = broken

    def listen(self, seams: Seams) -> None:
        """Wrap what has to be heard."""
        raise NotImplementedError

    def finish(self) -> None:
        """The run is over: look at what must have happened by now."""

    def broke(self, what: str) -> None:
        """Say that the invariant does not hold."""
        self._broken(self.name, what)
