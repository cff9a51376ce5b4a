"""Container applications and their rollouts. Nothing runs here, so a rollout is over when it begins.

Source: the types of Cloudflare's API in wrangler's `containers-shared`.
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from edge.kernel.clock import Clock
from edge.kernel.random import RandomStreams
from wrangler_compat.cloud.catalogue import Catalogue


@dataclass(frozen=True, slots=True)
class Application:
    """An image behind a Durable Object namespace. `settings` are those that clients give and get:
    configuration, constraints, how many…"""

    id: str
    name: str
    namespace: str
    version: int
    created_ms: int
    updated_ms: int
    settings: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Rollout:
    """A change of what an application runs; `asked` is what the client sent."""

    id: str
    created_ms: int
    current_version: int
    target_version: int
    asked: Mapping[str, Any]


class Applications:
    """The applications of all accounts."""

    def __init__(self, catalogue: Catalogue, clock: Clock, random: RandomStreams) -> None:
        self._catalogue = catalogue
        self._clock = clock
        self._random = random

    def all(self, account_id: str) -> Sequence[Application]:
        """In the order of their making."""
        rows = self._catalogue.rows(
            "SELECT * FROM container_applications WHERE account = ? ORDER BY rowid", account_id
        )
        return [_application(row) for row in rows]

    def find(self, account_id: str, application_id: str) -> Application | None:
        row = self._catalogue.row(
            "SELECT * FROM container_applications WHERE account = ? AND id = ?", account_id, application_id
        )
        return None if row is None else _application(row)

    def add(self, account_id: str, name: str, namespace: str, settings: Mapping[str, Any]) -> Application:
        """A new one; neither name nor namespace has one yet."""
        now_ms = self._clock.now_ms()
        made = Application(
            self._random.uuid("cloud.application"), name, namespace, 1, now_ms, now_ms, settings
        )
        self._catalogue.change(
            "INSERT INTO container_applications VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
            made.id, account_id, name, namespace, made.version, now_ms, now_ms, json.dumps(settings),
        )  # fmt: skip
        return made

    def change(self, application: Application, settings: Mapping[str, Any]) -> None:
        """Other settings; another configuration is another version."""
        step = settings["configuration"] != application.settings["configuration"]
        self._catalogue.change(
            "UPDATE container_applications SET settings = ?, version = version + ?, updated_ms = ? "
            "WHERE id = ?",
            json.dumps(settings), int(step), self._clock.now_ms(), application.id,
        )  # fmt: skip

    def remove(self, application: Application) -> None:
        """With its rollouts."""
        self._catalogue.change("DELETE FROM container_applications WHERE id = ?", application.id)

    def roll_out(self, application: Application, asked: Mapping[str, Any]) -> Rollout:
        """Note that what the application is now has been rolled out."""
        last = self.rollouts(application)
        made = Rollout(
            self._random.uuid("cloud.rollout"),
            self._clock.now_ms(),
            last[-1].target_version if last else 1,
            application.version,
            asked,
        )
        self._catalogue.change(
            "INSERT INTO container_rollouts VALUES (?, ?, ?, ?, ?, ?)",
            made.id, application.id, made.created_ms, made.current_version, made.target_version,
            json.dumps(asked),
        )  # fmt: skip
        return made

    def rollouts(self, application: Application) -> Sequence[Rollout]:
        """The oldest first."""
        rows = self._catalogue.rows(
            "SELECT id, created_ms, current_version, target_version, asked FROM container_rollouts "
            "WHERE application = ? ORDER BY rowid",
            application.id,
        )
        return [
            Rollout(made_id, created_ms, current, target, json.loads(asked))
            for made_id, created_ms, current, target, asked in rows
        ]


def _application(row: sqlite3.Row) -> Application:
    settings = json.loads(row["settings"])
    return Application(
        row["id"],
        row["name"],
        row["namespace"],
        row["version"],
        row["created_ms"],
        row["updated_ms"],
        settings,
    )
