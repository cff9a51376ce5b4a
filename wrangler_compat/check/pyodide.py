"""The packages that each Pyodide brings along, as data in this folder: no look-up, no network.

Source: the `pyodide-lock.json` of the npm package `pyodide`, in the versions that Workers run (spec
python-workers.md section 1). `python -m wrangler_compat.check.pyodide VERSION=LOCK …` makes the data anew.
"""

from __future__ import annotations

import json
import re
import sys
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

_DATA = Path(__file__).parent / "data" / "pyodide_packages.json"
_SEPARATORS = re.compile(r"[-_.]+")


@dataclass(frozen=True, slots=True)
class Package:
    """One package in a distribution of Pyodide."""

    name: str
    version: str
    imports: tuple[str, ...]
    depends: tuple[str, ...]
    #: Runs on any machine, so any version of it can be vendored.
    is_pure: bool


@dataclass(frozen=True, slots=True)
class Distribution:
    """A version of Pyodide with its packages, by normalised name."""

    version: str
    python: str
    packages: Mapping[str, Package]


def normalised(name: str) -> str:
    """A project's name in the form in which names are compared (PEP 503)."""
    return _SEPARATORS.sub("-", name).lower()


@cache
def distribution(version: str) -> Distribution:
    """The packages of a version that the data knows."""
    found = json.loads(_DATA.read_text(encoding="utf-8"))[version]
    packages = {
        name: Package(name, entry[0], tuple(entry[1]), tuple(entry[2]), entry[3])
        for name, entry in found["packages"].items()
    }
    return Distribution(version, found["python"], packages)


def _extracted(lock: dict[str, Any]) -> dict[str, Any]:
    """What is kept of a lock file: no test suites, no shared libraries, no parts of Python itself."""
    packages = {
        normalised(entry["name"]): [
            entry["version"],
            [name for name in entry["imports"] if name.isidentifier()],
            sorted(normalised(name) for name in entry["depends"]),
            entry["file_name"].endswith("-none-any.whl"),
        ]
        for name, entry in lock["packages"].items()
        if entry["package_type"] == "package" and not name.endswith("-tests")
    }
    return {"python": lock["info"]["python"], "packages": dict(sorted(packages.items()))}


def _written(locks: Mapping[str, dict[str, Any]]) -> str:
    """A package a line, so that a new version of Pyodide is a readable change."""
    blocks = []
    for version, lock in locks.items():
        found = _extracted(lock)
        lines = [f'      "{name}": {json.dumps(entry)}' for name, entry in found["packages"].items()]
        listed = ",\n".join(lines)
        python = json.dumps(found["python"])
        blocks.append(
            f'  "{version}": {{\n    "python": {python},\n    "packages": {{\n{listed}\n    }}\n  }}'
        )
    return "{\n" + ",\n".join(blocks) + "\n}\n"


def main(arguments: Iterable[str]) -> None:
    locks = {}
    for argument in arguments:
        version, _, path = argument.partition("=")
        locks[version] = json.loads(Path(path).read_text(encoding="utf-8"))
    _DATA.write_text(_written(locks), encoding="utf-8")


if __name__ == "__main__":
    main(sys.argv[1:])
