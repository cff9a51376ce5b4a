"""What each section of the configuration puts into `env`, and of which type it is.

Source: spec wrangler.md section 3.3.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from wrangler_compat.config.schema import Scope, scoped


@dataclass(frozen=True, slots=True)
class Typed:
    """One binding: its name, its type as it is written, the part that defines that type, a remark."""

    name: str
    type: str
    part: str = ""
    remark: str = ""


_TYPES: Mapping[str, tuple[str, str]] = {
    "kv_namespaces": ("KVNamespace", "kv"),
    "r2_buckets": ("R2Bucket", "r2"),
    "d1_databases": ("D1Database", "d1"),
    "ratelimits": ("RateLimit", "rate_limit"),
    "queues": ("Queue", "queue"),
    "vectorize": ("VectorizeIndex", "vectorize"),
    "analytics_engine_datasets": ("AnalyticsEngineDataset", "analytics"),
}
#: Where the binding's name is in `name`; everywhere else it is in `binding`.
_NAMED = frozenset({"ratelimits", "send_email"})
#: Their types need the source of a Worker.
_OF_WORKERS = frozenset({"durable_objects", "services"})


def plain_bindings(settings: Mapping[str, Any]) -> Iterator[Typed]:
    """The bindings whose type their section tells; those of products without a Protocol are `Any`."""
    for section in scoped(Scope.OWN):
        if section in settings and section not in _OF_WORKERS:
            type_name, part = _TYPES.get(section, ("Any", ""))
            for name in _names(settings[section], "name" if section in _NAMED else "binding"):
                yield Typed(name, type_name, part, "" if part else section)
    assets = settings.get("assets")
    if isinstance(assets, dict):
        for name in _names(assets, "binding"):
            yield Typed(name, "Fetcher", "fetcher")


def _names(section: Any, key: str) -> Iterator[str]:
    """The names in one entry, in a list of them, or in the producers of `queues`."""
    if isinstance(section, list):
        for entry in section:
            yield from _names(entry, key)
    elif isinstance(section, dict):
        if isinstance(section.get("producers"), list):
            yield from _names(section["producers"], key)
        if isinstance(section.get(key), str):
            yield section[key]
