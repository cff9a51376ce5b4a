"""What a directory holds at a moment, and what changed from one moment to the next. Pure.

Source: spec sandbox-and-containers.md section 5.2 (`watch`, `checkChanges`).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from fnmatch import fnmatchcase
from typing import Literal

from edge.containers.engine import FileStat

EventType = Literal["create", "modify", "delete", "attrib"]
Snapshot = dict[str, FileStat]


@dataclass(frozen=True, slots=True)
class Filter:
    """Which entries count: those that match one of `include`, or none of `exclude`."""

    include: tuple[str, ...] = ()
    exclude: tuple[str, ...] = ()

    def passes(self, relative: str) -> bool:
        if self.include:
            return _matches(relative, self.include)
        return not _matches(relative, self.exclude)


def _matches(relative: str, patterns: Iterable[str]) -> bool:
    """A pattern stands for a whole path or for one of its segments: `*.ts`, `src/*`, `node_modules`."""
    segments = relative.split("/")
    return any(
        fnmatchcase(relative, pattern) or any(fnmatchcase(segment, pattern) for segment in segments)
        for pattern in patterns
    )


def snapshot(entries: Iterable[FileStat], root: str, chosen: Filter) -> Snapshot:
    """What counts of the entries of the directory `root`, by path."""
    base = root.rstrip("/") + "/"
    return {entry.path: entry for entry in entries if chosen.passes(entry.path.removeprefix(base))}


def changes(before: Snapshot, after: Snapshot) -> Iterator[tuple[EventType, FileStat]]:
    """What happened in between, as far as can be told: deletions first, then in the order of names."""
    for path, entry in before.items():
        if path not in after or after[path].kind != entry.kind:
            yield "delete", entry
    for path, entry in after.items():
        old = before.get(path)
        if old is None or old.kind != entry.kind:
            yield "create", entry
        elif entry.kind != "directory" and (old.mtime_s, old.size) != (entry.mtime_s, entry.size):
            yield "modify", entry
        elif old.mode != entry.mode:
            yield "attrib", entry
