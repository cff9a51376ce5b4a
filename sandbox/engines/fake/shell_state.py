"""What persists from one command of a shell to the next."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from sandbox.engines.fake.process import FakeProcess


@dataclass
class State:
    """What persists from one command of a shell to the next."""

    cwd: str
    variables: dict[str, str]
    exported: set[str]
    status: int = 0
    last_background: int = 0
    positional: list[str] = field(default_factory=list)
    name: str = "sh"
    jobs: dict[int, FakeProcess] = field(default_factory=dict)
    functions: dict[str, tuple[str, Any]] = field(default_factory=dict)
    #: What `set` has switched on: errexit, nounset, pipefail.
    options: set[str] = field(default_factory=set)
    #: What `trap` has set, by the number of the signal.
    traps: dict[int, str] = field(default_factory=dict)
    #: What the variables that a function calls its own were before, one dict for each call under way.
    outside: list[dict[str, str | None]] = field(default_factory=list)

    @classmethod
    def of(cls, cwd: str, env: Mapping[str, str]) -> State:
        return cls(cwd, dict(env), set(env))

    def environment(self) -> dict[str, str]:
        """What programs get."""
        return {name: self.variables[name] for name in self.exported if name in self.variables} | {
            "PWD": self.cwd
        }

    def copy(self) -> State:
        """For a subshell: what it changes is its own."""
        return replace(
            self,
            variables=dict(self.variables),
            exported=set(self.exported),
            functions=dict(self.functions),
            options=set(self.options),
            outside=[dict(before) for before in self.outside],
            # What is ignored stays so.
            traps={number: command for number, command in self.traps.items() if not command},
        )
