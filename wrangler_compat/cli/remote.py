"""The account on Cloudflare that a command works on."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any
from urllib.parse import quote

from wrangler_compat.cli.project import Project
from wrangler_compat.cloudflare.account import Account, envelope_of, opened


@contextmanager
def account_of(project: Project) -> Iterator[Account]:
    """The account of the environment's token, or of the configuration. Raises UserError."""
    with opened(project.text("account_id") or None) as found:
        yield found


def segment(name: str) -> str:
    """A name as one part of a path."""
    return quote(name, safe="")


def all_pages(account: Account, path: str, query: dict[str, Any]) -> list[Any]:
    """Everything that a list has, whether it is counted in pages or goes by cursors. Raises
    CloudflareApiError."""
    found: list[Any] = []
    more: dict[str, Any] = {"page": 1} if "per_page" in query else {}
    while True:
        envelope = envelope_of(account.raw("GET", path, query={**query, **more}))
        part = envelope["result"]
        found += part
        info = envelope.get("result_info") or {}
        if "page" in more:
            if len(part) < query["per_page"]:
                return found
            more["page"] += 1
        elif cursor := info.get("cursor"):
            more["cursor"] = cursor
        else:
            return found
