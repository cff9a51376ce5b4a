"""`edge deployments`: what of a Worker is live, and was.

Source: wrangler 4.164, `deployments list` and `status`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from edge.errors import UserError
from wrangler_compat.cli.saying import say, say_json
from wrangler_compat.cli.worker_flags import Deployed, worker_flags

if TYPE_CHECKING:
    from wrangler_compat.cloudflare.account import Account

_SHOWN_MAX = 10


@click.group("deployments")
def command() -> None:
    """What of a Worker is live, and was.

    \b
    edge deployments status
    """


@command.command("list")
@click.option("--json", "as_json", is_flag=True, help="Print JSON and nothing else.")
@worker_flags
def list_deployments(as_json: bool, worker: Deployed) -> None:
    """Print the last ten deployments, the latest one last.

    \b
    edge deployments list
    """
    with worker.account() as account:
        found = deployments(account, worker)[:_SHOWN_MAX][::-1]
        if as_json:
            say_json(found)
            return
        say("\n\n".join(_shown(one, versions_of(account, worker, one)) for one in found))


@command.command("status")
@click.option("--json", "as_json", is_flag=True, help="Print JSON and nothing else.")
@worker_flags
def status(as_json: bool, worker: Deployed) -> None:
    """Print the deployment that is live.

    \b
    edge deployments status --json
    """
    with worker.account() as account:
        latest = latest_deployment(account, worker)
        if as_json:
            say_json(latest)
            return
        say(_shown(latest, versions_of(account, worker, latest)))


def deployments(account: Account, worker: Deployed) -> list[dict[str, Any]]:
    """The deployments of a Worker, the latest one first. Raises UserError."""
    found: list[dict[str, Any]] = account.call("GET", f"{worker.path}/deployments")["deployments"]
    return found


def latest_deployment(account: Account, worker: Deployed) -> dict[str, Any]:
    """What is live. Raises UserError when nothing is."""
    found = deployments(account, worker)
    if not found:
        raise UserError(f"The Worker {worker.name} has no deployments.")
    return found[0]


def versions_of(account: Account, worker: Deployed, deployment: dict[str, Any]) -> list[dict[str, Any]]:
    """The versions of a deployment in full, each with its `percentage`."""
    return [
        {
            **account.call("GET", f"{worker.path}/versions/{share['version_id']}"),
            "percentage": share["percentage"],
        }
        for share in deployment["versions"]
    ]


def _shown(deployment: dict[str, Any], versions: list[dict[str, Any]]) -> str:
    notes = deployment.get("annotations") or {}
    trigger = str(notes.get("workers/triggered_by", ""))
    lines = [
        f"Created:     {deployment['created_on']}",
        f"Author:      {deployment.get('author_email') or 'Unknown'}",
        f"Source:      {trigger.replace('_', ' ').title() if trigger else 'Unknown'}",
        f"Message:     {notes.get('workers/message') or '-'}",
    ]
    for index, version in enumerate(versions):
        label = "Version(s):  " if index == 0 else " " * 13
        lines += [f"{label}({version['percentage']:g}%) {version['id']}", *_version(version)]
    return "\n".join(lines)


def _version(version: dict[str, Any]) -> list[str]:
    notes = version.get("annotations") or {}
    created = (version.get("metadata") or {}).get("created_on", "-")
    return [
        f"                 Created:  {created}",
        f"                     Tag:  {notes.get('workers/tag') or '-'}",
        f"                 Message:  {notes.get('workers/message') or '-'}",
    ]
