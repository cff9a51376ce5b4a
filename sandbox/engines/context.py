"""What every engine is given."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from edge.kernel.clock import Clock
from edge.kernel.random import RandomStreams
from edge.network.network import Network


@dataclass(frozen=True)
class EngineContext:
    """The world an engine works in. Without `state_dir` it keeps its files in a temporary folder."""

    clock: Clock
    random: RandomStreams
    network: Network | None = None
    state_dir: Path | None = None
    #: Whether sandboxes share the packages that they install (the process engine).
    package_cache: bool = True
