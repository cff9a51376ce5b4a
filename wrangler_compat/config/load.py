"""From configuration files to a `WorldConfig`: one Worker a file, the first answers from outside."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from edge.config import StrictFfi, WorkerConfig, WorldConfig
from edge.errors import ConfigError
from wrangler_compat.config.assets import check_assets
from wrangler_compat.config.diagnostics import MISSING, Diagnostics
from wrangler_compat.config.environment import choose, top_level
from wrangler_compat.config.fields import Fields
from wrangler_compat.config.schema import DEV_KINDS, FIELDS
from wrangler_compat.config.source import Source, read, relative
from wrangler_compat.config.variables import Secrets, load_secrets, watched
from wrangler_compat.config.worker import (
    check_bindings,
    check_code,
    refuse_unsupported,
    required_secrets,
    with_secrets,
    worker_config,
)


@dataclass(frozen=True, slots=True)
class LoadOptions:
    """What the command line adds to the files."""

    environment: str | None = None
    variables: Mapping[str, str] = field(default_factory=dict)
    env_files: tuple[Path, ...] = ()
    allow_unsupported: bool = False
    process: Mapping[str, str] = field(default_factory=lambda: os.environ)
    strict_ffi: StrictFfi | None = None


@dataclass(frozen=True, slots=True)
class DevSettings:
    """The `dev` section of the first configuration."""

    host: str = "localhost"
    port: int = 8787
    https: bool = False


@dataclass(frozen=True, slots=True)
class Examined:
    """One file as it was read, with everything that was found in it; nothing is raised for that."""

    source: Source
    fields: Fields
    diagnostics: Diagnostics
    worker: WorkerConfig
    secrets: Secrets
    dev: DevSettings


@dataclass(frozen=True, slots=True)
class Loaded:
    """A world's configuration and what else the files say."""

    world: WorldConfig
    dev: DevSettings
    notes: tuple[str, ...]
    warnings: tuple[str, ...]
    #: Files whose change means another configuration; some may not exist.
    files: tuple[Path, ...]


def load(paths: Sequence[Path], options: LoadOptions) -> Loaded:
    """Read the configurations at `paths`. Raises ConfigError or UnsupportedError with file and line."""
    environment = options.environment or options.process.get("CLOUDFLARE_ENV") or None
    loaded: list[Examined] = []
    notes: list[str] = []
    # wrangler passes over them in silence; here a mistyped name is seen.
    warnings = [f'there is no file "{file}" (--env-file)' for file in options.env_files if not file.is_file()]
    files: list[Path] = []
    for index, path in enumerate(paths):
        source = read(path)
        # The environment is the first Worker's; its companions follow where they know it.
        knows = isinstance(source.data.get("env"), dict) and environment in source.data["env"]
        chosen = environment if index == 0 or knows else None
        examined = _examine(source, chosen, options)
        refuse_errors(examined)
        if examined.diagnostics.has_warnings:
            warnings.append(examined.diagnostics.render_warnings())
        loaded.append(examined)
        notes += [f"Using secrets defined in {relative(file)}" for file in examined.secrets.files]
        files += [path, *watched(source.folder, chosen)]
    _check_names(loaded)
    world = WorldConfig(tuple(examined.worker for examined in loaded))
    return Loaded(world, loaded[0].dev, tuple(notes), tuple(warnings), tuple(files))


def examine(path: Path, options: LoadOptions) -> Examined:
    """Read one configuration. Raises ConfigError only for a file that cannot be read or parsed, and
    UnsupportedError unless `allow_unsupported`."""
    environment = options.environment or options.process.get("CLOUDFLARE_ENV") or None
    return _examine(read(path), environment, options)


def refuse_errors(examined: Examined) -> None:
    """Raises ConfigError with all errors, and the place of the first one."""
    first = examined.diagnostics.first_error()
    if first is not None:
        raise examined.source.error(ConfigError, examined.diagnostics.render_errors(), *first.place)


def _examine(source: Source, environment: str | None, options: LoadOptions) -> Examined:
    diagnostics = source.diagnostics()
    declared = read_worker(source, environment, diagnostics, options.variables)
    refuse_unsupported(source, declared.fields, allow=options.allow_unsupported)
    check_assets(declared.fields, declared.worker.assets)
    check_code(source, declared.fields, declared.worker)
    secrets = load_secrets(
        source.folder,
        environment,
        options.process,
        env_files=options.env_files,
        include_process=declared.required is not None,
    )
    worker = with_secrets(declared.worker, _only_required(declared, secrets.values), options.variables)
    worker = replace(worker, strict_ffi=options.strict_ffi)
    return Examined(source, declared.fields, diagnostics, worker, secrets, declared.dev)


@dataclass(frozen=True, slots=True)
class Declared:
    """What a file says of its Worker in one environment."""

    fields: Fields
    worker: WorkerConfig
    dev: DevSettings
    #: The only secrets to take (`secrets.required`), where the file has such a section.
    required: tuple[str, ...] | None


def read_worker(
    source: Source,
    environment: str | None,
    diagnostics: Diagnostics,
    variables: Mapping[str, str] | None = None,
) -> Declared:
    """Read and check what `source` says, as far as wrangler's own reading goes; findings go to `diagnostics`.
    The top level is checked too when an environment is chosen."""
    top = top_level(source.data, diagnostics)
    chosen = top if environment is None else choose(source.data, top, environment, source.path.name)
    if chosen.name is not None:
        worker_config(source, Fields(top, in_force=False), {})
    fields = Fields(chosen)
    worker = worker_config(source, fields, variables or {})
    required = required_secrets(fields)
    check_bindings(worker, required or (), diagnostics)
    return Declared(fields, worker, _dev_settings(Fields(top)), required)


def _only_required(declared: Declared, values: dict[str, str]) -> dict[str, str]:
    if declared.required is None:
        return values
    missing = [name for name in declared.required if name not in values]
    if missing:
        declared.fields.diagnostics.warn(
            f"Missing required secrets: {', '.join(missing)}. "
            "Add them to .dev.vars, .env, or set as environment variables.",
            *declared.fields.environment.place("secrets"),
        )
    taken = {*declared.required, *declared.worker.vars}
    return {name: value for name, value in values.items() if name in taken}


def _dev_settings(fields: Fields) -> DevSettings:
    section = fields.table("dev")
    fields.warn_unexpected(section, FIELDS["dev"], "dev")
    for name, kind in DEV_KINDS.items():
        choices = ("http", "https") if name.endswith("_protocol") else ()
        value = section.get(name, MISSING)
        if name == "upstream_protocol" and value is MISSING:
            value = section.get("local_protocol", MISSING)
        fields.expect(value, kind, f"dev.{name}", ("dev", name), choices=choices)
    defaults = DevSettings()
    host, port = section.get("ip", defaults.host), section.get("port", defaults.port)
    return DevSettings(host, port, section.get("local_protocol") == "https")


def _check_names(loaded: Sequence[Examined]) -> None:
    """Bindings find Workers by name, so each name belongs to one, and each name bound exists."""
    by_name: dict[str, Path] = {}
    for one in loaded:
        name = one.worker.name
        if name in by_name:
            text = f'two Workers are called "{name}": here and in {relative(by_name[name])}'
            raise one.source.error(ConfigError, text, *one.fields.environment.place("name"))
        by_name[name] = one.source.path
    for one in loaded:
        for name, target, place in _bound(one.worker):
            if target not in by_name:
                raise one.source.error(
                    ConfigError,
                    f'the binding "{name}" is to the Worker "{target}", which none of the configurations '
                    "defines. Start it in the same world: edge dev -c … -c …",
                    *one.fields.environment.place(place[0]),
                    *place[1:],
                )


def _bound(worker: WorkerConfig) -> Iterator[tuple[str, str, tuple[Any, ...]]]:
    """The bindings to other Workers: their names, those of the Workers, and where they stand."""
    for index, service in enumerate(worker.services):
        yield service.name, service.service, ("services", index)
    for index, durable in enumerate(worker.durable):
        if durable.script is not None:
            yield durable.name, durable.script, ("durable_objects", "bindings", index)
