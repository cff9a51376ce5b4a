"""The metadata of an upload: everything Cloudflare is told beside the modules.

Sources: spec wrangler.md section 7.6; wrangler's create-worker-upload-form.ts, placement.ts and
deployment-args.ts (4.164).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from wrangler_compat.deploy.bindings import Binding
from wrangler_compat.deploy.project import Project

#: Secrets are never removed by a deploy.
_KEEP_SECRETS = ("secret_text", "secret_key")
_KEEP_VARS = ("plain_text", "json")
_COPIED = ("logpush", "tail_consumers", "streaming_tail_consumers", "limits", "observability")
#: Objects that run finish, for at most this long, before they get the new code.
_CODE_UPDATE_STRATEGY = {"mode": "deferred", "max_delay": 300}


def upload_metadata(
    project: Project,
    main_module: str | None,
    bindings: Sequence[Binding],
    *,
    keep_vars: bool = False,
    annotations: Mapping[str, str] | None = None,
) -> dict[str, Any]:
    """What is the same for every upload of this plan. Migrations, assets and the strategy of updates are
    added when it is known what is deployed already."""
    settings = project.settings
    metadata: dict[str, Any] = {}
    if main_module is not None:
        metadata["main_module"] = main_module
        metadata["bindings"] = [dict(binding.sent) for binding in bindings]
        metadata["keep_bindings"] = [*(_KEEP_VARS if keep_vars else ()), *_KEEP_SECRETS]
        metadata.update({key: settings[key] for key in _COPIED if key in settings})
        metadata.update(_named(containers=container_names(project), placement=_placement(settings)))
        metadata.update(_named(exports=durable_exports(settings), cache_options=settings.get("cache")))
    metadata["compatibility_date"] = settings["compatibility_date"]
    metadata["compatibility_flags"] = settings.get("compatibility_flags", [])
    return {**metadata, **_named(annotations=dict(annotations or {}))}


def container_names(project: Project) -> list[dict[str, str]]:
    """`containers`: names, and classes unless `exports` says which class has the container."""
    return [
        _named(name=entry.get("name") or _container_name(project, entry), class_name=entry.get("class_name"))
        for entry in project.settings.get("containers", ())
    ]


def durable_exports(settings: Mapping[str, Any]) -> dict[str, Any]:
    """The Durable Object classes of `exports`."""
    exports = settings.get("exports", {})
    return {name: entry for name, entry in exports.items() if entry.get("type") == "durable-object"}


def code_update_strategy(settings: Mapping[str, Any]) -> dict[str, Any]:
    """How Durable Objects that run get new code."""
    chosen = settings.get("durable_objects", {}).get("code_update_strategy", _CODE_UPDATE_STRATEGY)
    if chosen.get("mode") == "immediate":
        return {"mode": "immediate"}
    return {**_CODE_UPDATE_STRATEGY, **chosen}


def migrations_to_send(
    settings: Mapping[str, Any], deployed_tag: str | None
) -> tuple[dict[str, Any] | None, str]:
    """The steps after the tag that is deployed, or None when there are none; and a warning, or ""."""
    steps = settings.get("migrations", [])
    if not steps:
        return None, ""
    tags = [step["tag"] for step in steps]
    known = deployed_tag in tags
    after = tags.index(deployed_tag) + 1 if known else 0
    rest = [{key: value for key, value in step.items() if key != "tag"} for step in steps[after:]]
    if not rest:
        return None, ""
    sent: dict[str, Any] = {"new_tag": tags[-1], "steps": rest}
    if deployed_tag is None:
        return sent, ""
    warning = "" if known else (
        f'The deployed Worker has the migration tag "{deployed_tag}", which is not in the configuration. All '
        "migrations are applied."
    )  # fmt: skip
    return {"old_tag": deployed_tag, **sent}, warning


def _placement(settings: Mapping[str, Any]) -> dict[str, Any]:
    placement = settings.get("placement") or {}
    if placement.get("hint") or placement.get("mode") == "smart":
        return {"mode": "smart", **_named(hint=placement.get("hint"))}
    if placement.get("mode") == "off":
        return {}
    where = next((name for name in ("region", "host", "hostname") if placement.get(name)), None)
    return {} if where is None else {"mode": "targeted", where: placement[where]}


def _container_name(project: Project, entry: Mapping[str, Any]) -> str:
    return f"{project.name}-{entry['class_name']}".lower().replace(" ", "-")


def _named(**values: Any) -> dict[str, Any]:
    """The values that are something."""
    return {name: value for name, value in values.items() if value}
