"""`edge deploy`: upload a project to Cloudflare, or show what would be uploaded."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from edge.errors import UserError
from wrangler_compat.cli.dev import config_paths, variable
from wrangler_compat.cli.saying import say, say_json, warn

if TYPE_CHECKING:
    from wrangler_compat.deploy.plan import Plan
    from wrangler_compat.deploy.run import Rollout

_MINIFY = "Python is not minified: its names are its interface. Leave --minify away."
_INTERRUPTED = (
    "Interrupted, and nobody knows how far it came: the Worker may be as it was or new. "
    "`edge deployments status` tells what is live; deploying again does no harm."
)


@click.command("deploy")
@click.argument("directory", default=".", metavar="[DIR]")
@click.option("-c", "--config", metavar="FILE", help="The configuration file.")
@click.option("-e", "--env", "environment", metavar="NAME", help="The environment of the configuration.")
@click.option("--name", help="The name of the Worker.")
@click.option("--dry-run", is_flag=True, help="Show what would be uploaded, and upload nothing.")
@click.option("--outdir", metavar="DIR", help="Write the bundle and a wrangler.json to this folder, too.")
@click.option("--json", "as_json", is_flag=True, help="The plan, or what is live now, as JSON.")
@click.option("--compatibility-date", metavar="DATE", help="Instead of the configuration's (YYYY-MM-DD).")
@click.option("--compatibility-flags", multiple=True, metavar="FLAG", help="Instead of the configuration's.")
@click.option("--routes", "--route", "routes", multiple=True, metavar="PATTERN",
              help="A route, instead of the configuration's; may be repeated.")  # fmt: skip
@click.option("--domains", "--domain", "domains", multiple=True, metavar="HOST",
              help="A custom domain, besides; may be repeated.")  # fmt: skip
@click.option("--triggers", "--schedules", "--schedule", "schedules", multiple=True, metavar="CRON",
              help="A schedule, instead of the configuration's; may be repeated.")  # fmt: skip
@click.option("--assets", metavar="DIR", help="Static files, instead of the configuration's.")
@click.option("--var", "variables", multiple=True, metavar="KEY:VALUE", help="A variable; may be repeated.")
@click.option("--secrets-file", metavar="FILE", help="Secrets to set: a JSON object, or lines of NAME=value.")
@click.option("--keep-vars", is_flag=True, help="Keep variables that were set in the dashboard.")
@click.option("--tag", help="A tag for the version.")
@click.option("--message", help="A message for the version.")
@click.option("--containers-rollout", type=click.Choice(["immediate", "gradual", "none"]), default="gradual",
              help="How changes reach containers that run. none: leave them as they are.")  # fmt: skip
@click.option("--target", type=click.Choice(["cloudflare", "workerd"]), default="cloudflare",
              show_default=True, help="workerd: write a folder that one's own host serves.")  # fmt: skip
@click.option("--listen", metavar="ADDRESS", default="127.0.0.1:8080", show_default=True,
              help="With --target workerd: where it listens.")  # fmt: skip
@click.option("--allow-unsupported", is_flag=True,
              help="With --target workerd: leave out bindings that it does not have.")  # fmt: skip
@click.option("--check/--no-check", "checked", default=True, show_default=True,
              help="Upload nothing that edge check finds errors in.")  # fmt: skip
@click.option("--minify", is_flag=True, help="Refused: Python is uploaded as it is.")
def command(directory: str, config: str | None, variables: tuple[str, ...], secrets_file: str | None,
            dry_run: bool, outdir: str | None, as_json: bool, minify: bool, containers_rollout: Rollout,
            checked: bool, target: str, listen: str, allow_unsupported: bool,
            **rest: Any) -> None:  # fmt: skip
    """Upload the Worker of DIR (the current folder) to Cloudflare, and make it live.

    The account is that of CLOUDFLARE_API_TOKEN (and CLOUDFLARE_ACCOUNT_ID) in the environment.

    \b
    edge deploy
    edge deploy --dry-run
    edge deploy --dry-run --outdir dist
    edge deploy --env staging --message "the new basket"
    edge deploy --target workerd --outdir dist
    """
    from wrangler_compat.deploy.write import write_plan

    if minify:
        raise UserError(_MINIFY)
    (path,) = config_paths(Path(directory), () if config is None else (config,))
    plan = _plan(path, dict(map(variable, variables)), secrets_file, rest)
    for warning in plan.warnings:
        warn(warning)
    if checked:
        _check(path, rest["environment"], dry_run=dry_run)
    if target == "workerd":
        _write_workerd(plan, outdir, listen, allow_unsupported=allow_unsupported)
        return
    if outdir is not None:
        write_plan(plan, Path(outdir))
    if dry_run:
        _show(plan, as_json=as_json, images=containers_rollout != "none")
    else:
        _deploy(plan, as_json=as_json, rollout=containers_rollout)


def _plan(path: Path, overrides: dict[str, str], secrets_file: str | None, rest: dict[str, Any]) -> Plan:
    from wrangler_compat.deploy.plan import UploadOptions, make_plan
    from wrangler_compat.deploy.project import DeployOptions, read_project
    from wrangler_compat.deploy.secrets_file import read_secrets

    secrets = {} if secrets_file is None else read_secrets(Path(secrets_file))
    project = read_project(path, DeployOptions.of(overrides, rest))
    return make_plan(project, UploadOptions.of(overrides, secrets, rest))


def _check(path: Path, environment: str | None, *, dry_run: bool) -> None:
    """Say what would not run on Cloudflare; UserError for errors in what would be uploaded."""
    from datetime import UTC, datetime

    from edge.kernel.clock import WallClock
    from wrangler_compat.check.project import open_project
    from wrangler_compat.check.report import as_text, count
    from wrangler_compat.check.run import check_project

    today = datetime.fromtimestamp(WallClock().now(), UTC).date()
    findings = check_project(open_project(path, environment, today))
    unsaid = [finding for finding in findings if finding.rule != "config-warning"]  # the plan warned of those
    if unsaid:
        warn(as_text(unsaid))
    if count(findings)["errors"] and not dry_run:
        raise UserError(
            "Nothing was uploaded: this would not run on Cloudflare. Mend it, silence what is wrong about it "
            "(docs/check.md), or give --no-check."
        )


def _write_workerd(plan: Plan, outdir: str | None, listen: str, *, allow_unsupported: bool) -> None:
    from wrangler_compat.deploy.workerd.write import CONFIG, write_workerd

    if outdir is None:
        raise UserError("--target workerd writes a folder: say which with --outdir DIR")
    for warning in write_workerd(plan, Path(outdir), listen, allow_unsupported=allow_unsupported):
        warn(warning)
    say(f"Wrote {outdir}. Serve it with: cd {outdir} && workerd serve --experimental {CONFIG}")


def _show(plan: Plan, *, as_json: bool, images: bool) -> None:
    from wrangler_compat.deploy.report import as_json as plan_as_json
    from wrangler_compat.deploy.report import print_plan

    if as_json:
        say_json(plan_as_json(plan))
    else:
        print_plan(plan)
        if images:
            _try_images(plan)
        say("--dry-run: exiting now.")


def _try_images(plan: Plan) -> None:
    from wrangler_compat.deploy.containers.images import try_out
    from wrangler_compat.deploy.run import with_containers

    containers, companion = with_containers(plan)
    try_out((*containers, *(companion.containers if companion is not None else ())), say)


def _deploy(plan: Plan, *, as_json: bool, rollout: Rollout) -> None:
    from edge.kernel.clock import WallClock
    from wrangler_compat.cloudflare.account import opened
    from wrangler_compat.deploy.report import print_bindings, size_line
    from wrangler_compat.deploy.run import deploy

    tell = (lambda _: None) if as_json else say
    with opened(plan.project.settings.get("account_id") or None) as account:
        if not as_json:
            say(size_line(plan))
            print_bindings(plan)
        try:
            outcome = deploy(plan, account, WallClock(), say=tell, warn=warn, rollout=rollout)
        except KeyboardInterrupt:
            raise UserError(_INTERRUPTED) from None
    if as_json:
        say_json({"name": outcome.name, "version_id": outcome.version_id, "targets": list(outcome.targets)})
