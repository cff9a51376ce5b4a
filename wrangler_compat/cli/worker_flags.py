"""The flags that name a deployed Worker."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import wraps
from typing import TYPE_CHECKING

import click

from edge.errors import UserError
from wrangler_compat.cli.flags import Function, flags, project_flags
from wrangler_compat.cli.project import Project

if TYPE_CHECKING:
    from wrangler_compat.cloudflare.account import Account


@dataclass(frozen=True, slots=True)
class Deployed:
    """A Worker on Cloudflare, by its name."""

    name: str
    project: Project

    @property
    def path(self) -> str:
        """Where the API has it, below the account."""
        from wrangler_compat.cli.remote import segment

        return f"/workers/scripts/{segment(self.name)}"

    @contextmanager
    def account(self) -> Iterator[Account]:
        """The account that it is in. Raises UserError."""
        from wrangler_compat.cli.remote import account_of

        with account_of(self.project) as account:
            yield account


def deployed(project: Project, name: str | None, *, given_as: str = "--name <worker-name>") -> Deployed:
    """The Worker `name`, else that of the configuration. Raises UserError when neither says one.

    `given_as` is how the command takes the name."""
    chosen = name or project.text("name")
    if not chosen:
        raise UserError(
            "Required Worker name missing. Please specify the Worker name in your Wrangler configuration "
            f"file, or pass it as an argument with `{given_as}`"
        )
    return Deployed(chosen, project)


def worker_flags(function: Function) -> Function:
    """`--name` and those of the project; the command takes `worker`."""

    @wraps(function)
    def with_worker(*args: object, name: str | None, project: Project, **rest: object) -> None:
        function(*args, worker=deployed(project, name), **rest)

    return flags(
        project_flags(with_worker),
        click.option("--name", metavar="WORKER", help="The Worker; the configuration's unless given."),
    )
