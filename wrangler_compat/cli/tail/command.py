"""`edge tail`.

Source: wrangler 4.164, `tail`; spec wrangler.md section 7.6.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import suppress
from typing import TYPE_CHECKING

import click

from edge.errors import UserError
from wrangler_compat.cli.flags import project_flags
from wrangler_compat.cli.project import Project
from wrangler_compat.cli.saying import is_terminal, say, say_json
from wrangler_compat.cli.tail.filters import STATUSES, Wanted
from wrangler_compat.cli.tail.pretty import pretty, safe
from wrangler_compat.cli.worker_flags import Deployed, deployed

if TYPE_CHECKING:
    from wrangler_compat.cloudflare.account import Account

_PROTOCOL = "trace-v1"


@click.command("tail")
@click.argument("called", required=False, metavar="[WORKER]")
@click.option(
    "--format", "form", type=click.Choice(["pretty", "json"]), help="pretty on a terminal, else json."
)
@click.option("--status", "statuses", multiple=True, type=click.Choice(STATUSES), help="Only these outcomes.")
@click.option("--header", metavar="NAME[:VALUE]", help="Only requests with this header.")
@click.option("--method", "methods", multiple=True, metavar="METHOD", help="Only requests with this method.")
@click.option("--sampling-rate", type=float, metavar="SHARE", help="Only this share of events: 0 to 1.")
@click.option("--search", metavar="TEXT", help="Only events whose logs have this text.")
@click.option("--ip", "addresses", multiple=True, metavar="ADDRESS", help='Only from here; "self" is yours.')
@click.option("--version-id", metavar="ID", help="Only of this version.")
@project_flags
def command(called: str | None, form: str | None, project: Project, **wanted: object) -> None:
    """Print what happens in a deployed Worker, while it happens, until Ctrl-C.

    \b
    edge tail
    edge tail my-worker --format pretty --status error
    edge tail --format json | jq .logs
    """
    filters = Wanted(**wanted).filters()  # type: ignore[arg-type]
    worker = deployed(project, called, given_as="edge tail <worker-name>")
    is_pretty = form == "pretty" or (form is None and is_terminal())
    with worker.account() as account, suppress(KeyboardInterrupt):
        for text in _events(account, worker, filters, tell=is_pretty):
            event = json.loads(text)
            if is_pretty:
                for line in pretty(event):
                    say(line)
            else:
                say_json(event)


def _events(
    account: Account, worker: Deployed, filters: list[dict[str, object]], *, tell: bool
) -> Iterator[str]:
    """Texts of events as they come. Raises UserError when they end."""
    from websockets.exceptions import WebSocketException
    from websockets.sync.client import connect

    tail = account.call("POST", f"{worker.path}/tails", body={"filters": filters})
    try:
        if tell:
            say(f"Successfully created tail, expires at {safe(str(tail.get('expires_at')))}")
        with connect(tail["url"], subprotocols=[_PROTOCOL]) as socket:  # type: ignore[list-item]
            socket.send(json.dumps({"debug": False}))
            if tell:
                say(f"Connected to {worker.name}, waiting for logs...")
            while True:
                text = socket.recv()
                yield text if isinstance(text, str) else text.decode()
    except (WebSocketException, OSError) as failure:
        raise UserError(f"Connection to {worker.name} closed unexpectedly: {failure}") from None
    finally:
        with suppress(UserError):  # it may be gone already, and ends by itself
            account.call("DELETE", f"{worker.path}/tails/{tail['id']}")
