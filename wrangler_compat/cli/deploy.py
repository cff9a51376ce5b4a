"""`edge deploy`: upload a project to Cloudflare, or show what would be uploaded."""

from __future__ import annotations

from pathlib import Path

import click

from edge.errors import UserError
from wrangler_compat.cli.dev import config_paths, variable
from wrangler_compat.cli.saying import say_json, warn

_NO_UPLOAD = (
    "edge deploy does not upload yet: give --dry-run. With --outdir DIR it writes a folder, and "
    "`wrangler deploy` in that folder uploads it."
)
_MINIFY = "Python is not minified: its names are its interface. Leave --minify away."


@click.command("deploy")
@click.argument("directory", default=".", metavar="[DIR]")
@click.option("-c", "--config", metavar="FILE", help="The configuration file.")
@click.option("-e", "--env", "environment", metavar="NAME", help="The environment of the configuration.")
@click.option("--name", help="The name of the Worker.")
@click.option("--dry-run", is_flag=True, help="Show what would be uploaded, and upload nothing.")
@click.option("--outdir", metavar="DIR", help="Write the bundle and a wrangler.json to this folder, too.")
@click.option("--json", "as_json", is_flag=True, help="With --dry-run: the plan as JSON.")
@click.option("--compatibility-date", metavar="DATE", help="Instead of the configuration's (YYYY-MM-DD).")
@click.option("--compatibility-flags", multiple=True, metavar="FLAG", help="Instead of the configuration's.")
@click.option("--var", "variables", multiple=True, metavar="KEY:VALUE", help="A variable; may be repeated.")
@click.option("--minify", is_flag=True, help="Refused: Python is uploaded as it is.")
def command(directory: str, config: str | None, environment: str | None, name: str | None, dry_run: bool,
            outdir: str | None, as_json: bool, compatibility_date: str | None, variables: tuple[str, ...],
            compatibility_flags: tuple[str, ...], minify: bool) -> None:  # fmt: skip
    """Upload the Worker of DIR (the current folder).

    \b
    edge deploy --dry-run
    edge deploy --dry-run --outdir dist
    edge deploy --dry-run --json --env staging
    """
    from wrangler_compat.deploy.plan import UploadOptions, make_plan
    from wrangler_compat.deploy.project import DeployOptions, read_project
    from wrangler_compat.deploy.report import as_json as plan_as_json
    from wrangler_compat.deploy.report import print_plan
    from wrangler_compat.deploy.write import write_plan

    if minify:
        raise UserError(_MINIFY)
    if not dry_run:
        raise UserError(_NO_UPLOAD)
    (path,) = config_paths(Path(directory), () if config is None else (config,))
    overrides = dict(map(variable, variables))
    options = DeployOptions(name, environment, compatibility_date, compatibility_flags, overrides)
    project = read_project(path, options)
    plan = make_plan(project, UploadOptions(overrides=overrides))
    for warning in plan.warnings:
        warn(warning)
    if outdir is not None:
        write_plan(plan, Path(outdir))
    if as_json:
        say_json(plan_as_json(plan))
    else:
        print_plan(plan)
        click.echo("--dry-run: exiting now.")
