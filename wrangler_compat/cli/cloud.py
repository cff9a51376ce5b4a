"""`edge cloud`: Cloudflare's API on this machine."""

from __future__ import annotations

from pathlib import Path

import click

_LOG_LEVELS = ["none", "error", "warn", "info", "log", "debug"]


@click.command("cloud")
@click.option("--port", type=click.IntRange(0, 65535), default=8790, show_default=True,
              help="The port to listen on; 0 picks a free one.")  # fmt: skip
@click.option("--host", "--ip", "host", default="127.0.0.1", show_default=True,
              help="The address to listen on.")  # fmt: skip
@click.option("--state", metavar="DIR", default=".edge/cloud", show_default=True,
              help="Where accounts, Workers and data are kept.")  # fmt: skip
@click.option("--account", "account_names", multiple=True, metavar="NAME",
              help="An account, made when there is none; may be repeated.")  # fmt: skip
@click.option("--token", metavar="TOKEN", help="The first account's API token; else drawn by chance.")
@click.option("--account-id", metavar="ID", help="Its id (32 hexadecimal digits); else drawn by chance.")
@click.option("--serve", is_flag=True, help="Run what is deployed, at http://NAME.localhost:PORT.")
@click.option("--fail", "faults", multiple=True, metavar="FAULT",
              help="Let calls fail: 'PUT */scripts/*=500x2'; may be repeated.")  # fmt: skip
@click.option("--log-level", type=click.Choice(_LOG_LEVELS), default="log", show_default=True)
def command(
    state: str,
    host: str,
    port: int,
    token: str | None,
    account_id: str | None,
    account_names: tuple[str, ...],
    serve: bool,
    faults: tuple[str, ...],
    log_level: str,
) -> None:
    """Answer the calls of wrangler, of the official Python package and of edge as Cloudflare does.

    \b
    edge cloud
    edge cloud --serve
    edge cloud --fail "PUT */scripts/*=500x2" --fail "* *=429/1x1"
    edge cloud --port 0 --state cloud-state
    """
    from wrangler_compat.cloud.session import CloudOptions, run

    run(CloudOptions(Path(state), host, port, token, account_id, account_names, serve, faults, log_level))
