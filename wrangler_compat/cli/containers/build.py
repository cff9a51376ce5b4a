"""`edge containers build` and `push`: images for Cloudflare's registry, without a deploy.

Source: wrangler 4.164, `containers build` and `containers push`.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

import click

from edge.errors import UserError
from wrangler_compat.cli.flags import project_flags
from wrangler_compat.cli.project import Project
from wrangler_compat.cli.saying import say

if TYPE_CHECKING:
    from wrangler_compat.cloudflare.account import Account
    from wrangler_compat.deploy.containers.daemon import Builder
    from wrangler_compat.deploy.containers.local_image import LocalImage


@click.command("build")
@click.argument("folder", metavar="PATH")
@click.option("-t", "--tag", metavar="NAME[:TAG]", required=True, help="What to call the image.")
@click.option("-p", "--push", "pushed", is_flag=True, help="Push it to Cloudflare's registry, too.")
@project_flags
def build(folder: str, tag: str, pushed: bool, project: Project) -> None:
    """Build the Dockerfile in the folder PATH for linux/amd64.

    \b
    edge containers build . --tag app:1
    edge containers build . --tag app:1 --push
    """
    from wrangler_compat.cli.remote import account_of
    from wrangler_compat.deploy.containers import daemon
    from wrangler_compat.deploy.containers.container import Container
    from wrangler_compat.deploy.containers.limits import check_disk

    dockerfile = (Path(folder) / "Dockerfile").resolve()
    if not dockerfile.is_file():
        raise UserError(f"There is no Dockerfile in {folder}: give the folder that has it.")
    container = Container(tag, "", {}, logs=False, dockerfile=dockerfile, context=dockerfile.parent)
    with daemon.opened() as builder:
        image = builder.build(container, tag, say)
        if pushed:
            with account_of(project) as account:
                limits = account.call("GET", "/containers/me")["limits"]
                check_disk(image, limits["disk_mb_per_deployment"], tag)
                _push(builder, image, account)


@click.command("push")
@click.argument("tag", metavar="NAME[:TAG]")
@project_flags
def push(tag: str, project: Project) -> None:
    """Push an image that the daemon of this machine has to Cloudflare's registry.

    \b
    edge containers push app:1
    """
    from wrangler_compat.cli.remote import account_of
    from wrangler_compat.deploy.containers import daemon

    with daemon.opened() as builder, account_of(project) as account:
        _push(builder, builder.look(tag), account)


def _push(builder: Builder, image: LocalImage, account: Account) -> None:
    from wrangler_compat.deploy.containers.image_name import full_name, registry_of
    from wrangler_compat.deploy.containers.images import push as push_unless_there
    from wrangler_compat.deploy.containers.registry import Registry

    host = registry_of(os.environ)
    target = full_name(image.name, account.id, host)
    say(f"Pushed image: {push_unless_there(builder, image, target, Registry.open(account, host), say)}")
