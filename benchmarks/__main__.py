"""`python -m benchmarks`: measure this project beside the peers that are installed."""

from __future__ import annotations

import json
import shutil
import sys
from datetime import UTC, datetime
from pathlib import Path

import click
from rich.console import Console

from benchmarks.contenders import PEERS, chosen, missing
from benchmarks.report import print_report
from benchmarks.routes import ROUTES, Drive, Route
from benchmarks.session import Plan, run

_WRK_HINT = "wrk is not installed; on Debian: apt-get install wrk"


@click.command()
@click.option("--routes", help="Comma-separated names; all by default.")
@click.option("--connections", default=16, show_default=True, help="HTTP connections.")
@click.option("--sockets", default=50, show_default=True, help="WebSocket connections.")
@click.option("--duration", default=5.0, show_default=True, help="Seconds each measurement takes.")
@click.option("--rounds", default=3, show_default=True)
@click.option("--peers", help="Comma-separated, or none; by default all that are installed.")
@click.option(
    "--json",
    "json_file",
    type=click.Path(dir_okay=False, path_type=Path),
    help="Also write all figures here.",
)
def main(
    *,
    routes: str | None,
    connections: int,
    sockets: int,
    duration: float,
    rounds: int,
    peers: str | None,
    json_file: Path | None,
) -> None:
    """Start servers on fresh state, drive their routes in turn, print what was measured."""
    console = Console(width=None if sys.stdout.isatty() else 120)
    plan = Plan(_routes(routes), connections, sockets, duration, rounds)
    if shutil.which("wrk") is None and any(route.drive is not Drive.WEBSOCKET for route in plan.routes):
        raise click.ClickException(_WRK_HINT)
    contenders = chosen(_peers(peers, console))
    try:
        standings = run(contenders, plan, lambda line: console.print(f"[dim]{line}[/]", highlight=False))
    except RuntimeError as error:
        raise click.ClickException(str(error)) from error
    print_report(standings, {contender.name: contender.label for contender in contenders}, console)
    if json_file is not None:
        date = datetime.now(UTC).isoformat(timespec="seconds")
        content = {"date": date, "contenders": [standing.as_json() for standing in standings]}
        json_file.write_text(json.dumps(content, indent=1) + "\n")


def _routes(names: str | None) -> list[Route]:
    if names is None:
        return list(ROUTES)
    known = {route.name: route for route in ROUTES}
    wanted = names.split(",")
    if unknown := [name for name in wanted if name not in known]:
        raise click.UsageError(f"--routes: no {unknown[0]}; there are {', '.join(known)}")
    return [known[name] for name in wanted]


def _peers(names: str | None, console: Console) -> list[str]:
    """Peers asked for must be there; of those not asked for, what is there runs."""
    if names is None:
        for reason in filter(None, map(missing, PEERS)):
            console.print(f"[yellow]without {reason}[/]", soft_wrap=True)
        return [peer for peer in PEERS if missing(peer) is None]
    wanted = [] if names == "none" else names.split(",")
    if unknown := [name for name in wanted if name not in PEERS]:
        raise click.UsageError(f"--peers: no {unknown[0]}; there are {', '.join(PEERS)}")
    for reason in filter(None, map(missing, wanted)):
        raise click.ClickException(reason)
    return wanted


if __name__ == "__main__":
    main(prog_name="python -m benchmarks")
