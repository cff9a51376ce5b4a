"""What a container of a Durable Object is doing, and how its end reads to whoever monitors it.

Source: spec sandbox-and-containers.md sections 2 and 3.6.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import Enum

from edge.containers.engine import Exit

ALREADY_RUNNING = "start() cannot be called on a container that is already running."
NOT_RUNNING = "The container is not running, consider calling start()"
NOT_LISTENING = "the container is not listening in the TCP address 10.0.0.1:{port}"
LOST = "Network connection lost."
FULL = (
    "Maximum number of running container instances exceeded. Try again later, or try configuring a higher "
    "value for max_instances"
)


class State(Enum):
    """A container comes and goes; the object stays."""

    STOPPED = "stopped"
    STARTING = "starting"
    RUNNING = "running"


@dataclass(slots=True)
class Lifecycle:
    """The state of one object's container. `life` counts its containers, so that news of an old one is
    told from news of the present one."""

    state: State = State.STOPPED
    life: int = 0
    #: How the last container ended, in words; None when it ended well, or none has run.
    failure: str | None = field(default=None)

    @property
    def running(self) -> bool:
        """What `ctx.container.running` says: true from the call of `start()` on."""
        return self.state is not State.STOPPED

    def start(self) -> int:
        """A new container is to start; its number. Raises ValueError with the platform's words."""
        if self.running:
            raise ValueError(ALREADY_RUNNING)
        self.state = State.STARTING
        self.failure = None
        self.life += 1
        return self.life

    def started(self, life: int) -> bool:
        """It runs; False when nobody wants it any more."""
        if life != self.life or self.state is not State.STARTING:
            return False
        self.state = State.RUNNING
        return True

    def failed(self, life: int, failure: str) -> None:
        """It did not start."""
        if life == self.life and self.state is State.STARTING:
            self.state = State.STOPPED
            self.failure = failure

    def ended(self, life: int, exit_: Exit | None) -> None:
        """It ended by itself or by a signal; None: it was lost, and nobody knows how it ended."""
        if life == self.life and self.running:
            self.state = State.STOPPED
            self.failure = LOST if exit_ is None else ending(exit_)

    def destroyed(self) -> None:
        """It was taken away."""
        self.state = State.STOPPED
        self.failure = None


def ending(exit_: Exit) -> str | None:
    """What `monitor()` rejects with; None when it resolves."""
    if exit_.reason == "runtime_signal":
        return f"runtime signalled the container to exit: {exit_.code}"
    return f"container exited with unexpected exit code: {exit_.code}" if exit_.code else None
