"""`edge d1 create`, `list`, `info` and `delete`: the databases of an account on Cloudflare. Local ones need
not be made.

Source: wrangler 4.164, `d1 create`, `list`, `info` and `delete`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from wrangler_compat.cli.flags import Place, project_flags
from wrangler_compat.cli.project import Project
from wrangler_compat.cli.saying import confirm, say, say_json, say_snippet, say_table

if TYPE_CHECKING:
    from wrangler_compat.cloudflare.account import Account

_LOCATIONS = ["weur", "eeur", "apac", "oc", "wnam", "enam"]
_LISTED = ("uuid", "name", "version", "created_at")


@click.command("create")
@click.argument("name")
@click.option("--location", type=click.Choice(_LOCATIONS), help="Where it should be: a hint.")
@click.option("--jurisdiction", type=click.Choice(["eu", "fedramp", "us"]), help="Where its data must stay.")
@click.option("--binding", metavar="NAME", help="The binding that is printed.")
@project_flags
def create(
    name: str, location: str | None, jurisdiction: str | None, binding: str | None, project: Project
) -> None:
    """Create a database on Cloudflare, and print what the configuration needs to bind it.

    \b
    edge d1 create shop --location weur
    """
    from wrangler_compat.cli.d1.remote import PATH
    from wrangler_compat.cli.remote import account_of

    body = {"name": name, "primary_location_hint": location, "jurisdiction": jurisdiction}
    with account_of(project) as account:
        made = account.call("POST", PATH, body={key: value for key, value in body.items() if value})
    say(f"✅ Successfully created DB '{name}'")
    say("Created your new D1 database.\n")
    entry = {
        "binding": binding or name.replace("-", "_"),
        "database_name": made["name"],
        "database_id": made["uuid"],
    }
    say_snippet("D1 Database", "d1_databases", entry)


@click.command("list")
@click.option("--json", "as_json", is_flag=True, help="Print JSON and nothing else.")
@project_flags
def list_databases(as_json: bool, project: Project) -> None:
    """Print the databases of your account on Cloudflare.

    \b
    edge d1 list --json
    """
    from wrangler_compat.cli.d1.remote import PATH
    from wrangler_compat.cli.remote import account_of, all_pages

    with account_of(project) as account:
        found = all_pages(account, PATH, {"per_page": 100})
    if as_json:
        say_json(found)
    else:
        say_table(_LISTED, [[str(one.get(key, "")) for key in _LISTED] for one in found])


@click.command("info")
@click.argument("name")
@click.option("--json", "as_json", is_flag=True, help="Print JSON and nothing else.")
@project_flags
def info(name: str, as_json: bool, project: Project) -> None:
    """Print what is known of a database on Cloudflare: its name or its binding.

    \b
    edge d1 info shop
    """
    from wrangler_compat.cli.d1.remote import PATH
    from wrangler_compat.cli.remote import account_of

    with account_of(project) as account:
        found: dict[str, Any] = account.call("GET", f"{PATH}/{_id(account, project, name)}")
    found = (
        {"uuid": found["uuid"], "name": found["name"]}
        | {key: value for key, value in found.items() if key not in ("version", "file_size")}
        | {"database_size": found.get("file_size", 0)}
    )
    if as_json:
        say_json(found)
        return
    rows = [[key, _shown(value)] for key, value in found.items() if key != "uuid"]
    say_table(["DB", found["uuid"]], rows)


@click.command("delete")
@click.argument("name")
@click.option("-y", "--skip-confirmation", is_flag=True, help="Do not ask.")
@project_flags
def delete(name: str, skip_confirmation: bool, project: Project) -> None:
    """Delete a database on Cloudflare with all that is in it: its name or its binding.

    \b
    edge d1 delete shop --skip-confirmation
    """
    from wrangler_compat.cli.d1.remote import PATH
    from wrangler_compat.cli.remote import account_of

    with account_of(project) as account:
        doomed = _id(account, project, name)
        Place.remote_of(project).announce()
        say(f"About to delete remote database DB '{name}' ({doomed}).")
        say("This action is irreversible and will permanently delete all data in the database.\n")
        if not skip_confirmation and not confirm("Ok to proceed?"):
            say("Not deleting.")
            return
        say("Deleting...")
        account.call("DELETE", f"{PATH}/{doomed}")
    say(f"Deleted '{name}' successfully.")


def _id(account: Account, project: Project, called: str) -> str:
    from wrangler_compat.cli.d1.remote import database_id
    from wrangler_compat.cli.d1.target import configured

    return database_id(account, configured(project, called), called)


def _shown(value: Any) -> str:
    return ", ".join(f"{key}: {one}" for key, one in value.items()) if isinstance(value, dict) else str(value)
