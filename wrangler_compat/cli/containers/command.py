"""The group `edge containers`."""

from __future__ import annotations

import click

from wrangler_compat.cli.lazy import LazyGroup

_HERE = "wrangler_compat.cli.containers"
_COMMANDS = {
    "list": (f"{_HERE}.applications:list_applications", "The applications of an account."),
    "info": (f"{_HERE}.applications:info", "One application."),
    "delete": (f"{_HERE}.applications:delete", "Delete an application."),
    "images": (f"{_HERE}.images", "The images in Cloudflare's registry."),
    "build": (f"{_HERE}.build:build", "Build an image, and push it if asked to."),
    "push": (f"{_HERE}.build:push", "Push an image of this machine."),
}


@click.group("containers", cls=LazyGroup, lazy=_COMMANDS)
def command() -> None:
    """See container applications and their images on Cloudflare, and push images.

    `edge deploy` makes and changes applications.

    \b
    edge containers list
    edge containers images list
    """
