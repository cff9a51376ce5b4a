"""The configuration: what a deploy refuses, and what only works here.

Source: spec wrangler.md sections 2, 7 and 9; python-workers.md sections 1 and 9.
"""

from __future__ import annotations

import datetime
import re
from collections.abc import Iterator

from wrangler_compat.check.finding import Place, Severity
from wrangler_compat.check.project import Project
from wrangler_compat.check.rule import ProjectHits, project_rule
from wrangler_compat.config.diagnostics import MISSING, Diagnostics
from wrangler_compat.modules.profile import EXTERNAL_SDK_DATE

_NAME = re.compile(r"[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?")
_KV_ID = re.compile(r"[0-9a-f]{32}")
_D1_ID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")


def _groups(diagnostics: Diagnostics) -> Iterator[Diagnostics]:
    yield diagnostics
    for child in diagnostics.children:
        yield from _groups(child)


@project_rule("config-error", Severity.ERROR, remedy="See docs/configuration.md.")
def config_error(project: Project) -> ProjectHits:
    """What wrangler refuses in a configuration, in its words."""
    for group in _groups(project.examined.diagnostics):
        yield from ((project.in_config(*found.place), found.message) for found in group.errors)


@project_rule("config-warning", Severity.WARNING, remedy="See docs/configuration.md.")
def config_warning(project: Project) -> ProjectHits:
    """What wrangler warns of in a configuration, in its words; not what this emulator leaves out."""
    for group in _groups(project.examined.diagnostics):
        for found in group.warnings:
            mine = "is not emulated" in found.message or found.message.startswith("No compatibility_date")
            if not mine:
                yield project.in_config(*found.place), found.message


@project_rule("worker-name", Severity.ERROR, remedy="Choose another name.")
def worker_name(project: Project) -> ProjectHits:
    """A name that a deploy refuses, or none: 1 to 63 lower-case letters, digits and dashes, no dash at the
    ends."""
    name = project.examined.fields.raw("name")
    if name in (MISSING, ""):
        yield Place(project.config), "a Worker needs a name to be deployed"
    elif isinstance(name, str) and not _NAME.fullmatch(name):
        yield project.key("name"), f'"{name}" is no name for a Worker'


@project_rule("no-date", Severity.ERROR, remedy='Set "compatibility_date" to the day on which you tested.')
def no_date(project: Project) -> ProjectHits:
    """A configuration without a compatibility date: a deploy refuses it."""
    if project.examined.fields.raw("compatibility_date") is MISSING:
        yield Place(project.config), 'there is no "compatibility_date"'


@project_rule("future-date", Severity.ERROR, remedy="Use a date that has come.")
def future_date(project: Project) -> ProjectHits:
    """A compatibility date that lies in the future: a deploy refuses it."""
    date = project.examined.fields.raw("compatibility_date")
    try:
        parsed = datetime.date.fromisoformat(date)
    except (TypeError, ValueError):
        return  # not there, or a config-error
    if parsed > project.today:
        yield project.key("compatibility_date"), f"the compatibility date {date} is in the future"


@project_rule("binding-name", Severity.WARNING, remedy="Use letters, digits and underscores.")
def binding_name(project: Project) -> ProjectHits:
    """A variable or secret whose name is no Python identifier: `env.NAME` cannot be written."""
    worker = project.examined.worker
    for name in [*worker.vars, *worker.secrets]:
        if not name.isidentifier():
            where = project.key("vars", name) if name in worker.vars else Place(project.config)
            yield where, f'"{name}" is no name that Python can write after "env."'


@project_rule(
    "resource-id",
    Severity.WARNING,
    remedy="Leave the id out: the first deploy makes the resource and writes it.",
)
def resource_id(project: Project) -> ProjectHits:
    """An id of a KV namespace or D1 database that is none of Cloudflare's: a deploy finds nothing under
    it."""
    for key, field, pattern in (("kv_namespaces", "id", _KV_ID), ("d1_databases", "database_id", _D1_ID)):
        for index, entry in project.examined.fields.entries(key):
            value = entry.get(field)
            if isinstance(value, str) and value and not pattern.fullmatch(value):
                yield project.key(key, index, field), f'"{value}" is no id that Cloudflare gives'


@project_rule(
    "sdk-not-vendored",
    Severity.WARNING,
    remedy="Add a pyproject.toml and run `pywrangler sync`. `edge deploy` also takes the SDK from an "
    "installed workers-runtime-sdk.",
)
def sdk_not_vendored(project: Project) -> ProjectHits:
    """From the compatibility date 2026-04-21 on the module `workers` comes from the package
    workers-runtime-sdk, which pywrangler vendors when there is a `pyproject.toml`."""
    worker = project.examined.worker
    is_needed = project.profile.external_sdk and worker.main is not None
    if is_needed and project.pyproject is None and not project.has_vendored("workers"):
        where = project.key("compatibility_date")
        yield where, f"from {EXTERNAL_SDK_DATE} on the SDK is vendored, and there is no pyproject.toml"


@project_rule("wrangler-json", Severity.WARNING, remedy="Name it `wrangler.jsonc`.")
def wrangler_json(project: Project) -> ProjectHits:
    """A `wrangler.json`: pywrangler does not find it."""
    if project.config.name == "wrangler.json":
        yield Place(project.config), "pywrangler looks for wrangler.toml and wrangler.jsonc alone"


@project_rule(
    "requirements-txt", Severity.ERROR, remedy="Move its lines to `dependencies` of `pyproject.toml`."
)
def requirements_txt(project: Project) -> ProjectHits:
    """A `requirements.txt` beside the configuration: pywrangler refuses to run."""
    path = project.root / "requirements.txt"
    if path.is_file():
        yield Place(path), "pywrangler does not run beside a requirements.txt"
