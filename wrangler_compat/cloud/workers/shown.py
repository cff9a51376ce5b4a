"""Scripts, versions and deployments as the API shows them.

Source: spec wrangler.md section 7.6; the types of Cloudflare's official clients.
"""

from __future__ import annotations

from typing import Any

from wrangler_compat.cloud.accounts import Account
from wrangler_compat.cloud.identity import timestamp
from wrangler_compat.cloud.workers.bindings import shown
from wrangler_compat.cloud.workers.deployment import Deployment
from wrangler_compat.cloud.workers.namespaces import with_namespace
from wrangler_compat.cloud.workers.script import Script
from wrangler_compat.cloud.workers.version import Version


def author(account: Account) -> str:
    """Who did it: tokens belong to one user an account."""
    return f"{account.name}@localhost"


def version_in_list(version: Version, account: Account) -> dict[str, Any]:
    """A version without its code and bindings."""
    made = timestamp(version.created_ms)
    return {
        "id": version.id,
        "number": version.number,
        "metadata": {
            "created_on": made,
            "modified_on": made,
            "source": version.source,
            "author_id": account.id,
            "author_email": author(account),
            "has_preview": False,
        },
        "annotations": dict(version.annotations),
    }


def version_in_full(script: Script, version: Version, account: Account) -> dict[str, Any]:
    """A version with its bindings and how it runs."""
    runtime = version.runtime
    return {
        **version_in_list(version, account),
        "resources": {
            "bindings": [with_namespace(script, shown(binding)) for binding in version.bindings],
            "script": {
                "etag": version.etag,
                "last_deployed_from": version.source,
            },
            "script_runtime": {
                "compatibility_date": runtime.get("compatibility_date"),
                "compatibility_flags": runtime.get("compatibility_flags") or [],
                "usage_model": "standard",
                "limits": runtime.get("limits") or {},
                "migration_tag": script.migration_tag,
            },
        },
        "startup_time_ms": version.startup_ms,
    }


def deployment_shown(deployment: Deployment, account: Account) -> dict[str, Any]:
    return {
        "id": deployment.id,
        "created_on": timestamp(deployment.created_ms),
        "source": deployment.source,
        "strategy": "percentage",
        "author_email": author(account),
        "annotations": dict(deployment.annotations),
        "versions": [
            {"version_id": version_id, "percentage": share} for version_id, share in deployment.shares.items()
        ],
    }


def script_shown(script: Script, version: Version | None) -> dict[str, Any]:
    """A script with what its deployed version says of itself."""
    runtime = {} if version is None else version.runtime
    return {
        "id": script.name,
        "tag": script.tag,
        "tags": script.settings.get("tags") or [],
        "etag": None if version is None else version.etag,
        "created_on": timestamp(script.created_ms),
        "modified_on": timestamp(script.modified_ms),
        "usage_model": "standard",
        "compatibility_date": runtime.get("compatibility_date"),
        "compatibility_flags": runtime.get("compatibility_flags") or [],
        "has_assets": "assets" in runtime,
        "has_modules": "main_module" in runtime,
        "logpush": bool(script.settings.get("logpush")),
        "last_deployed_from": None if version is None else version.source,
        **({} if script.migration_tag is None else {"migration_tag": script.migration_tag}),
    }
