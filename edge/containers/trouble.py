"""What goes wrong with containers by script (`edge.network.faults`)."""

from __future__ import annotations

from typing import Protocol

from edge.containers.engine import Instance


class ContainerTrouble(Protocol):
    """Asked at the moments when a container can fail."""

    def before_start(self, name: str) -> None:
        """Raises StartFailed or EngineUnavailable when this start is to fail."""
        ...

    def ignores(self, number: int) -> bool:
        """Whether the entrypoint does not react to a signal."""
        ...

    def watch(self, instance: Instance, name: str) -> None:
        """A container runs from now on; it may be crashed later."""
        ...
