"""`edge kv namespace`: the namespaces of an account on Cloudflare. Local ones need not be made.

Source: wrangler 4.164, `kv namespace create`, `list`, `delete` and `rename`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from edge.errors import UserError
from wrangler_compat.cli.flags import Place, project_flags
from wrangler_compat.cli.kv.target import Target, target
from wrangler_compat.cli.project import Project
from wrangler_compat.cli.saying import confirm, is_terminal, say, say_json, say_snippet, say_table

if TYPE_CHECKING:
    from wrangler_compat.cloudflare.account import Account

_PATH = "/storage/kv/namespaces"
_TITLE_EXISTS = 10014


@click.group("namespace")
def command() -> None:
    """The namespaces of your account on Cloudflare. A local namespace is there as soon as it is used.

    \b
    edge kv namespace create sessions
    edge kv namespace list
    """


@command.command("create")
@click.argument("name")
@click.option("--preview", is_flag=True, help="Make the namespace of a preview_id.")
@click.option("--binding", metavar="NAME", help="The binding that is printed.")
@project_flags
def create(name: str, preview: bool, binding: str | None, project: Project) -> None:
    """Create a namespace, and print what the configuration needs to bind it.

    \b
    edge kv namespace create sessions --binding SESSIONS
    """
    from wrangler_compat.cli.remote import account_of
    from wrangler_compat.cloudflare.refusal import CloudflareApiError

    Place.remote_of(project).announce()
    environment = project.environment
    title = "".join([f"{environment}-" if environment else "", name, "_preview" if preview else ""])
    with account_of(project) as account:
        say(f'🌀 Creating namespace with title "{title}"')
        try:
            made = account.call("POST", _PATH, body={"title": title})
        except CloudflareApiError as refusal:
            if refusal.code != _TITLE_EXISTS:
                raise
            raise UserError(
                f'A KV namespace with the title "{title}" already exists.\n'
                "See what there is with: edge kv namespace list"
            ) from None
    say("✨ Success!")
    say_snippet(
        "KV Namespace",
        "kv_namespaces",
        {"binding": binding or name, "preview_id" if preview else "id": made["id"]},
    )


@command.command("list")
@project_flags
def list_namespaces(project: Project) -> None:
    """Print the namespaces: a table on a terminal, JSON elsewhere.

    \b
    edge kv namespace list
    """
    from wrangler_compat.cli.remote import account_of

    with account_of(project) as account:
        found = _all(account)
    if is_terminal():
        say_table(["id", "title"], [[namespace["id"], namespace["title"]] for namespace in found])
    else:
        say_json(found)


@command.command("delete")
@click.argument("name", required=False)
@click.option("--binding", metavar="NAME", help="The namespace of this binding.")
@click.option("--namespace-id", metavar="ID", help="The namespace of this id.")
@click.option("--preview/--no-preview", default=None, help="The namespace of the binding's preview_id.")
@click.option("-y", "--skip-confirmation", is_flag=True, help="Do not ask.")
@project_flags
def delete(
    name: str | None,
    binding: str | None,
    namespace_id: str | None,
    preview: bool | None,
    skip_confirmation: bool,
    project: Project,
) -> None:
    """Delete a namespace with all that is in it.

    \b
    edge kv namespace delete sessions
    edge kv namespace delete --binding SESSIONS --skip-confirmation
    """
    from wrangler_compat.cli.remote import account_of

    if sum(given is not None for given in (name, binding, namespace_id)) != 1:
        raise click.UsageError("Exactly one of <name>, --binding and --namespace-id must be provided")
    Place.remote_of(project).announce()
    with account_of(project) as account:
        if name is None:
            entries = [] if binding is None else project.entries("kv_namespaces")
            doomed = target(entries, binding, namespace_id, preview=preview, remote=True)
        else:
            doomed = _named(account, name)
        say(f"About to delete remote KV namespace {doomed.shown}.")
        say("This action is irreversible and will permanently delete all data in the KV namespace.\n")
        if not skip_confirmation and not confirm("Ok to proceed?"):
            say("Not deleting.")
            return
        say(f"Deleting KV namespace {doomed.shown}.")
        account.call("DELETE", f"{_PATH}/{doomed.id}")
    say(f"Deleted KV namespace {doomed.shown}.")


@command.command("rename")
@click.argument("old_name", required=False)
@click.option("--namespace-id", metavar="ID", help="The namespace of this id.")
@click.option("--new-name", required=True, metavar="NAME", help="What it is called from now on.")
@project_flags
def rename(old_name: str | None, namespace_id: str | None, new_name: str, project: Project) -> None:
    """Give a namespace another name.

    \b
    edge kv namespace rename sessions --new-name visits
    """
    from wrangler_compat.cli.remote import account_of

    if (old_name is None) == (namespace_id is None):
        raise click.UsageError("Either <old-name> or --namespace-id must be provided")
    Place.remote_of(project).announce()
    with account_of(project) as account:
        chosen = namespace_id or _named(account, str(old_name)).id
        say(f'Renaming KV namespace {chosen} to "{new_name}".')
        account.call("PUT", f"{_PATH}/{chosen}", body={"title": new_name})
    say(f'✨ Successfully renamed namespace to "{new_name}"')


def _named(account: Account, name: str) -> Target:
    found = next((namespace for namespace in _all(account) if namespace["title"] == name), None)
    if found is None:
        raise UserError(
            f'No KV namespace named "{name}" was found in your account. Use `--namespace-id` or `--binding` '
            "instead, or run `edge kv namespace list` to see all available namespaces."
        )
    return Target(found["id"], f'name: "{name}" (id: "{found["id"]}")')


def _all(account: Account) -> list[dict[str, Any]]:
    from wrangler_compat.cli.remote import all_pages

    return all_pages(account, _PATH, {"per_page": 100, "order": "title", "direction": "asc"})
