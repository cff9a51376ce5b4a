"""One Worker's configuration: from the settings of an environment to `edge.config.WorkerConfig`.

Sources: spec wrangler.md sections 2 to 4, python-workers.md section 9.
"""

from __future__ import annotations

import datetime
import re
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from edge.config import SUBREQUESTS_MAX, WorkerConfig
from edge.errors import UnsupportedError
from wrangler_compat.config.assets import assets_config
from wrangler_compat.config.bindings import check_unique, durable_bindings, kv_bindings, service_bindings
from wrangler_compat.config.containers import container_configs
from wrangler_compat.config.diagnostics import MISSING, Diagnostics, shown
from wrangler_compat.config.durable import durable_classes, renamed_classes
from wrangler_compat.config.fields import Fields
from wrangler_compat.config.ignored import check_ignored
from wrangler_compat.config.products import (
    analytics_bindings,
    d1_bindings,
    r2_bindings,
    rate_limit_bindings,
    vectorize_bindings,
)
from wrangler_compat.config.queues import queue_bindings, queue_consumers
from wrangler_compat.config.schema import FIELDS, KEYS, Support
from wrangler_compat.config.source import Source

#: Without a date in the configuration: that of the runtime whose behaviour was recorded.
DEFAULT_DATE = "2026-11-17"
DEFAULT_NAME = "worker"
PYTHON_FLAG = "python_workers"

_NAME = re.compile(r"$|[a-z0-9_][a-z0-9-_]*$")
_DATE = re.compile(r"\d{4}-\d{2}-\d{2}$")


def worker_config(source: Source, fields: Fields, overrides: Mapping[str, str]) -> WorkerConfig:
    """Build the Worker of `source` from its keys, as far as they are sound. `overrides` are variables from
    the command line. Findings go to `fields.diagnostics`."""
    check_ignored(fields)
    kv, durable, services = kv_bindings(fields), durable_bindings(fields), service_bindings(fields)
    d1, r2, rates = d1_bindings(fields), r2_bindings(fields), rate_limit_bindings(fields)
    classes = durable_classes(fields, durable, source.path.name)
    return WorkerConfig(
        name=_name(fields),
        root=source.folder,
        main=_main(source, fields),
        compatibility_date=_compatibility_date(fields),
        compatibility_flags=fields.strings("compatibility_flags"),
        vars={**_vars(fields), **overrides},
        kv=kv,
        durable=durable,
        services=services,
        d1=d1,
        r2=r2,
        vectorize=vectorize_bindings(fields),
        queues=queue_bindings(fields),
        queue_consumers=queue_consumers(fields),
        rate_limits=rates,
        analytics=analytics_bindings(fields),
        containers=container_configs(fields, source.folder),
        assets=assets_config(fields, source.folder),
        crons=_crons(fields),
        durable_classes=classes,
        former_names=renamed_classes(fields) if classes else {},
        subrequests_max=_subrequests_max(fields),
    )


def with_secrets(
    worker: WorkerConfig, secrets: Mapping[str, str], overrides: Mapping[str, str]
) -> WorkerConfig:
    """`secrets` take the place of variables of the same name, unless the command line gave those."""
    return replace(
        worker,
        vars={name: value for name, value in worker.vars.items() if name in overrides or name not in secrets},
        secrets={name: value for name, value in secrets.items() if name not in overrides},
    )


def check_bindings(worker: WorkerConfig, required: Sequence[str], diagnostics: Diagnostics) -> None:
    """Every binding has a name of its own, and so have the `required` secrets."""
    named = [(binding.name, "Durable Object") for binding in worker.durable]
    named += [(binding.name, "KV Namespace") for binding in worker.kv]
    named += [(binding.name, "D1 Database") for binding in worker.d1]
    named += [(binding.name, "Vectorize Index") for binding in worker.vectorize]
    named += [(binding.name, "Queue") for binding in worker.queues]
    named += [(binding.name, "R2 Bucket") for binding in worker.r2]
    named += [(binding.name, "Worker") for binding in worker.services]
    named += [(name, "Analytics Engine Dataset") for name in worker.analytics]
    named += [(name, "Environment Variable") for name in worker.vars]
    named += [(binding.name, "Rate Limit") for binding in worker.rate_limits]
    assets = worker.assets
    named += [(assets.binding, "Assets")] if assets is not None and assets.binding is not None else []
    named += [(name, "Secret") for name in required]
    check_unique(named, diagnostics)


def check_code(source: Source, fields: Fields, worker: WorkerConfig) -> None:
    """The Worker has code that can be run here. Raises UnsupportedError for JavaScript."""
    main = worker.main
    if main is None:
        if worker.assets is None and fields.raw("main") is MISSING:
            fields.diagnostics.error("Missing entry-point to Worker script or to assets directory")
        return
    if not main.is_file():
        fields.misfit(f'The entry-point file at "{fields.raw("main")}" was not found.', "main")
    elif main.suffix != ".py":
        raise source.error(
            UnsupportedError,
            f'"{fields.raw("main")}" is no Python file, and only Python Workers are emulated '
            "(docs/limitations.md).",
            *fields.environment.place("main"),
        )
    elif main.parent != source.folder and (main.parent / "python_modules").is_dir():
        fields.misfit(
            "The 'python_modules' directory cannot exist in your module root. Delete it to continue.", "main"
        )
    if fields.raw("compatibility_date") is MISSING:
        fields.diagnostics.warn(
            f"No compatibility_date was specified. Using the default compatibility date: {DEFAULT_DATE}."
        )


def required_secrets(fields: Fields) -> tuple[str, ...] | None:
    """`secrets.required`: the only secrets to take, or None without a section."""
    section = fields.table("secrets")
    fields.warn_unexpected(section, FIELDS["secrets"], "secrets")
    names = section.get("required", [])
    fits = fields.expect_array(names, "string", fields.named("secrets", "required"), ("secrets", "required"))
    if fields.raw("secrets") is MISSING or not fits:
        return None
    return tuple(names)


def refuse_unsupported(source: Source, fields: Fields, *, allow: bool) -> None:
    """Stop at keys that are not emulated, or warn of them where they are allowed."""
    for key, value in fields.environment.settings.items():
        if KEYS[key].support is not Support.UNSUPPORTED or value in ({}, [], None, False):
            continue
        note = KEYS[key].note
        what = f'"{key}"' + (f" ({note})" if note else "")
        if allow:
            fields.warn(f"{what} is not emulated and was left out.", key)
            continue
        raise source.error(
            UnsupportedError,
            f"{what} is not emulated (docs/limitations.md). "
            "Remove it, or start with --allow-unsupported to run without it.",
            *fields.environment.place(key),
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


def _main(source: Source, fields: Fields) -> Path | None:
    name = fields.string("main")
    if name is None:
        return None
    if name.endswith(".py") and not _is_python(fields):
        fields.misfit("The `python_workers` compatibility flag is required to use Python.", "main")
    return (source.folder / name).resolve()


def _is_python(fields: Fields) -> bool:
    flags = fields.raw("compatibility_flags")
    return isinstance(flags, list) and PYTHON_FLAG in flags


def _compatibility_date(fields: Fields) -> str:
    date = fields.string("compatibility_date")
    if date is None:
        return DEFAULT_DATE
    if "–" in date or "—" in date:
        fields.error(
            '"compatibility_date" field should use ISO-8601 accepted hyphens (-) rather than en-dashes (–) '
            "or em-dashes (—).",
            "compatibility_date",
        )
    if not _is_date(date.replace("–", "-").replace("—", "-")):
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
                f'The field "{fields.named("vars", name)}" is a TOML date, which is not supported. '
                f'Please use a string instead, e.g. {name} = "2025-12-19".',
                "vars",
                name,
            )
    return values


def _crons(fields: Fields) -> tuple[str, ...]:
    section = fields.raw("triggers")
    if section is MISSING or section is None:
        return ()
    if not isinstance(section, dict):
        fields.error(f'Expected "triggers" to be of type object but got {shown(section)}.', "triggers")
        return ()
    fields.warn_unexpected(section, FIELDS["triggers"], "triggers")
    crons = section.get("crons", [])
    if isinstance(crons, list) and all(isinstance(cron, str) for cron in crons):
        return tuple(crons)
    text = f'Expected "triggers.crons" to be of type array, but got {shown(section)}.'
    fields.error(text, "triggers", "crons")
    return ()


def _subrequests_max(fields: Fields) -> int:
    """`limits.subrequests`; `limits` are checked with the keys of deploys."""
    limits = fields.raw("limits")
    found = limits.get("subrequests") if isinstance(limits, dict) else None
    return found if isinstance(found, int) and not isinstance(found, bool) else SUBREQUESTS_MAX
