"""`edge containers list`, `info` and `delete`.

Source: wrangler 4.164, `containers list`, `containers info` and `containers delete`.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

import click

from edge.errors import UserError
from wrangler_compat.cli.flags import project_flags
from wrangler_compat.cli.project import Project
from wrangler_compat.cli.saying import is_interactive, say, say_json, say_table

_PATH = "/containers/applications"
_KEYS = ("id", "name", "state", "instances", "image", "version", "updated_at", "created_at")
_COLUMNS = {
    "id": "ID",
    "name": "NAME",
    "state": "STATE",
    "instances": "LIVE INSTANCES",
    "updated_at": "LAST MODIFIED",
}
_ID = re.compile("[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", re.IGNORECASE)
_DELETE = (
    "Are you sure that you want to delete these containers? The associated DO container will lose access to "
    "the containers."
)


@click.command("list")
@click.option("--json", "as_json", is_flag=True, help="Print JSON and nothing else.")
@project_flags
def list_applications(as_json: bool, project: Project) -> None:
    """The container applications of an account.

    \b
    edge containers list --json
    """
    from wrangler_compat.cli.remote import account_of

    with account_of(project) as account:
        found = account.call("GET", "/containers/dash/applications")
    shown = [{**one, "state": _state(one)} for one in found]
    if as_json:
        say_json([{key: one.get(key) for key in _KEYS} for one in shown])
    elif shown:
        say_table(list(_COLUMNS.values()), [[str(one.get(key)) for key in _COLUMNS] for one in shown])
    else:
        say("No containers found.")


@click.command("info")
@click.argument("application_id", metavar="ID")
@project_flags
def info(application_id: str, project: Project) -> None:
    """One application, as JSON.

    \b
    edge containers info 12345678-1234-1234-1234-123456789abc
    """
    from wrangler_compat.cli.remote import account_of

    with account_of(project) as account:
        say_json(account.call("GET", f"{_PATH}/{_checked(application_id)}"))


@click.command("delete")
@click.argument("application_id", metavar="ID")
@project_flags
def delete(application_id: str, project: Project) -> None:
    """Delete an application: the objects of its class have no containers any more. Asks first, where somebody
    can answer.

    \b
    edge containers delete 12345678-1234-1234-1234-123456789abc
    """
    from wrangler_compat.cli.remote import account_of

    path = f"{_PATH}/{_checked(application_id)}"
    if is_interactive() and not click.confirm(_DELETE):
        say("The operation has been cancelled")
        return
    with account_of(project) as account:
        account.call("DELETE", path)
    say("Your container has been deleted")


def _checked(application_id: str) -> str:
    if not _ID.fullmatch(application_id):
        raise UserError(
            f"Expected a container ID but got {application_id}. Use `edge containers list` to view your "
            "containers and corresponding IDs."
        )
    return application_id


def _state(application: Mapping[str, Any]) -> str:
    counts = application["health"]["instances"]
    if counts["failed"]:
        return "degraded"
    if counts["starting"] or counts["scheduling"]:
        return "provisioning"
    return "active" if counts["active"] else "ready"
