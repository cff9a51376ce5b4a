"""The upload: a new version of a Worker, made live at once.

A Worker that exists gets a version and then a deployment of it; a new one, and one whose Durable Objects
migrate, gets both in one call. Either way nothing changes until Cloudflare has taken everything.

Source: spec wrangler.md section 7.6, steps 2 and 4.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from wrangler_compat.cloudflare.account import Account
from wrangler_compat.cloudflare.refusal import CloudflareApiError
from wrangler_compat.deploy.asset_upload import upload_assets
from wrangler_compat.deploy.assets import asset_settings
from wrangler_compat.deploy.deployed import Deployed
from wrangler_compat.deploy.metadata import code_update_strategy, durable_exports, migrations_to_send
from wrangler_compat.deploy.plan import Plan
from wrangler_compat.deploy.tell import Tell

_UNCHANGED = "The Worker was not changed."


@dataclass(frozen=True, slots=True)
class Uploaded:
    """A version that is live."""

    version_id: str
    startup_time_ms: int | None


def upload(
    plan: Plan,
    deployed: Deployed,
    resources: Mapping[str, Mapping[str, Any]],
    account: Account,
    *,
    say: Tell,
    warn: Tell,
) -> Uploaded:
    """Upload `plan` and make it live. `resources` are the bindings whose resources were made for it; `say`
    and `warn` are told what happens. Raises CloudflareApiError, whose message says whether the Worker was
    changed."""
    migrations, warning = migrations_to_send(plan.project.settings, deployed.migration_tag)
    if warning:
        warn(warning)
    metadata = dict(plan.metadata)
    if "bindings" in metadata:
        bindings = [resources.get(binding["name"], binding) for binding in metadata["bindings"]]
        metadata["bindings"] = [*bindings, *_inherited(plan)]
    with _telling(_UNCHANGED):
        assets = plan.project.worker.assets
        if assets is not None:
            token, count = upload_assets(account, plan.name, plan.assets)
            say(f"✨ Uploaded {count} of {len(plan.assets)} static files")
            config = asset_settings(assets, plan.project.settings["assets"])
            metadata["assets"] = {"jwt": token, "config": config}
    if _can_be_version(plan, deployed, migrations):
        return _version(plan, metadata, account, warn)
    if plan.bundle.main is not None:
        metadata["code_update_strategy"] = code_update_strategy(plan.project.settings)
    if migrations is not None:
        metadata["migrations"] = migrations
    query = {"excludeScript": "true", "bindings_inherit": "strict"}
    with _telling(
        _UNCHANGED, otherwise="Whether the upload arrived is not known; deploying again does no harm."
    ):
        path = f"/workers/scripts/{plan.name}"
        result = account.call("PUT", path, files=_form(plan, metadata), query=query)
    return Uploaded(_with_hyphens(result.get("deployment_id") or ""), result.get("startup_time_ms"))


def _can_be_version(plan: Plan, deployed: Deployed, migrations: dict[str, Any] | None) -> bool:
    """Versions carry no changes of Durable Object classes, and no containers."""
    settings = plan.project.settings
    return deployed.exists and migrations is None and not durable_exports(settings) and not plan.containers


def _version(plan: Plan, metadata: dict[str, Any], account: Account, warn: Tell) -> Uploaded:
    path = f"/workers/scripts/{plan.name}"
    with _telling(_UNCHANGED):
        query = {"bindings_inherit": "strict"}
        version = account.call("POST", f"{path}/versions", files=_form(plan, metadata), query=query)
    live: dict[str, Any] = {
        "strategy": "percentage",
        "versions": [{"version_id": version["id"], "percentage": 100}],
        "code_update_strategy": code_update_strategy(plan.project.settings),
    }
    message = metadata.get("annotations", {}).get("workers/message")
    if message is not None:
        live["annotations"] = {"workers/message": message}
    named = f"The version {version['id']} was uploaded, but"
    with _telling(f"{named} is not live: deploy again.", otherwise=f"{named} may not be live: deploy again."):
        account.call("POST", f"{path}/deployments", body=live)
    _settings(plan, account, warn)
    return Uploaded(version["id"], version.get("startup_time_ms"))


def _settings(plan: Plan, account: Account, warn: Tell) -> None:
    """What is the Worker's and not a version's. The version is live already, so a failure is a warning."""
    settings = plan.project.settings
    wanted = {key: settings[key] for key in ("logpush", "tail_consumers") if key in settings}
    wanted["observability"] = settings.get("observability") or {"enabled": False}
    try:
        account.call("PATCH", f"/workers/scripts/{plan.name}/script-settings", body=wanted)
    except CloudflareApiError as error:
        warn(f"Logs and tail consumers could not be set; the new version is live.\n{error}")


def _with_hyphens(version_id: str) -> str:
    """Here the API leaves the hyphens of a version's id out."""
    return str(UUID(version_id)) if len(version_id) == 32 else version_id


def _inherited(plan: Plan) -> list[dict[str, str]]:
    """Secrets that the configuration requires: as bindings they have to be there, or the API refuses."""
    return [{"name": name, "type": "inherit"} for name in plan.missing_secrets]


def _form(plan: Plan, metadata: dict[str, Any]) -> list[tuple[str, tuple[str | None, bytes, str]]]:
    parts = [(module.name, (module.name, module.content, module.mime_type)) for module in plan.bundle.modules]
    return [("metadata", (None, json.dumps(metadata).encode(), "application/json")), *parts]


@contextmanager
def _telling(consequence: str, *, otherwise: str | None = None) -> Iterator[None]:
    """What a failure means for the Worker: the `consequence`, or else what can be said when nobody knows
    whether the call came through."""
    try:
        yield
    except CloudflareApiError as error:
        raise error.followed_by(consequence if otherwise is None or error.is_certain else otherwise) from None
