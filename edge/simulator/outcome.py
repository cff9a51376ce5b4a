"""What came of a run."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from edge.simulator.measurements import Measurements


@dataclass(frozen=True, slots=True)
class Violation:
    """An invariant that broke; `at_s` is seconds after the start of the run."""

    invariant: str
    what: str
    at_s: float


@dataclass(slots=True)
class Outcome:
    """One run of one seed."""

    seed: int
    simulated_s: float = 0.0
    real_s: float = 0.0
    started: int = 0
    finished: int = 0
    #: Sessions that were still going on when the time was up.
    cut: int = 0
    measurements: Measurements = field(default_factory=Measurements)
    violations: list[Violation] = field(default_factory=list)
    #: What kept the run or a checker from doing its work.
    problems: list[str] = field(default_factory=list)
    #: The invariants that were watched, with how often each had something to check.
    checked: dict[str, int] = field(default_factory=dict)
    #: Faults that were injected, by kind.
    faults: dict[str, int] = field(default_factory=dict)

    @property
    def ok(self) -> bool:
        return not self.violations and not self.problems

    def as_json(self) -> dict[str, Any]:
        """Plain data. Only `real_s` differs between two runs of a seed."""
        return {
            "seed": self.seed,
            "ok": self.ok,
            "simulated_s": round(self.simulated_s, 6),
            "real_s": round(self.real_s, 3),
            "sessions": {"started": self.started, "finished": self.finished, "cut": self.cut},
            **self.measurements.as_json(),
            "faults": dict(sorted(self.faults.items())),
            "invariants": dict(sorted(self.checked.items())),
            "violations": [
                {"invariant": broken.invariant, "what": broken.what, "at_s": round(broken.at_s, 6)}
                for broken in self.violations
            ],
            "problems": self.problems,
        }
