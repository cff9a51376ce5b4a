"""The flags that name a namespace."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import wraps

import click

from wrangler_compat.cli.flags import Decorator, Function, Place, flags, place_flags
from wrangler_compat.cli.kv.access import Access, opened
from wrangler_compat.cli.kv.target import Target, target


@dataclass(frozen=True, slots=True)
class Chosen:
    """A namespace and the place it is in."""

    place: Place
    target: Target

    @contextmanager
    def opened(self) -> Iterator[Access]:
        """The namespace itself. Raises UserError."""
        with opened(self.place, self.target) as access:
            yield access


def namespace_flags(*, preview: bool | None) -> Decorator:
    """`--binding`, `--namespace-id`, `--preview`, and those of the place; the command takes `chosen`.

    `preview` is what counts when the flag is not given: None asks where a binding has both ids.
    """

    def decorated(function: Function) -> Function:
        @wraps(function)
        def with_namespace(
            *args: object,
            place: Place,
            binding: str | None,
            namespace_id: str | None,
            preview: bool | None,
            **rest: object,
        ) -> None:
            if binding is None and namespace_id is None:
                raise click.UsageError(
                    "Missing required option: exactly one of --binding and --namespace-id must be provided"
                )
            if binding is not None and namespace_id is not None:
                raise click.UsageError(
                    "Conflicting options: --binding and --namespace-id cannot be used together. "
                    "Please provide only one."
                )
            bindings = [] if binding is None else place.project.entries("kv_namespaces")
            chosen = target(bindings, binding, namespace_id, preview=preview, remote=place.remote)
            function(*args, chosen=Chosen(place, chosen), **rest)

        return flags(
            place_flags(with_namespace),
            click.option("--binding", metavar="NAME", help="The binding of the namespace."),
            click.option("--namespace-id", metavar="ID", help="Its id, instead of a binding."),
            click.option(
                "--preview/--no-preview",
                default=preview,
                help="The namespace of its preview_id.",
            ),
        )

    return decorated
