"""Deployments: which versions answer, and which share of the requests each gets. The newest one counts."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from edge.kernel.clock import Clock
from edge.kernel.random import RandomStreams
from wrangler_compat.cloud.catalogue import Catalogue
from wrangler_compat.cloud.workers.script import Script


@dataclass(frozen=True, slots=True)
class Deployment:
    """`shares` gives each version's percentage of the requests, by the version's id."""

    id: str
    created_ms: int
    source: str
    annotations: Mapping[str, str]
    shares: Mapping[str, float]


class Deployments:
    """The deployments of all scripts."""

    def __init__(self, catalogue: Catalogue, clock: Clock, random: RandomStreams) -> None:
        self._catalogue = catalogue
        self._clock = clock
        self._random = random

    def all(self, script: Script) -> Sequence[Deployment]:
        """All deployments, the newest first."""
        rows = self._catalogue.rows(
            "SELECT * FROM deployments WHERE script = ? ORDER BY rowid DESC", script.key
        )
        return [_deployment(row) for row in rows]

    def current(self, script: Script) -> Deployment | None:
        """The deployment that answers."""
        return next(iter(self.all(script)), None)

    def add(
        self, script: Script, shares: Mapping[str, float], source: str, annotations: Mapping[str, str]
    ) -> Deployment:
        """Let versions answer from now on."""
        deployment_id = self._random.uuid("cloud.deployment")
        self._catalogue.change(
            "INSERT INTO deployments VALUES (?, ?, ?, ?, ?, ?)",
            deployment_id,
            script.key,
            self._clock.now_ms(),
            source,
            json.dumps(annotations),
            json.dumps(shares),
        )
        found = self.current(script)
        assert found is not None
        return found


def _deployment(row: sqlite3.Row) -> Deployment:
    return Deployment(
        row["id"],
        row["created_ms"],
        row["source"],
        json.loads(row["annotations"]),
        json.loads(row["shares"]),
    )
