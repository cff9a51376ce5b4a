"""`edge init`: a new project from a template."""

from __future__ import annotations

import shlex
import sys
import tomllib
from pathlib import Path

import click

_DEFAULT_TEMPLATE = "hello"
_DEFAULT_FOLDER = "my-worker"


@click.command("init")
@click.argument("folder", required=False, metavar="[NAME]")
@click.option("--template", metavar="TEMPLATE", help="What to begin with; --list tells what there is.")
@click.option("--list", "lists", is_flag=True, help="Print the templates.")
def command(folder: str | None, template: str | None, lists: bool) -> None:
    """Make a new project in the folder NAME. On a terminal it asks for what was not given; elsewhere it takes
    the current folder and the template `hello`.

    \b
    edge init my-worker --template kv
    """
    from wrangler_compat.init.scaffold import make_project, shadowing_config

    if lists:
        _print_templates()
        return
    asks = _is_terminal()
    chosen = Path(folder or (click.prompt("Folder", default=_DEFAULT_FOLDER) if asks else "."))
    template = template or (_ask_template() if asks else _DEFAULT_TEMPLATE)
    for name in make_project(chosen, template):
        click.echo(f"  {chosen / name}")
    shadow = shadowing_config(chosen)
    if shadow is not None:
        click.echo(
            f"{click.style('▲ [WARNING]', fg='yellow')} {shadow} comes before it: remove or move one.",
            err=True,
        )
    click.echo("\n".join(["", *_next_steps(chosen)]))


def _is_terminal() -> bool:
    return sys.stdin.isatty() and sys.stdout.isatty()


def _print_templates() -> None:
    from wrangler_compat.init.catalogue import TEMPLATES

    width = max(map(len, TEMPLATES))
    for name, what in TEMPLATES.items():
        click.echo(f"{name:{width}}  {what}")


def _ask_template() -> str:
    from wrangler_compat.init.catalogue import TEMPLATES

    _print_templates()
    chosen: str = click.prompt("Template", type=click.Choice(list(TEMPLATES)), default=_DEFAULT_TEMPLATE)
    return chosen


def _installs(folder: Path) -> list[str]:
    """What a template needs beside this package."""
    needed = tomllib.loads((folder / "pyproject.toml").read_text())["project"].get("dependencies", [])
    return [f"  pip install {shlex.join(needed)}"] if needed else []


def _next_steps(folder: Path) -> list[str]:
    enter = [] if folder.resolve() == Path.cwd() else [f"  cd {shlex.quote(str(folder))}"]
    return [
        "Next:",
        *enter,
        *_installs(folder),
        "  edge dev     # serve it, and reload when it changes",
        "  pytest       # run its test",
    ]
