"""`edge types`: what `self.env` holds, for editors and type checkers."""

from __future__ import annotations

from pathlib import Path

import click

from edge.errors import UserError


@click.command("types")
@click.argument("path", required=False, metavar="[PATH]")
@click.option("-c", "--config", "configs", multiple=True, metavar="FILE",
              help="A configuration file. Several times: also of Workers it has bindings to.")  # fmt: skip
@click.option("-e", "--env", "environment", metavar="NAME", help="The environment of the configuration.")
@click.option("--env-interface", default="Env", show_default=True, help="The name of the Protocol.")
@click.option("--strict-vars/--no-strict-vars", default=True, show_default=True,
              help="Literal types for variables, or plain ones.")  # fmt: skip
@click.option("--check", is_flag=True, help="Write nothing; fail when the file is out of date.")
def command(
    path: str | None, configs: tuple[str, ...], environment: str | None, check: bool, **rest: object
) -> None:
    """Write a typed `Env` for the Worker of the current folder to PATH.

    \b
    edge types
    edge types src/worker_env.pyi --env staging

    PATH is worker_env.pyi beside its main module unless given. In the Worker:

    \b
    if TYPE_CHECKING:
        from worker_env import Env
    class Default(WorkerEntrypoint):
        env: Env
    """
    from wrangler_compat.cli.dev import config_paths
    from wrangler_compat.cli.files import write_text
    from wrangler_compat.env_types.document import TypesOptions, default_path, env_types

    if path is not None and not path.endswith(".pyi"):
        raise UserError(f'"{path}" does not end in .pyi')
    options = TypesOptions(environment, str(rest["env_interface"]), bool(rest["strict_vars"]))
    files = config_paths(Path(), configs)
    target = default_path(files[0]) if path is None else Path(path)
    text = env_types(files, options)
    shown = click.format_filename(target)
    if not check:
        write_text(target, text)
        click.echo(f"Types written to {shown}")
    elif target.is_file() and target.read_text(encoding="utf-8") == text:
        click.echo(f"Types at {shown} are up to date.")
    else:
        raise UserError(f"Types at {shown} are out of date. Run `edge types` to regenerate.")
