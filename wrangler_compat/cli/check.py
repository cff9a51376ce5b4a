"""`edge check`: will it run on Cloudflare?"""

from __future__ import annotations

from pathlib import Path

import click


@click.command("check")
@click.argument("directory", default=".", metavar="[DIR]")
@click.option("-c", "--config", "configs", multiple=True, metavar="FILE",
              help="A configuration file. Several times: several Workers.")  # fmt: skip
@click.option("-e", "--env", "environment", metavar="NAME", help="The environment of the configuration.")
@click.option("--strict", is_flag=True, help="Fail on warnings, too.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
@click.option("--github", is_flag=True, help="Print annotations for GitHub Actions.")
@click.pass_context
def command(
    ctx: click.Context,
    directory: str,
    configs: tuple[str, ...],
    environment: str | None,
    strict: bool,
    as_json: bool,
    github: bool,
) -> None:
    """Look for what runs here and would not run on Cloudflare, in the Worker of DIR (the current folder).

    \b
    edge check
    edge check --strict --github

    Nothing of the Worker is executed. The exit code is 1 when there are errors.
    """
    from datetime import UTC, datetime

    from edge.kernel.clock import WallClock
    from wrangler_compat.check import report
    from wrangler_compat.check.project import open_project
    from wrangler_compat.check.run import check_project
    from wrangler_compat.cli.dev import config_paths

    today = datetime.fromtimestamp(WallClock().now(), UTC).date()
    paths = config_paths(Path(directory), configs)
    findings = [found for path in paths for found in check_project(open_project(path, environment, today))]
    write = report.as_json if as_json else report.as_github if github else report.as_text
    click.echo(write(findings))
    counts = report.count(findings)
    ctx.exit(1 if counts["errors"] or (strict and counts["warnings"]) else 0)
