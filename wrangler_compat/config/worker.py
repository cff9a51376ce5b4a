"""One Worker's configuration: from the settings of an environment to `edge.config.WorkerConfig`.

Sources: spec wrangler.md sections 2 to 4, python-workers.md section 9.
"""

from __future__ import annotations

import datetime
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from edge.config import SUBREQUESTS_MAX, WorkerConfig
from edge.errors import UnsupportedError
from wrangler_compat.config.assets import assets_config
from wrangler_compat.config.bindings import check_unique, durable_bindings, kv_bindings, service_bindings
from wrangler_compat.config.containers import container_configs
from wrangler_compat.config.diagnostics import MISSING, shown
from wrangler_compat.config.durable import durable_classes, renamed_classes
from wrangler_compat.config.fields import Fields
from wrangler_compat.config.products import (
    analytics_bindings,
    d1_bindings,
    r2_bindings,
    rate_limit_bindings,
    vectorize_bindings,
)
from wrangler_compat.config.schema import FIELDS, KEYS, Support
from wrangler_compat.config.source import Source

#: Without a date in the configuration: that of the runtime whose behaviour was recorded.
DEFAULT_DATE = "2026-11-17"
DEFAULT_NAME = "worker"

_NAME = re.compile(r"$|[a-z0-9_][a-z0-9-_]*$")
_DATE = re.compile(r"\d{4}-\d{2}-\d{2}$")


def worker_config(
    source: Source,
    fields: Fields,
    secrets: Mapping[str, str],
    overrides: Mapping[str, str],
    *,
    allow_unsupported: bool,
) -> WorkerConfig:
    """Build the Worker of `source`. Findings go to `fields.diagnostics`; what is not emulated raises
    UnsupportedError unless `allow_unsupported` leaves it out with a warning."""
    _refuse_unsupported(source, fields, allow_unsupported)
    kv, durable, services = kv_bindings(fields), durable_bindings(fields), service_bindings(fields)
    d1, r2, rates = d1_bindings(fields), r2_bindings(fields), rate_limit_bindings(fields)
    vectorize, analytics = vectorize_bindings(fields), analytics_bindings(fields)
    assets = assets_config(fields, source.folder)
    values = {**_vars(fields), **overrides}
    named = [(binding.name, "KV Namespace") for binding in kv]
    named += [(binding.name, "Durable Object") for binding in durable]
    named += [(binding.name, "Worker") for binding in services]
    named += [(binding.name, "D1 Database") for binding in d1]
    named += [(binding.name, "R2 Bucket") for binding in r2]
    named += [(binding.name, "Vectorize Index") for binding in vectorize]
    named += [(binding.name, "Rate Limit") for binding in rates]
    named += [(name, "Analytics Engine Dataset") for name in analytics]
    named += [(assets.binding, "Assets")] if assets is not None and assets.binding is not None else []
    named += [(name, "Environment Variable") for name in values]
    check_unique(fields, named)
    classes = durable_classes(fields, durable, source.path.name)
    return WorkerConfig(
        name=_name(fields),
        root=source.folder,
        main=_main(source, fields, has_assets=assets is not None),
        compatibility_date=_compatibility_date(fields),
        compatibility_flags=fields.strings("compatibility_flags"),
        vars={name: value for name, value in values.items() if name in overrides or name not in secrets},
        secrets={name: value for name, value in secrets.items() if name not in overrides},
        kv=kv,
        durable=durable,
        services=services,
        d1=d1,
        r2=r2,
        vectorize=vectorize,
        rate_limits=rates,
        analytics=analytics,
        containers=container_configs(fields, source.folder),
        assets=assets,
        crons=_crons(fields),
        durable_classes=classes,
        former_names=renamed_classes(fields) if classes else {},
        subrequests_max=_subrequests_max(fields),
    )


def required_secrets(fields: Fields) -> tuple[str, ...] | None:
    """`secrets.required`: the only secrets to take, or None when it is not set."""
    section = fields.table("secrets")
    names = section.get("required", MISSING)
    if names is MISSING:
        return None
    if isinstance(names, list) and all(isinstance(name, str) for name in names):
        return tuple(names)
    fields.error(
        f'Expected "secrets.required" to be of type string array but got {shown(names)}.',
        "secrets",
        "required",
    )
    return None


def _refuse_unsupported(source: Source, fields: Fields, allow: bool) -> None:
    for key, value in fields.environment.settings.items():
        if KEYS[key].support is not Support.UNSUPPORTED or value in ({}, [], None, False):
            continue
        note = KEYS[key].note
        what = f'"{key}"' + (f" ({note})" if note else "")
        if allow:
            fields.warn(f"{what} is not emulated and was left out.", key)
            continue
        raise UnsupportedError(
            f"{what} is not emulated (docs/limitations.md). "
            "Remove it, or start with --allow-unsupported to run without it.",
            file=source.path,
            line=source.line(*fields.environment.place(key)),
        )


def _name(fields: Fields) -> str:
    name = fields.raw("name")
    if isinstance(name, str) and _NAME.match(name):
        return name or DEFAULT_NAME
    if name is not MISSING:
        fields.error(
            'Expected "name" to be of type string, alphanumeric and lowercase with dashes only but got '
            f"{shown(name)}.",
            "name",
        )
    return DEFAULT_NAME


def _main(source: Source, fields: Fields, *, has_assets: bool) -> Path | None:
    name = fields.string("main")
    if name is None:
        if not has_assets and fields.raw("main") is MISSING:
            fields.diagnostics.error("Missing entry-point to Worker script or to assets directory")
        return None
    path = (source.folder / name).resolve()
    if not path.is_file():
        fields.error(f'The entry-point file at "{name}" was not found.', "main")
        return None
    if path.suffix != ".py":
        raise UnsupportedError(
            f'"{name}" is no Python file, and only Python Workers are emulated (docs/limitations.md).',
            file=source.path,
            line=source.line(*fields.environment.place("main")),
        )
    flags = fields.raw("compatibility_flags")
    flags = flags if isinstance(flags, list) else []
    if not any(isinstance(flag, str) and flag.startswith("python_workers") for flag in flags):
        fields.error("The `python_workers` compatibility flag is required to use Python.", "main")
    if path.parent != source.folder and (path.parent / "python_modules").is_dir():
        fields.error(
            "The 'python_modules' directory cannot exist in your module root. Delete it to continue.", "main"
        )
    return path


def _compatibility_date(fields: Fields) -> str:
    date = fields.string("compatibility_date")
    if date is None:
        if fields.raw("compatibility_date") is MISSING:
            fields.diagnostics.warn(
                f"No compatibility_date was specified. Using the default compatibility date: {DEFAULT_DATE}."
            )
        return DEFAULT_DATE
    if "–" in date or "—" in date:
        fields.error(
            '"compatibility_date" field should use ISO-8601 accepted hyphens (-) rather than en-dashes (–) '
            "or em-dashes (—).",
            "compatibility_date",
        )
    elif not _is_date(date):
        fields.error(
            '"compatibility_date" field should be a valid ISO-8601 date (YYYY-MM-DD), but got '
            f"{shown(date)}.",
            "compatibility_date",
        )
    return date


def _is_date(text: str) -> bool:
    if not _DATE.match(text):
        return False
    try:
        datetime.date.fromisoformat(text)
    except ValueError:
        return False
    return True


def _vars(fields: Fields) -> dict[str, Any]:
    values = fields.table("vars")
    for name, value in values.items():
        if isinstance(value, (datetime.date, datetime.time)):
            fields.error(
                f'The field "vars.{name}" is a TOML date, which is not supported. '
                f'Please use a string instead, e.g. {name} = "{value}".',
                "vars",
                name,
            )
    return values


def _crons(fields: Fields) -> tuple[str, ...]:
    section = fields.table("triggers")
    fields.warn_unexpected(section, FIELDS["triggers"], "triggers")
    crons = section.get("crons", MISSING)
    if crons is MISSING or crons is None:
        return ()
    if isinstance(crons, list) and all(isinstance(cron, str) for cron in crons):
        return tuple(crons)
    fields.error(
        f'Expected "triggers.crons" to be of type array, but got {shown(crons)}.', "triggers", "crons"
    )
    return ()


def _subrequests_max(fields: Fields) -> int:
    limits = fields.table("limits")
    fields.warn_unexpected(limits, FIELDS["limits"], "limits")
    for name in ("cpu_ms", "subrequests"):
        value = limits.get(name, 0)
        if isinstance(value, bool) or not isinstance(value, int):
            fields.error(
                f'Expected "limits.{name}" to be of type number but got {shown(value)}.', "limits", name
            )
            return SUBREQUESTS_MAX
    return int(limits.get("subrequests", SUBREQUESTS_MAX))
