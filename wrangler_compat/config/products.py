"""D1, R2, Vectorize, rate limits and Analytics Engine: from wrangler's sections to `edge.config`.

Sources: spec wrangler.md sections 2 (texts), 3.3 (fields) and 5.1 (which id names the local data).
"""

from __future__ import annotations

from typing import Any

from edge.config import D1Binding, R2Binding, RateLimitBinding, VectorizeBinding
from wrangler_compat.config.diagnostics import MISSING
from wrangler_compat.config.fields import Fields
from wrangler_compat.config.schema import FIELDS
from wrangler_compat.config.section import Section

_PERIODS_S = (10, 60)


def d1_bindings(fields: Fields) -> tuple[D1Binding, ...]:
    """`d1_databases`; the preview id names the data in dev, then the id, then the binding."""
    found = []
    for index, entry in fields.entries("d1_databases"):
        section = Section(fields, "d1_databases", index, entry)
        name = section.required("binding", 'bindings should have a string "binding" field')
        section.optional("database_id", 'bindings must have a "database_id" field')
        for key in (
            *("preview_database_id", "migrations_pattern", "database_name"),
            *("migrations_dir", "migrations_table"),
        ):
            section.optional(key)
        section.close()
        if name is not None:
            found.append(D1Binding(name, section.first("preview_database_id", "database_id") or name))
    return tuple(found)


def r2_bindings(fields: Fields) -> tuple[R2Binding, ...]:
    """`r2_buckets`; the preview name names the data in dev, then the name, then the binding."""
    found = []
    for index, entry in fields.entries("r2_buckets"):
        section = Section(fields, "r2_buckets", index, entry)
        name = section.required("binding", 'bindings should have a string "binding" field')
        if entry.get("bucket_name", MISSING) == "":
            section.wrong('bindings should have a string "bucket_name" field')
        section.optional("bucket_name", 'bindings should have a string "bucket_name" field')
        section.optional("preview_bucket_name")
        section.optional("jurisdiction")
        section.check_bucket_name("bucket_name")
        section.check_bucket_name("preview_bucket_name", "= ")  # as wrangler prints it
        section.close()
        if name is not None:
            found.append(R2Binding(name, section.first("preview_bucket_name", "bucket_name") or name))
    return tuple(found)


def vectorize_bindings(fields: Fields) -> tuple[VectorizeBinding, ...]:
    """`vectorize`; there is no local form of it in wrangler, so `remote` only says where a deploy looks."""
    found = []
    for index, entry in fields.entries("vectorize"):
        section = Section(fields, "vectorize", index, entry)
        name = section.required("binding", 'bindings should have a string "binding" field')
        index_name = section.required("index_name", 'bindings must have an "index_name" field')
        fields.warn_unexpected(entry, FIELDS["vectorize"], "vectorize", index)
        if name is not None and index_name is not None:
            found.append(VectorizeBinding(name, index_name))
    return tuple(found)


def rate_limit_bindings(fields: Fields) -> tuple[RateLimitBinding, ...]:
    """`ratelimits`."""
    found = []
    for index, entry in fields.entries("ratelimits"):
        section = Section(fields, "ratelimits", index, entry)
        name = section.required("name", 'bindings must have a string "name" field')
        namespace_id = section.required("namespace_id", 'bindings must have a string "namespace_id" field')
        limit, period_s = _simple(section)
        section.close()
        if name is not None and namespace_id is not None and limit is not None and period_s is not None:
            found.append(RateLimitBinding(name, namespace_id, limit, period_s))
    return tuple(found)


def analytics_bindings(fields: Fields) -> tuple[str, ...]:
    """`analytics_engine_datasets`: the names of the bindings."""
    found = []
    for index, entry in fields.entries("analytics_engine_datasets", "analytics_engine"):
        section = Section(fields, "analytics_engine_datasets", index, entry)
        name = section.required("binding", 'bindings should have a string "binding" field')
        if entry.get("dataset", MISSING) == "":
            section.wrong('bindings should, optionally, have a string "dataset" field')
        section.optional("dataset")
        section.close()
        if name is not None:
            found.append(name)
    return tuple(found)


def _simple(section: Section) -> tuple[float | None, int | None]:
    simple = section.entry.get("simple", MISSING)
    if not isinstance(simple, dict):
        section.wrong('bindings must have a "simple" configuration object')
        return None, None
    limit, period_s = simple.get("limit", MISSING), simple.get("period", MISSING)
    if not _is_number(limit):
        section.wrong('bindings "simple.limit" must be a number', simple)
        limit = None
    if not _is_number(period_s):
        section.wrong('bindings "simple.period" is required and must be a number', simple)
        period_s = None
    elif period_s not in _PERIODS_S:
        section.wrong('bindings "simple.period" must be either 10 or 60', period_s)
        period_s = None
    known = FIELDS["ratelimits.simple"]
    section.fields.warn_unexpected(simple, known, section.key, section.index, "simple")
    return limit, None if period_s is None else int(period_s)


def _is_number(value: Any) -> bool:
    return isinstance(value, (int, float)) and not isinstance(value, bool)
