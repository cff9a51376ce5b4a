"""Scripts: what an account calls a Worker, with everything that is not of a single version."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from edge.kernel.clock import Clock
from edge.kernel.random import RandomStreams
from wrangler_compat.cloud.catalogue import Catalogue
from wrangler_compat.cloud.workers.migrations import Classes, DurableClass

#: Settings that are of a script, not of a version, though an upload may bring them.
UNVERSIONED = ("logpush", "observability", "tail_consumers", "tags")


@dataclass(frozen=True, slots=True)
class Script:
    """A Worker. `key` is the catalogue's own."""

    key: int
    account_id: str
    name: str
    tag: str
    created_ms: int
    modified_ms: int
    #: Where it answers, its cron triggers, its routes, and what wrangler keeps with it: tags, logpush…
    settings: Mapping[str, Any]
    classes: Classes
    migration_tag: str | None


class Scripts:
    """The scripts of all accounts."""

    def __init__(self, catalogue: Catalogue, clock: Clock, random: RandomStreams) -> None:
        self._catalogue = catalogue
        self._clock = clock
        self._random = random

    def all(self, account_id: str) -> Sequence[Script]:
        rows = self._catalogue.rows("SELECT * FROM scripts WHERE account = ? ORDER BY name", account_id)
        return [_script(row) for row in rows]

    def find(self, account_id: str, name: str) -> Script | None:
        row = self._catalogue.row("SELECT * FROM scripts WHERE account = ? AND name = ?", account_id, name)
        return None if row is None else _script(row)

    def add(self, account_id: str, name: str) -> Script:
        """A script without versions."""
        now_ms = self._clock.now_ms()
        tag = self._random.bytes("cloud.script", 16).hex()
        self._catalogue.change(
            "INSERT INTO scripts (account, name, tag, created_ms, modified_ms, settings, classes) "
            "VALUES (?, ?, ?, ?, ?, '{}', '{}')",
            account_id, name, tag, now_ms, now_ms,
        )  # fmt: skip
        found = self.find(account_id, name)
        assert found is not None
        return found

    def configure(self, script: Script, **settings: Any) -> None:
        """Change settings of a script; the others stay."""
        text = json.dumps({**script.settings, **settings})
        self._catalogue.change("UPDATE scripts SET settings = ? WHERE key = ?", text, script.key)

    def migrate(self, script: Script, classes: Classes, tag: str | None) -> None:
        """Set the Durable Object classes of a script."""
        text = json.dumps({name: [found.sqlite, found.first_name] for name, found in classes.items()})
        self._catalogue.change(
            "UPDATE scripts SET classes = ?, migration_tag = ? WHERE key = ?", text, tag, script.key
        )

    def touch(self, script: Script) -> None:
        """Something of it changed now."""
        self._catalogue.change(
            "UPDATE scripts SET modified_ms = ? WHERE key = ?", self._clock.now_ms(), script.key
        )

    def remove(self, script: Script) -> None:
        """Remove a script with its versions and deployments."""
        self._catalogue.change("DELETE FROM scripts WHERE key = ?", script.key)


def _script(row: sqlite3.Row) -> Script:
    classes = {name: DurableClass(*found) for name, found in json.loads(row["classes"]).items()}
    return Script(
        row["key"],
        row["account"],
        row["name"],
        row["tag"],
        row["created_ms"],
        row["modified_ms"],
        json.loads(row["settings"]),
        classes,
        row["migration_tag"],
    )
