"""Runs the checks that a workload brings along."""

from __future__ import annotations

import inspect
from collections.abc import Sequence

from edge.simulator.checker import Broken
from edge.simulator.workload import Check
from edge.testing.world import WorldUnderTest


async def run_checks(world: WorldUnderTest, checks: Sequence[Check], broken: Broken) -> list[str]:
    """Call each check with the world. An AssertionError is a broken invariant, told to `broken`; any other
    exception is the check's own mistake: those are given back in words."""
    mistakes: list[str] = []
    for check in checks:
        name = getattr(check, "__name__", str(check))
        try:
            result = check(world)
            if inspect.isawaitable(result):
                await result
        except AssertionError as failure:
            broken(name, str(failure) or "an assertion failed")
        except Exception as failure:
            mistakes.append(f"the checker {name} raised {type(failure).__name__}: {failure}")
    return mistakes
