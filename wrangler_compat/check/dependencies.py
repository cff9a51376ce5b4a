"""The packages that a project declares and what they need in turn, and whether each one runs on Pyodide.

Nothing is looked up anywhere: what is known comes from Pyodide's list, from `python_modules/`, and from
what is installed in the environment that runs the check.
"""

from __future__ import annotations

import importlib.metadata as metadata
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from enum import Enum
from pathlib import Path

from packaging.requirements import InvalidRequirement, Requirement

from wrangler_compat.check.pyodide import Distribution, normalised

#: As markers of requirements see the platform.
_MARKERS = {
    "sys_platform": "emscripten",
    "platform_system": "Emscripten",
    "os_name": "posix",
    "platform_machine": "wasm32",
}
_PYODIDE_TAGS = ("pyodide", "pyemscripten", "emscripten", "wasm32")
#: Tools of pywrangler and the SDK itself.
_OF_THE_RUNTIME = frozenset({"workers-runtime-sdk", "workers-py"})


class Verdict(Enum):
    """Whether a package can be had on Cloudflare."""

    RUNS = "runs"
    NATIVE = "native"  # compiled for this machine, and nobody is known to compile it for Pyodide
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class Dependency:
    """A package of the closure, and the declared requirement that brings it."""

    name: str
    declared: str
    verdict: Verdict


def requirements(declared: list[object], python: str) -> Iterator[tuple[str, Requirement]]:
    """The requirements that count on the platform, each with its text. Malformed ones are left to
    pywrangler."""
    for text in declared:
        try:
            requirement = Requirement(str(text))
        except InvalidRequirement:
            continue
        if _applies(requirement, python):
            yield str(text), requirement


def closure(declared: list[object], root: Path, pyodide: Distribution) -> dict[str, Dependency]:
    """Every package that is needed, by normalised name."""
    vendored = _vendored(root / "python_modules")
    found: dict[str, Dependency] = {}
    waiting = [(text, requirement) for text, requirement in requirements(declared, pyodide.python)]
    while waiting:
        text, requirement = waiting.pop(0)
        name = normalised(requirement.name)
        if name in found or name in _OF_THE_RUNTIME:
            continue
        found[name] = Dependency(name, text, _verdict(name, vendored, pyodide))
        waiting += [(text, needed) for needed in _needs(name, requirement.extras, pyodide)]
    return found


def imports_of(name: str, pyodide: Distribution) -> set[str]:
    """The modules that a package brings, as far as they are known; its own name if nothing is."""
    if name in pyodide.packages:
        return set(pyodide.packages[name].imports)
    brought = {module for module, owners in _owners().items() if name in owners}
    return brought or {name.replace("-", "_")}


def _verdict(name: str, vendored: Mapping[str, str], pyodide: Distribution) -> Verdict:
    if name in pyodide.packages:
        return Verdict.RUNS
    wheel = vendored.get(name) or _installed_wheel(name)
    if wheel is None:
        return Verdict.UNKNOWN
    return Verdict.RUNS if _runs(wheel) else Verdict.NATIVE


def _runs(wheel: str) -> bool:
    """By the tags in a WHEEL file: made for any machine, or for Pyodide."""
    tags = [line.partition(":")[2].strip() for line in wheel.splitlines() if line.startswith("Tag:")]
    return any(tag.endswith("-none-any") or any(mark in tag for mark in _PYODIDE_TAGS) for tag in tags)


def _vendored(folder: Path) -> dict[str, str]:
    """The WHEEL files below `python_modules/`, by the name of their package."""
    found = {}
    for path in folder.glob("*.dist-info/WHEEL"):
        name = path.parent.name.removesuffix(".dist-info").rpartition("-")[0]
        found[normalised(name)] = path.read_text(encoding="utf-8", errors="replace")
    return found


def _installed_wheel(name: str) -> str | None:
    try:
        return metadata.distribution(name).read_text("WHEEL")
    except metadata.PackageNotFoundError:
        return None


def _needs(name: str, extras: set[str], pyodide: Distribution) -> list[Requirement]:
    """What a package needs: by its own metadata where it is installed, else by Pyodide's list."""
    try:
        declared = metadata.requires(name) or []
    except metadata.PackageNotFoundError:
        package = pyodide.packages.get(name)
        return [] if package is None else [Requirement(needed) for needed in package.depends]
    needed = [Requirement(text) for text in declared]
    return [one for one in needed if _applies(one, pyodide.python, extras)]


def _applies(requirement: Requirement, python: str, extras: set[str] | None = None) -> bool:
    if requirement.marker is None:
        return True
    version = {"python_version": ".".join(python.split(".")[:2]), "python_full_version": python}
    return any(
        requirement.marker.evaluate({**_MARKERS, **version, "extra": extra}) for extra in extras or {""}
    )


def _owners() -> dict[str, set[str]]:
    """For each module installed here, the packages that bring it."""
    return {
        module: {normalised(owner) for owner in owners}
        for module, owners in metadata.packages_distributions().items()
    }
