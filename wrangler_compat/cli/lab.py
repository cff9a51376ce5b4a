"""`edge lab`: the experiment on a project's optimisations."""

from __future__ import annotations

import sys
from contextlib import redirect_stdout
from pathlib import Path

import click

_WORLDS = ["virtual", "real", "both", "crowd"]
#: npm takes seconds each time.
_PACKAGE_ROUNDS = 3


@click.command("lab")
@click.argument("directory", default="cortex", metavar="[DIR]")
@click.option("--world", type=click.Choice(_WORLDS), default="both", show_default=True,
              help="virtual: modelled time, many seeds; real: this machine; crowd: a crowd.")  # fmt: skip
@click.option("--only", metavar="1,3", help="Only these optimisations, by number or name, beside `before`.")
@click.option("--path", "paths", multiple=True, type=click.Choice(["warm", "changed", "cold"]),
              help="Only this path; may be repeated.")  # fmt: skip
@click.option("--seeds", type=click.IntRange(1), default=20, show_default=True, help="Seeds in virtual time.")
@click.option(
    "--rounds", type=click.IntRange(1), default=10, show_default=True, help="Messages in real time."
)
@click.option(
    "--crowd",
    type=click.IntRange(1),
    metavar="N",
    help="Also one session alone, then N at once, for real, with the last of the variants; 50 for "
    "`--world crowd`.",
)
@click.option("--profile", default="streaming-seed", show_default=True, help="The latency profile.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@click.option("--html", metavar="FILE", help="Write a page with the waterfalls.")
def command(
    directory: str, world: str, only: str | None, paths: tuple[str, ...], seeds: int, rounds: int,
    crowd: int | None, profile: str, as_json: bool, html: str | None,
) -> None:  # fmt: skip
    """Run Cortex (the project in DIR) before and after its optimisations, and say what each one brings.

    \b
    edge lab cortex
    edge lab cortex --world virtual --only 1,3 --seeds 100
    edge lab cortex --world crowd --rounds 20
    """
    from rich.console import Console

    from wrangler_compat.cli.dev import config_paths
    from wrangler_compat.cli.files import write_text
    from wrangler_compat.lab import report
    from wrangler_compat.lab.scenario import PATHS, Measured
    from wrangler_compat.lab.variants import about_packages, variants
    from wrangler_compat.lab.worlds import run_crowd, run_packages, run_real, run_virtual

    (config,) = config_paths(Path(directory), ())
    console, err = Console(), Console(stderr=True)
    choices, wanted = variants(only), paths or PATHS
    crowd = 50 if world == "crowd" and crowd is None else crowd
    found: dict[str, list[Measured]] = {}
    # What Workers print is not the experiment's answer, which may be JSON.
    with err.status("edge lab") as status, redirect_stdout(sys.stderr):
        if world in ("virtual", "both"):
            title = f"virtual time, profile {profile}, {seeds} seeds"
            found[title] = run_virtual(config, profile, seeds, wanted, choices, status.update)
        if world in ("real", "both"):
            title = f"this machine, process engine, {rounds} messages, no model"
            found[title] = run_real(config, rounds, wanted, choices, status.update)
            if "cold" in wanted and (cached := about_packages(choices)):
                few = min(rounds, _PACKAGE_ROUNDS)
                title = f"this machine, process engine, an npm package of its own, {few} messages"
                found[title] = run_packages(config, few, cached, status.update)
        if crowd is not None:
            title = f"this machine, one session and {crowd}, {rounds} messages each"
            found[title] = run_crowd(config, crowd, rounds, choices[-1], status.update)
    if html is not None:
        write_text(html, report.as_html(dict(found)))
    if as_json:
        click.echo(report.as_json(dict(found)))
        return
    for title, measured in found.items():
        console.print(report.table(title, measured))
