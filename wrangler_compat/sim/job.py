"""What `edge sim` was asked to do, as plain data that travels to other processes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from edge.config import WorldConfig
from edge.kernel.clock import VirtualClock
from edge.kernel.spans import Sink, Tracer
from edge.network.profile import Profile, load_profile
from edge.simulator.checkers import choose_checkers
from edge.simulator.outcome import Outcome
from edge.simulator.runner import Plan, Progress, simulate
from edge.simulator.user import User
from edge.simulator.workload import Workload, load_workload
from edge.testing.world import WorldUnderTest
from sandbox.engines.names import engine_maker
from wrangler_compat.config.load import LoadOptions, load
from wrangler_compat.modules.dialect import PythonDialect

_WORKLOADS = ("workload.toml", "workload.py")


@dataclass(frozen=True, slots=True)
class Job:
    """One simulation, whatever the seed. `workload` None: the project's own, else visits to `/`."""

    configs: tuple[Path, ...]
    environment: str | None = None
    workload: Path | None = None
    duration_s: float = 3600.0
    sessions: int = 100
    schedule: str = "seeded"
    checkers: tuple[str, ...] | None = None
    sabotage: tuple[str, ...] = ()
    profile: str = "edge"
    faults: Path | None = None
    spans: bool = True
    engine: str = "fake"

    def config(self) -> WorldConfig:
        """Raises ConfigError."""
        return load(self.configs, LoadOptions(environment=self.environment)).world

    def network(self) -> Profile | None:
        """The latency profile. Raises UnknownProfile, ProfileError."""
        return load_profile(self.profile)

    def plan(self) -> Plan:
        """Raises WorkloadError, UnknownChecker."""
        return Plan(
            self._workload(),
            self.duration_s,
            self.sessions,
            self.schedule,
            choose_checkers(self.checkers),
            self.sabotage,
            self.spans,
        )

    def _workload(self) -> Workload:
        if self.workload is not None:
            return load_workload(self.workload)
        own = own_workload(self.configs)
        return Workload(_visit) if own is None else load_workload(own)


def own_workload(configs: Sequence[Path]) -> Path | None:
    """The workload file beside the first configuration."""
    return next((path for name in _WORKLOADS if (path := configs[0].parent / name).is_file()), None)


async def _visit(user: User) -> None:
    for _ in range(10):
        await user.get("/")
        await user.think("10s")


def run_job(job: Job, seed: int, *, sink: Sink | None = None, progress: Progress | None = None) -> Outcome:
    """Run one seed. Raises UserError for what is wrong with the project or the workload."""
    config = job.config()

    def make(clock: VirtualClock, seed: int, tracer: Tracer | None) -> WorldUnderTest:
        return WorldUnderTest(
            config,
            dialect=PythonDialect(),
            clock=clock,
            seed=seed,
            tracer=tracer,
            network=job.network(),
            faults=job.faults,
            engine=engine_maker(job.engine),
        )

    return simulate(make, job.plan(), seed, sink=sink, progress=progress)
