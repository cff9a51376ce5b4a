"""`edge secret`: secrets of a deployed Worker. In `edge dev` they come from .dev.vars.

Source: wrangler 4.164, `secret put`, `list`, `delete` and `bulk`; spec wrangler.md section 7.5.
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from edge.errors import UserError
from wrangler_compat.cli.saying import confirm, is_interactive, is_terminal, say, say_json, say_table
from wrangler_compat.cli.worker_flags import Deployed, worker_flags

if TYPE_CHECKING:
    from wrangler_compat.cloudflare.account import Account

_NO_WORKER = (10007, 10090)
_BULK_MAX = 100
_DRAFT = b"export default { fetch() {} }"


@click.group("secret")
def command() -> None:
    """Secrets of a deployed Worker. For `edge dev` write them into .dev.vars.

    \b
    edge secret put API_KEY
    edge secret list
    """


@command.command("put")
@click.argument("key")
@worker_flags
def put(key: str, worker: Deployed) -> None:
    """Set a secret. Its value is asked for, or is what standard input holds.

    \b
    edge secret put API_KEY
    edge secret put API_KEY --env staging < key.txt
    """
    value = _value()
    say(f'🌀 Creating the secret for the Worker "{worker.name}"')
    body = {"name": key, "text": value, "type": "secret_text"}
    with worker.account() as account:
        if not _or_draft(account, worker, "PUT", f"{worker.path}/secrets", body=body):
            return
    say(f"✨ Success! Uploaded secret {key}")


@command.command("list")
@click.option("--format", "form", type=click.Choice(["json", "pretty"]), help="json unless on a terminal.")
@worker_flags
def list_secrets(form: str | None, worker: Deployed) -> None:
    """Print the names of the secrets; nobody can read their values.

    \b
    edge secret list --format json
    """
    with worker.account() as account:
        found = account.call("GET", f"{worker.path}/secrets")
    if form is None and is_terminal():
        say_table(["name", "type"], [[secret["name"], secret["type"]] for secret in found])
    elif form == "pretty":
        for secret in found:
            say(f"Secret Name: {secret['name']}\n")
    else:
        say_json(found)


@command.command("delete")
@click.argument("key")
@worker_flags
def delete(key: str, worker: Deployed) -> None:
    """Delete a secret.

    \b
    edge secret delete API_KEY
    """
    from wrangler_compat.cli.remote import segment

    if not confirm(
        f"Are you sure you want to permanently delete the secret {key} on the Worker {worker.name}?"
    ):
        return
    say(f"🌀 Deleting the secret {key} on the Worker {worker.name}")
    with worker.account() as account:
        account.call("DELETE", f"{worker.path}/secrets/{segment(key)}", query={"url_encoded": "true"})
    say(f"✨ Success! Deleted secret {key}")


@command.command("bulk")
@click.argument("file", required=False)
@worker_flags
def bulk(file: str | None, worker: Deployed) -> None:
    """Set the secrets of FILE, or of standard input.

    They are a JSON object of texts, where null deletes a secret, or lines of NAME=value.

    \b
    edge secret bulk secrets.json
    edge secret bulk < .env.production
    """
    from wrangler_compat.cli.files import reading
    from wrangler_compat.deploy.secrets_file import parse_secrets

    with reading(file) as source:
        wanted = parse_secrets(source.read(), None if file is None else Path(file))
    if len(wanted) > _BULK_MAX:
        raise UserError(f"{len(wanted)} secrets at once are too many: {_BULK_MAX} is the most")
    say(f'🌀 Processing the secrets for the Worker "{worker.name}"')
    secrets = {
        name: None if text is None else {"name": name, "text": text, "type": "secret_text"}
        for name, text in wanted.items()
    }
    headers = {"Content-Type": "application/merge-patch+json"}
    with worker.account() as account:
        path = f"{worker.path}/secrets-bulk"
        if not _or_draft(account, worker, "PATCH", path, body={"secrets": secrets}, headers=headers):
            return
    _say_bulk(wanted)


def _say_bulk(wanted: dict[str, str | None]) -> None:
    made = [name for name, text in wanted.items() if text is not None]
    gone = [name for name, text in wanted.items() if text is None]
    for name in made:
        say(f"✨ Successfully created secret for key: {name}")
    for name in gone:
        say(f"✨ Successfully deleted secret for key: {name}")
    say("\nFinished processing secrets file:")
    say(f"✨ {len(made)} secret{'s' * (len(made) != 1)} successfully created")
    if gone:
        say(f"✨ {len(gone)} secret{'s' * (len(gone) != 1)} successfully deleted")


def _value() -> str:
    if is_interactive():
        value: str = click.prompt("Enter a secret value", hide_input=True)
    else:
        value = sys.stdin.read().rstrip()
    if not value:
        raise UserError("the value of a secret cannot be empty: pipe it in, or run this on a terminal")
    return value


def _or_draft(account: Account, worker: Deployed, method: str, path: str, **sent: Any) -> bool:
    """Call; where there is no Worker yet, make a draft of one first. False when that is not wanted."""
    from wrangler_compat.cloudflare.refusal import CloudflareApiError

    try:
        account.call(method, path, **sent)
    except CloudflareApiError as refusal:
        if refusal.code not in _NO_WORKER:
            raise
        if not confirm(
            f'There doesn\'t seem to be a Worker called "{worker.name}". Do you want to create a new Worker '
            "with that name and add secrets to it?"
        ):
            say("Aborting. No secrets added.")
            return False
        say(f'🌀 Creating new Worker "{worker.name}"...')
        account.call("PUT", worker.path, files=_draft())
        account.call(method, path, **sent)
    return True


def _draft() -> list[tuple[str, tuple[str | None, bytes, str]]]:
    metadata = b'{"main_module": "index.js", "bindings": []}'
    return [
        ("metadata", (None, metadata, "application/json")),
        ("index.js", ("index.js", _DRAFT, "application/javascript+module")),
    ]
