"""What users do, and when and where they come."""

from __future__ import annotations

import importlib.util
import inspect
import sys
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from types import ModuleType
from typing import Any

from edge.simulator.arrivals import WorkloadError
from edge.simulator.user import User
from edge.worker.modules import FreshLoader

Session = Callable[[User], Awaitable[object]]
#: A checker of the user's: called with the world at the end of a run; what it asserts must hold.
Check = Callable[[Any], Awaitable[object] | None]


@dataclass(frozen=True, slots=True)
class Workload:
    """One session is what one user does from arrival to leaving; `places` have weights."""

    session: Session
    arrivals: str = "poisson"
    places: Mapping[str, float] = field(default_factory=dict)
    checks: tuple[Check, ...] = ()


def load_workload(path: Path) -> Workload:
    """A workload from a Python file with a coroutine function `session(user)`, or from a TOML script.

    Raises WorkloadError, which names the file.
    """
    if not path.is_file():
        raise WorkloadError(f"there is no workload file {path}")
    if path.suffix == ".toml":
        from edge.simulator.script import read_script

        return read_script(path)
    if path.suffix != ".py":
        raise WorkloadError("a workload is a .toml or a .py file", file=path)
    return _of_module(_run_file(path), path)


def _run_file(path: Path) -> ModuleType:
    name = f"workload_{path.stem}"
    spec = importlib.util.spec_from_file_location(name, path, loader=FreshLoader(name, str(path)))
    assert spec is not None, path
    assert spec.loader is not None, path
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    try:
        spec.loader.exec_module(module)
    except Exception as failure:
        raise WorkloadError(f"does not load: {type(failure).__name__}: {failure}", file=path) from failure
    return module


def _of_module(module: ModuleType, path: Path) -> Workload:
    session = getattr(module, "session", None)
    if not inspect.iscoroutinefunction(session):
        raise WorkloadError("has no coroutine function session(user)", file=path)
    checks = getattr(module, "CHECKS", ())
    if not all(callable(check) for check in checks):
        raise WorkloadError("CHECKS is a list of functions that take the world", file=path)
    return Workload(
        session=session,
        arrivals=getattr(module, "ARRIVALS", "poisson"),
        places=checked_places(getattr(module, "PLACES", {}), path),
        checks=tuple(checks),
    )


def checked_places(given: Any, path: Path) -> dict[str, float]:
    """Places with their weights. Raises WorkloadError; UnknownPlace lists the known ones."""
    from edge.network.places import find_place

    if not isinstance(given, Mapping):
        raise WorkloadError("places are a table of weights such as { FRA = 2, SYD = 1 }", file=path)
    found: dict[str, float] = {}
    for name, weight in given.items():
        if isinstance(weight, bool) or not isinstance(weight, (int, float)) or weight <= 0:
            raise WorkloadError(f"the place {name} needs a weight above 0, not {weight!r}", file=path)
        found[find_place(name).code] = float(weight)
    return found
