"""`edge versions` and `edge rollback`: what was uploaded of a Worker, and which of it is live.

Source: wrangler 4.164, `versions list`, `view`, `deploy` and `rollback`; spec wrangler.md section 7.6.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import click

from edge.errors import UserError
from wrangler_compat.cli.deployments import deployments, latest_deployment
from wrangler_compat.cli.saying import confirm, say, say_fields, say_json, say_table, warn
from wrangler_compat.cli.worker_flags import Deployed, worker_flags

if TYPE_CHECKING:
    from wrangler_compat.cloudflare.account import Account

_SPEC = re.compile(r"([0-9a-fA-F-]{36})(?:@(\d+(?:\.\d+)?)%?)?")
_WHOLE = 100.0
_SECRETS_CHANGED = 10220


@click.group("versions")
def command() -> None:
    """What was uploaded of a Worker, and which of it is live.

    \b
    edge versions list
    edge versions deploy 095f00a7-23a7-43b7-a227-e4c97cab5f22@100
    """


@command.command("list")
@click.option("--json", "as_json", is_flag=True, help="Print JSON and nothing else.")
@worker_flags
def list_versions(as_json: bool, worker: Deployed) -> None:
    """Print the last versions, the latest one last.

    \b
    edge versions list
    """
    with worker.account() as account:
        found = account.call("GET", f"{worker.path}/versions", query={"deployable": "true"})["items"][::-1]
    if as_json:
        say_json(found)
        return
    rows = [[one["id"], *_about(one).values()] for one in found]
    say_table(["Version ID", "Created", "Author", "Source", "Tag", "Message"], rows)


@command.command("view")
@click.argument("version_id")
@click.option("--json", "as_json", is_flag=True, help="Print JSON and nothing else.")
@worker_flags
def view(version_id: str, as_json: bool, worker: Deployed) -> None:
    """Print a version, with its bindings.

    \b
    edge versions view 095f00a7-23a7-43b7-a227-e4c97cab5f22 --json
    """
    from wrangler_compat.cli.remote import segment

    with worker.account() as account:
        found = account.call("GET", f"{worker.path}/versions/{segment(version_id)}")
    if as_json:
        say_json(found)
        return
    say_fields({"Version ID": found["id"], **_about(found)})
    bindings = (found.get("resources") or {}).get("bindings") or []
    if bindings:
        say_table(["Binding", "Type"], [[binding["name"], binding["type"]] for binding in bindings])


@command.command("deploy")
@click.argument("specs", nargs=-1, required=True, metavar="VERSION[@PERCENTAGE]...")
@click.option("--message", help="A message for the deployment.")
@click.option("-y", "--yes", is_flag=True, help="Do not ask.")
@worker_flags
def deploy(specs: tuple[str, ...], message: str | None, yes: bool, worker: Deployed) -> None:
    """Make versions live, each for its share of requests.

    Versions without a percentage share what is left of 100%.

    \b
    edge versions deploy 095f00a7-23a7-43b7-a227-e4c97cab5f22
    edge versions deploy 095f00a7-23a7-43b7-a227-e4c97cab5f22@90 cf5f4da2-1f0f-4a3b-8d7a-1f2a9b3c4d5e@10
    """
    chosen = shares(specs)
    with worker.account() as account:
        _make_live(account, worker, chosen, message, ask=not yes)


@click.command("rollback")
@click.argument("version_id", required=False)
@click.option("-m", "--message", help="Why.")
@click.option("-y", "--yes", is_flag=True, help="Do not ask.")
@worker_flags
def rollback(version_id: str | None, message: str | None, yes: bool, worker: Deployed) -> None:
    """Make an earlier version live again: the one that was live before unless told otherwise.

    \b
    edge rollback
    edge rollback 095f00a7-23a7-43b7-a227-e4c97cab5f22 --message "it loses carts" --yes
    """
    with worker.account() as account:
        live = {share["version_id"] for share in latest_deployment(account, worker)["versions"]}
        chosen = version_id or _before(account, worker, live)
        _make_live(account, worker, {chosen: _WHOLE}, message or "Rollback", ask=not yes)


def shares(specs: tuple[str, ...]) -> dict[str, float]:
    """Versions with their shares of requests, which make 100. Raises UserError."""
    found: dict[str, float | None] = {}
    for spec in specs:
        match = _SPEC.fullmatch(spec)
        if match is None:
            raise UserError(f'"{spec}" is no version: expected VERSION_ID or VERSION_ID@PERCENTAGE')
        if match[1] in found:
            raise UserError(f"the version {match[1]} is named twice")
        found[match[1]] = None if match[2] is None else float(match[2])
    given = [share for share in found.values() if share is not None]
    left, open_ = _WHOLE - sum(given), len(found) - len(given)
    if left < 0 or (not open_ and abs(left) > 1e-6):
        raise UserError(f"the shares of the versions make {_WHOLE - left:g}%, not 100%")
    return {name: left / open_ if share is None else share for name, share in found.items()}


def _make_live(
    account: Account, worker: Deployed, chosen: dict[str, float], message: str | None, *, ask: bool
) -> None:
    from wrangler_compat.cli.remote import segment

    for name, share in chosen.items():
        about = _about(account.call("GET", f"{worker.path}/versions/{segment(name)}"))
        say(f"({share:g}%) {name}\n      Created:  {about['Created']}\n      Message:  {about['Message']}")
    if ask and not confirm(f"Are you sure you want to deploy to the Worker {worker.name}?"):
        say("Not deploying.")
        return
    versions = [{"version_id": name, "percentage": share} for name, share in chosen.items()]
    body: dict[str, Any] = {"strategy": "percentage", "versions": versions}
    if message:
        body["annotations"] = {"workers/message": message}
    if not _posted(account, worker, body, ask=ask):
        return
    for name, share in chosen.items():
        say(f"✨ Worker Version {name} has been deployed to {share:g}% of traffic.")


def _posted(account: Account, worker: Deployed, body: dict[str, Any], *, ask: bool) -> bool:
    """Make the deployment; False when a version has older secrets than those of now, and is not wanted so."""
    from wrangler_compat.cloudflare.refusal import CloudflareApiError

    path = f"{worker.path}/deployments"
    try:
        account.call("POST", path, body=body)
    except CloudflareApiError as refusal:
        if refusal.code != _SECRETS_CHANGED:
            raise
        warn(refusal.message)
        if ask and not confirm("Its secrets are older than those of now. Deploy it all the same?"):
            say("Not deploying.")
            return False
        account.call("POST", path, body=body, query={"force": "true"})
    return True


def _before(account: Account, worker: Deployed, live: set[str]) -> str:
    for deployment in deployments(account, worker)[1:]:
        (first, *rest) = [share["version_id"] for share in deployment["versions"]]
        if not rest and first not in live:
            return str(first)
    raise UserError(f"There is no version of {worker.name} to go back to: name one (edge versions list).")


def _about(version: dict[str, Any]) -> dict[str, str]:
    metadata, notes = version.get("metadata") or {}, version.get("annotations") or {}
    return {
        "Created": metadata.get("created_on", "-"),
        "Author": metadata.get("author_email", "-"),
        "Source": metadata.get("source", "-"),
        "Tag": notes.get("workers/tag") or "-",
        "Message": notes.get("workers/message") or "-",
    }
