"""`edge r2 bucket`: the buckets of an account on Cloudflare. Local ones need not be made.

Source: wrangler 4.164, `r2 bucket create`, `list`, `info` and `delete`.
"""

from __future__ import annotations

from typing import Any

import click

from edge.errors import UserError
from edge.r2.logic.names import RULE, is_bucket_name
from wrangler_compat.cli.flags import project_flags
from wrangler_compat.cli.project import Project
from wrangler_compat.cli.saying import is_terminal, say, say_fields, say_json, say_snippet, say_table

_PATH = "/r2/buckets"
_LOCATIONS = ["weur", "eeur", "apac", "wnam", "enam", "oc"]
_STORAGE_CLASSES = ["Standard", "InfrequentAccess"]


@click.group("bucket")
def command() -> None:
    """The buckets of your account on Cloudflare. A local bucket is there as soon as it is used.

    \b
    edge r2 bucket create pictures
    edge r2 bucket list
    """


@command.command("create")
@click.argument("name")
@click.option("--location", type=click.Choice(_LOCATIONS), help="Where it should be: a hint.")
@click.option("-s", "--storage-class", type=click.Choice(_STORAGE_CLASSES), help="That of its objects.")
@click.option("--binding", metavar="NAME", help="The binding that is printed.")
@project_flags
def create(
    name: str, location: str | None, storage_class: str | None, binding: str | None, project: Project
) -> None:
    """Create a bucket, and print what the configuration needs to bind it.

    \b
    edge r2 bucket create pictures --location weur
    """
    from wrangler_compat.cli.remote import account_of

    _check(name)
    body = {"name": name, "locationHint": location, "storageClass": storage_class}
    with account_of(project) as account:
        say(f"Creating bucket '{name}'...")
        account.call("POST", _PATH, body={key: value for key, value in body.items() if value is not None})
    say(f"✅ Created bucket '{name}' with default storage class of {storage_class or 'Standard'}.")
    entry = {"bucket_name": name, "binding": binding or name.replace("-", "_")}
    say_snippet("R2 Bucket", "r2_buckets", entry)


@command.command("list")
@project_flags
def list_buckets(project: Project) -> None:
    """Print the buckets.

    \b
    edge r2 bucket list
    """
    from wrangler_compat.cli.remote import account_of

    with account_of(project) as account:
        found = account.call("GET", _PATH)["buckets"]
    rows = [{"name": bucket["name"], "creation_date": bucket.get("creation_date", "")} for bucket in found]
    if is_terminal():
        say_table(["name", "creation_date"], [list(row.values()) for row in rows])
        return
    say("Listing buckets...")
    for index, row in enumerate(rows):
        say_fields(row, before="\n" if index else "")


@command.command("info")
@click.argument("name")
@click.option("--json", "as_json", is_flag=True, help="Print JSON and nothing else.")
@project_flags
def info(name: str, as_json: bool, project: Project) -> None:
    """Print what is known of a bucket.

    \b
    edge r2 bucket info pictures --json
    """
    from wrangler_compat.cli.remote import account_of

    _check(name)
    if not as_json:
        say(f"Getting info for '{name}'...")
    with account_of(project) as account:
        found: dict[str, Any] = account.call("GET", f"{_PATH}/{name}")
    fields = {
        "name": found["name"],
        "created": found.get("creation_date", ""),
        "location": found.get("location") or "(unknown)",
        "default_storage_class": found.get("storage_class") or "Standard",
    }
    if as_json:
        say_json(fields)
    else:
        say_fields(fields)


@command.command("delete")
@click.argument("name")
@project_flags
def delete(name: str, project: Project) -> None:
    """Delete a bucket. It has to be empty.

    \b
    edge r2 bucket delete pictures
    """
    from wrangler_compat.cli.remote import account_of

    _check(name)
    with account_of(project) as account:
        say(f"Deleting bucket {name}.")
        account.call("DELETE", f"{_PATH}/{name}")
    say(f"Deleted bucket {name}.")


def _check(name: str) -> None:
    if not is_bucket_name(name):
        raise UserError(f'The bucket name "{name}" is invalid. {RULE}')
