"""Flags that many commands share, each set as one decorator that hands over one object."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import wraps
from pathlib import Path

import click

from wrangler_compat.cli.project import Project
from wrangler_compat.cli.saying import say
from wrangler_compat.cli.state_folder import persist_to

Function = Callable[..., None]
Decorator = Callable[[Function], Function]


@dataclass(frozen=True, slots=True)
class Place:
    """Where the data of a command is: on this machine below `state_dir`, or `remote`."""

    project: Project
    state_dir: Path
    remote: bool

    @classmethod
    def remote_of(cls, project: Project) -> Place:
        """Of commands that only know what is on Cloudflare."""
        return cls(project, project.state_dir(None), remote=True)

    def announce(self) -> None:
        """Say which of the two it is, as wrangler does."""
        say(f"Resource location: {'remote' if self.remote else 'local'}\n")
        if not self.remote:
            say("Use --remote if you want to access the remote instance.\n")


def flags(function: Function, *options: Decorator) -> Function:
    """`function` with `options`, which `--help` lists in this order before those it has."""
    for option in reversed(options):
        function = option(function)
    return function


def project_flags(function: Function) -> Function:
    """`--config` and `--env`; the command takes `project`."""

    @wraps(function)
    def with_project(*args: object, config: str | None, environment: str | None, **rest: object) -> None:
        function(*args, project=Project.find(config, environment), **rest)

    return flags(
        with_project,
        click.option("-c", "--config", metavar="FILE", help="The configuration file."),
        click.option("-e", "--env", "environment", metavar="NAME", help="Its environment."),
    )


def place_flags(function: Function) -> Function:
    """`--local`, `--remote`, `--persist-to` and those of the project; the command takes `place`."""

    @wraps(function)
    def with_place(
        *args: object, project: Project, local: bool, remote: bool, persist_to: Path | None, **rest: object
    ) -> None:
        if local and remote:
            raise click.UsageError("Arguments remote and local are mutually exclusive")
        function(*args, place=Place(project, project.state_dir(persist_to), remote), **rest)

    return flags(
        project_flags(with_place),
        click.option("--local", is_flag=True, help="The data on this machine: the default."),
        click.option("--remote", is_flag=True, help="The data on Cloudflare."),
        persist_to("Where local data lies (.wrangler/state)."),
    )
