"""`edge whoami`.

Source: wrangler 4.164, `whoami`.
"""

from __future__ import annotations

import click

from wrangler_compat.cli.flags import project_flags
from wrangler_compat.cli.project import Project
from wrangler_compat.cli.saying import say, say_json, say_table


@click.command("whoami")
@click.option("--json", "as_json", is_flag=True, help="Print JSON and nothing else.")
@project_flags
def command(as_json: bool, project: Project) -> None:
    """Print whose token CLOUDFLARE_API_TOKEN is, and which accounts it can see.

    \b
    edge whoami
    """
    from wrangler_compat.cloudflare.account import identity

    email, accounts = identity()
    if as_json:
        say_json({"loggedIn": True, "email": email, "accounts": accounts})
        return
    whose = "" if email is None else f", associated with the email {email}"
    say(f"👋 You are logged in with an API Token{whose}.")
    say("ℹ️  The API Token is read from the CLOUDFLARE_API_TOKEN environment variable.")
    say_table(["Account Name", "Account ID"], [[account["name"], account["id"]] for account in accounts])
