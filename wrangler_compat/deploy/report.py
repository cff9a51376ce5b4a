"""A plan for its reader: tables on a terminal, columns in a pipe, or JSON.

Source: spec wrangler.md section 6 (`deploy`): the lines that wrangler prints.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

import click

from wrangler_compat.cli.saying import is_terminal, say_table
from wrangler_compat.deploy.bindings import Binding
from wrangler_compat.deploy.plan import Plan, Triggers

_KIB = 1024


def as_json(plan: Plan) -> dict[str, Any]:
    """Everything but contents and secrets."""
    return {
        "name": plan.name,
        "modules": [
            {
                "name": module.name,
                "type": module.mime_type,
                "size_bytes": len(module.content),
                "vendored": module.is_vendored,
            }
            for module in plan.bundle.modules
        ],
        "assets": [
            {"path": asset.path, "size_bytes": asset.size_bytes, "hash": asset.hash} for asset in plan.assets
        ],
        "total": {"size_bytes": plan.bundle.size_bytes, "gzip_bytes": plan.bundle.gzip_bytes},
        "metadata": _without_secrets(plan.metadata),
        "migrations": plan.project.settings.get("migrations", []),
        "companion": _companion(plan),
        "triggers": [*trigger_lines(plan.triggers), *_workers_dev(plan.triggers)],
        "warnings": list(plan.warnings),
    }


def print_plan(plan: Plan) -> None:
    """Every file with its size, every binding, every trigger."""
    if plan.bundle.modules:
        rows = [(module.name, module.mime_type, _size(len(module.content))) for module in plan.bundle.modules]
        print_table(("Module", "Type", "Size"), rows)
    if plan.assets:
        print_table(
            ("Asset", "Hash", "Size"),
            [(file.path, file.hash, _size(file.size_bytes)) for file in plan.assets],
        )
    if plan.bundle.modules:
        click.echo(size_line(plan))
    print_bindings(plan)
    for container in plan.containers:
        click.echo(f"Container: {container['name']} ({container.get('class_name', 'of exports')})")
    if plan.companion is not None:
        name, classes = plan.companion.name, ", ".join(plan.companion.classes)
        click.echo(f"Companion: {name} ({classes}), in JavaScript: --outdir writes it to sandbox/")
    for line in (*trigger_lines(plan.triggers), *_workers_dev(plan.triggers)):
        click.echo(f"Trigger: {line}")


def size_line(plan: Plan) -> str:
    """How much is uploaded, as wrangler says it."""
    return f"Total Upload: {_size(plan.bundle.size_bytes)} / gzip: {_size(plan.bundle.gzip_bytes)}"


def print_bindings(plan: Plan) -> None:
    """Every binding, in wrangler's words."""
    if not plan.bindings:
        click.echo("No bindings found.")
        return
    click.echo("Your Worker has access to the following bindings:")
    rows = [(_shown(binding), binding.label) for binding in plan.bindings]
    print_table(("Binding", "Resource"), rows)


def _shown(binding: Binding) -> str:
    return f"env.{binding.name}" + (f" ({binding.shown})" if binding.shown else "")


def trigger_lines(triggers: Triggers) -> list[str]:
    """Routes, custom domains and schedules, as wrangler lists them."""
    routes = [f"{route['pattern']}{_zone(route)}" for route in triggers.routes]
    domains = [
        f"{domain['pattern']} (custom domain{_zone(domain, ' - ')})" for domain in triggers.custom_domains
    ]
    return [*routes, *domains, *(f"schedule: {cron}" for cron in triggers.crons or ())]


def print_table(columns: Sequence[str], rows: Iterable[Sequence[str]]) -> None:
    """A table on a terminal; in a pipe columns two spaces apart, nothing cut off."""
    lines = [tuple(row) for row in rows]
    if not is_terminal():
        widths = [max(map(len, cells)) for cells in zip(columns, *lines, strict=True)]
        for line in (columns, *lines):
            click.echo(
                "  ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True)).rstrip()
            )
        return
    say_table(columns, lines)


def _companion(plan: Plan) -> dict[str, Any] | None:
    companion = plan.companion
    return None if companion is None else {"name": companion.name, "classes": list(companion.classes)}


def _workers_dev(triggers: Triggers) -> list[str]:
    return ["workers.dev"] if triggers.workers_dev else []


def _zone(route: Any, before: str = "") -> str:
    for key, words in (("zone_id", "zone id"), ("zone_name", "zone name")):
        if key in route:
            return f"{before}{words}: {route[key]}" if before else f" ({words}: {route[key]})"
    return ""


def _size(count: int) -> str:
    return f"{count / _KIB:.2f} KiB"


def _without_secrets(metadata: Any) -> dict[str, Any]:
    bindings = [
        {name: value for name, value in binding.items() if (binding["type"], name) != ("secret_text", "text")}
        for binding in metadata.get("bindings", ())
    ]
    return {**metadata, **({"bindings": bindings} if "bindings" in metadata else {})}
