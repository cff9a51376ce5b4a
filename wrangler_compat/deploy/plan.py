"""What a deploy would do, without doing it: the files, the bindings, the triggers.

Source: spec wrangler.md section 7.6.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from wrangler_compat.deploy.assets import AssetFile, asset_files
from wrangler_compat.deploy.bindings import Binding, upload_bindings
from wrangler_compat.deploy.bundle import Bundle, bundle, vendored_module
from wrangler_compat.deploy.companion import Companion, with_companion
from wrangler_compat.deploy.metadata import container_names, upload_metadata
from wrangler_compat.deploy.project import Project
from wrangler_compat.deploy.rules import configured_rules
from wrangler_compat.deploy.workers_sdk import installed_sdk

#: From this date on the runtime has no module `workers` of its own (spec python-workers.md section 1).
_EXTERNAL_SDK_SINCE = "2026-04-21"
#: Compressed; the larger one is that of paid plans.
_LIMIT_FREE_BYTES, _LIMIT_PAID_BYTES = 3 << 20, 10 << 20


@dataclass(frozen=True, slots=True)
class UploadOptions:
    """What goes with this upload only: secrets of --secrets-file, variables that replace the configuration's
    (`overrides`), and what the version is annotated with."""

    secrets: Mapping[str, str] = field(default_factory=dict)
    overrides: Mapping[str, str] = field(default_factory=dict)
    keep_vars: bool = False
    tag: str | None = None
    message: str | None = None

    @classmethod
    def of(
        cls, overrides: Mapping[str, str], secrets: Mapping[str, str], flags: Mapping[str, Any]
    ) -> UploadOptions:
        """From the flags of the command, by their names."""
        names = ("keep_vars", "tag", "message")
        return cls(secrets, overrides, **{name: flags[name] for name in names})


@dataclass(frozen=True, slots=True)
class Triggers:
    """What leads to the Worker. `preview_urls` and `crons` are None where the configuration does not say."""

    routes: tuple[Mapping[str, Any], ...]
    custom_domains: tuple[Mapping[str, Any], ...]
    workers_dev: bool
    preview_urls: bool | None
    crons: tuple[str, ...] | None


@dataclass(frozen=True, slots=True)
class Plan:
    """A deploy that can be shown, written to a folder, or carried out."""

    project: Project
    bundle: Bundle
    bindings: tuple[Binding, ...]
    assets: tuple[AssetFile, ...]
    triggers: Triggers
    metadata: Mapping[str, Any]
    containers: tuple[Mapping[str, str], ...]
    #: Variables of the command line: they replace the configuration's.
    overrides: Mapping[str, str]
    #: The Worker in JavaScript that has the classes of sandboxes, if the project has any.
    companion: Companion | None
    #: Secrets that the configuration requires and that this upload does not bring.
    missing_secrets: tuple[str, ...]
    warnings: tuple[str, ...]

    @property
    def name(self) -> str:
        return self.project.name


def make_plan(configured: Project, options: UploadOptions) -> Plan:
    """Collect what the project uploads. Raises UserError for files that Cloudflare does not take."""
    project, companion = with_companion(configured)
    made = _with_sdk(project, _bundle(project))
    bindings = upload_bindings(project.settings, overrides=options.overrides, secrets=options.secrets)
    main = made.main.name if made.main is not None else None
    annotations = {"workers/message": options.message, "workers/tag": options.tag}
    metadata = upload_metadata(
        project,
        main,
        bindings,
        keep_vars=options.keep_vars or project.settings.get("keep_vars", False),
        annotations={name: text for name, text in annotations.items() if text is not None},
    )
    assets = project.worker.assets
    return Plan(
        project,
        made,
        tuple(bindings),
        tuple(asset_files(assets)) if assets is not None else (),
        triggers_of(project.settings),
        metadata,
        tuple(container_names(project)),
        options.overrides,
        companion,
        tuple(name for name in project.required_secrets if name not in options.secrets),
        (*project.warnings, *made.warnings, *_warnings(project, made, companion)),
    )


def triggers_of(settings: Mapping[str, Any]) -> Triggers:
    """The routes and schedules of an environment; a route may be a text."""
    routes = settings.get("routes", ())
    entries = [{"pattern": route} if isinstance(route, str) else dict(route) for route in routes]
    crons = settings.get("triggers", {}).get("crons")
    return Triggers(
        routes=tuple(entry for entry in entries if not entry.get("custom_domain")),
        custom_domains=tuple(entry for entry in entries if entry.get("custom_domain")),
        workers_dev=settings.get("workers_dev", not entries),
        preview_urls=settings.get("preview_urls"),
        crons=None if crons is None else tuple(crons),
    )


def _bundle(project: Project) -> Bundle:
    main, settings = project.worker.main, project.settings
    if main is None:
        return Bundle()
    base = settings.get("base_dir")
    return bundle(
        main,
        project.folder,
        config=project.source.path,
        base=None if base is None else (project.folder / Path(base)).resolve(),
        rules=configured_rules(settings.get("rules", [])),
        excludes=settings.get("python_modules", {}).get("exclude", ["**/*.pyc"]),
    )


def _warnings(project: Project, made: Bundle, companion: Companion | None) -> Sequence[str]:
    found = [] if companion is None else list(companion.warnings)
    if made.main is not None and _lacks_sdk(project, made):
        found.append(
            "The module `workers` is not vendored, and from compatibility date 2026-04-21 on the runtime has "
            "none of its own: the Worker would not start. Run `pywrangler sync`, or `pip install "
            "workers-runtime-sdk` in the environment of edge, which then takes it from there."
        )
    size_bytes = made.gzip_bytes if made.modules else 0
    if size_bytes > _LIMIT_FREE_BYTES:
        plan = "a paid plan (10 MB)" if size_bytes <= _LIMIT_PAID_BYTES else "any plan (10 MB)"
        verb = "needs" if size_bytes <= _LIMIT_PAID_BYTES else "is too large for"
        found.append(f"The upload {verb} {plan}: it has {size_bytes / (1 << 20):.1f} MiB compressed.")
    return found


def _with_sdk(project: Project, made: Bundle) -> Bundle:
    """With the module `workers`, where the project needs it, has not vendored it, and it is installed."""
    if made.main is None or not _lacks_sdk(project, made):
        return made
    added = (vendored_module(name, file) for name, file in installed_sdk())
    return replace(made, modules=(*made.modules, *added))


def _lacks_sdk(project: Project, made: Bundle) -> bool:
    if not project.worker.has_flag("enable_python_external_sdk", _EXTERNAL_SDK_SINCE):
        return False
    if "disable_python_external_sdk" in project.worker.compatibility_flags:
        return False
    return not any(module.name == "python_modules/workers/__init__.py" for module in made.modules)
