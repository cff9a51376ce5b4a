"""Versions: code and bindings as they were uploaded, never changed again."""

from __future__ import annotations

import hashlib
import json
import sqlite3
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from edge.kernel.clock import Clock
from edge.kernel.random import RandomStreams
from wrangler_compat.cloud.catalogue import Catalogue
from wrangler_compat.cloud.workers.bindings import Binding
from wrangler_compat.cloud.workers.script import Script
from wrangler_compat.cloud.workers.upload import Module


@dataclass(frozen=True, slots=True)
class Version:
    """One version of a script; `number` counts from 1."""

    id: str
    number: int
    created_ms: int
    source: str
    etag: str
    annotations: Mapping[str, str]
    bindings: Sequence[Binding]
    runtime: Mapping[str, Any]
    #: How long the code took to load; 0 when it was not loaded.
    startup_ms: int


@dataclass(frozen=True, slots=True)
class NewVersion:
    """What a version is made of."""

    source: str
    etag: str
    annotations: Mapping[str, str]
    bindings: Sequence[Binding]
    runtime: Mapping[str, Any]
    modules: Sequence[Module]


class Versions:
    """The versions of all scripts. Contents that are the same are kept once."""

    def __init__(self, catalogue: Catalogue, clock: Clock, random: RandomStreams) -> None:
        self._catalogue = catalogue
        self._clock = clock
        self._random = random

    def all(self, script: Script) -> Sequence[Version]:
        """All versions, the newest first."""
        rows = self._catalogue.rows(
            "SELECT * FROM versions WHERE script = ? ORDER BY number DESC", script.key
        )
        return [_version(row) for row in rows]

    def find(self, script: Script, version_id: str) -> Version | None:
        row = self._catalogue.row(
            "SELECT * FROM versions WHERE script = ? AND id = ?", script.key, version_id
        )
        return None if row is None else _version(row)

    def latest(self, script: Script) -> Version | None:
        """The newest version, deployed or not."""
        row = self._catalogue.row(
            "SELECT * FROM versions WHERE script = ? ORDER BY number DESC LIMIT 1", script.key
        )
        return None if row is None else _version(row)

    def add(self, script: Script, new: NewVersion) -> Version:
        """Keep a version; within a transaction."""
        before = self.latest(script)
        version_id = self._random.uuid("cloud.version")
        self._catalogue.change(
            "INSERT INTO versions VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, 0)",
            version_id,
            script.key,
            1 if before is None else before.number + 1,
            self._clock.now_ms(),
            new.source,
            new.etag,
            json.dumps(new.annotations),
            json.dumps(new.bindings),
            json.dumps(new.runtime),
        )
        for position, module in enumerate(new.modules):
            digest = hashlib.sha256(module.content).hexdigest()
            self._catalogue.change("INSERT OR IGNORE INTO contents VALUES (?, ?)", digest, module.content)
            self._catalogue.change(
                "INSERT INTO modules VALUES (?, ?, ?, ?, ?)",
                version_id, position, module.name, module.type, digest,
            )  # fmt: skip
        found = self.find(script, version_id)
        assert found is not None
        return found

    def started(self, version: Version, startup_ms: int) -> None:
        """Remember how long a version took to load."""
        self._catalogue.change("UPDATE versions SET startup_ms = ? WHERE id = ?", startup_ms, version.id)

    def modules(self, version: Version) -> Sequence[Module]:
        """The files of a version, in the order of the upload."""
        rows = self._catalogue.rows(
            "SELECT name, type, content FROM modules JOIN contents USING (digest) WHERE version = ? "
            "ORDER BY position",
            version.id,
        )
        return [Module(*row) for row in rows]

    def sweep(self) -> None:
        """Drop the contents that no version has any more."""
        self._catalogue.change("DELETE FROM contents WHERE digest NOT IN (SELECT digest FROM modules)")


def _version(row: sqlite3.Row) -> Version:
    return Version(
        row["id"],
        row["number"],
        row["created_ms"],
        row["source"],
        row["etag"],
        json.loads(row["annotations"]),
        json.loads(row["bindings"]),
        json.loads(row["runtime"]),
        row["startup_ms"],
    )
