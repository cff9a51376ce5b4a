"""The project that is deployed: its configuration for one environment, checked.

Sources: spec wrangler.md sections 2 (texts) and 3.
"""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from edge.config import WorkerConfig
from edge.errors import ConfigError, UnsupportedError, UserError
from wrangler_compat.config.assets import check_assets
from wrangler_compat.config.diagnostics import shown
from wrangler_compat.config.environment import select
from wrangler_compat.config.fields import Fields
from wrangler_compat.config.schema import KEYS, Support
from wrangler_compat.config.source import Source, read
from wrangler_compat.config.worker import check_bindings, check_code, required_secrets, worker_config
from wrangler_compat.deploy.bindings import REFUSED

_NAME = re.compile(r"[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?")
#: Keys that `edge dev` does not emulate, and that would change what is uploaded.
_REFUSED_KEYS = REFUSED | {"site", "build", "pages_build_output_dir"}


@dataclass(frozen=True, slots=True)
class DeployOptions:
    """What the command line says."""

    name: str | None = None
    environment: str | None = None
    compatibility_date: str | None = None
    compatibility_flags: tuple[str, ...] = ()
    routes: tuple[str, ...] = ()
    domains: tuple[str, ...] = ()
    schedules: tuple[str, ...] = ()
    assets: Path | None = None
    variables: Mapping[str, str] = field(default_factory=dict)
    process: Mapping[str, str] = field(default_factory=lambda: os.environ)

    @classmethod
    def of(cls, variables: Mapping[str, str], flags: Mapping[str, Any]) -> DeployOptions:
        """From the flags of the command, by their names."""
        names = ("name", "environment", "compatibility_date", "compatibility_flags", "routes", "domains")
        given = {name: flags[name] for name in (*names, "schedules")}
        assets = flags["assets"]
        return cls(**given, assets=None if assets is None else Path(assets).resolve(), variables=variables)


@dataclass(frozen=True, slots=True)
class Project:
    """A configuration, flattened for its environment (`settings`) and as the Worker it describes."""

    source: Source
    settings: Mapping[str, Any]
    worker: WorkerConfig
    required_secrets: tuple[str, ...]
    warnings: tuple[str, ...]

    @property
    def folder(self) -> Path:
        return self.source.folder

    @property
    def name(self) -> str:
        return self.worker.name


def read_project(path: Path, options: DeployOptions) -> Project:
    """Read the configuration at `path`. Raises UserError for what cannot be deployed as it is."""
    source = read(path)
    diagnostics = source.diagnostics()
    environment = options.environment or options.process.get("CLOUDFLARE_ENV") or None
    selected = select(source.data, environment, diagnostics)
    settings = _with_flags(selected.settings, options)
    _refuse(settings, source)
    emulated = {key: value for key, value in settings.items() if KEYS[key].support is not Support.UNSUPPORTED}
    fields = Fields(replace(selected, settings=emulated))
    required = required_secrets(fields) or ()
    worker = worker_config(source, fields, options.variables)
    check_bindings(worker, required, diagnostics)
    check_assets(fields, worker.assets)
    check_code(source, fields, worker)
    first = diagnostics.first_error()
    if first is not None:
        raise source.error(ConfigError, diagnostics.render_errors(), *first.place)
    _check_workflows(settings, source)
    _check_name(settings.get("name"), source)
    if "compatibility_date" not in settings:
        raise ConfigError(
            "A compatibility_date is required when uploading a Worker. Add one to the configuration "
            '("compatibility_date": "YYYY-MM-DD"), or give --compatibility-date.',
            file=path,
        )
    warnings = (diagnostics.render_warnings(),) if diagnostics.has_warnings else ()
    return Project(source, settings, worker, required, warnings)


def _with_flags(settings: Mapping[str, Any], options: DeployOptions) -> dict[str, Any]:
    """The settings with what the command line says instead; domains are added to routes, as by wrangler."""
    configured = [*settings.get("routes", []), *([settings["route"]] if settings.get("route") else [])]
    domains = [{"pattern": domain, "custom_domain": True} for domain in options.domains]
    routes = [*(options.routes or configured), *domains]
    given = {
        "name": options.name,
        "compatibility_date": options.compatibility_date,
        "compatibility_flags": list(options.compatibility_flags),
        "routes": routes,
        "triggers": options.schedules and {**settings.get("triggers", {}), "crons": list(options.schedules)},
        "assets": options.assets and {**settings.get("assets", {}), "directory": str(options.assets)},
    }
    kept = {key: value for key, value in settings.items() if key != "route"}
    return {**kept, **{key: value for key, value in given.items() if value}}


def _refuse(settings: Mapping[str, Any], source: Source) -> None:
    for key in sorted(_REFUSED_KEYS & settings.keys()):
        if settings[key]:
            raise source.error(
                UnsupportedError,
                f'"{key}" is not deployed by edge (docs/deploy.md): use wrangler for this project.',
                key,
            )
    main = settings.get("main")
    if isinstance(main, str) and not main.endswith(".py"):
        raise source.error(
            UnsupportedError,
            f'"{main}" is no Python file. JavaScript has to be bundled, which wrangler does: use it for this '
            "project.",
            "main",
        )


def _check_workflows(settings: Mapping[str, Any], source: Source) -> None:
    """Workflows: `edge dev` has none, so nobody else looks at them."""
    for index, entry in enumerate(settings.get("workflows") or ()):
        for name in ("name", "class_name"):
            if not isinstance(entry, Mapping) or not isinstance(entry.get(name), str):
                raise ConfigError(
                    f'"workflows[{index}]" should have a string "{name}" field but got {shown(entry)}.',
                    file=source.path,
                )


def _check_name(name: object, source: Source) -> None:
    if not name:
        raise UserError(
            "You need to provide the name of your worker. Either pass it as a cli arg with --name <name> or "
            'in your config file as "name": "<name>".',
            file=source.path,
        )
    if not isinstance(name, str) or not _NAME.fullmatch(name):
        raise source.error(
            ConfigError,
            f'"{name}" is no name for a Worker: 1 to 63 lowercase letters, digits and dashes, with no dash '
            "at either end.",
            "name",
        )
