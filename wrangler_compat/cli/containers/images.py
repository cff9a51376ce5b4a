"""`edge containers images`: what is in Cloudflare's registry.

Source: wrangler 4.164, `containers images list` and `containers images delete`.
"""

from __future__ import annotations

import os
import re
from typing import TYPE_CHECKING

import click

from edge.errors import UserError
from wrangler_compat.cli.flags import project_flags
from wrangler_compat.cli.project import Project
from wrangler_compat.cli.saying import confirm, say, say_json

if TYPE_CHECKING:
    from wrangler_compat.deploy.containers.registry import Registry


@click.group("images")
def command() -> None:
    """The images in Cloudflare's registry.

    \b
    edge containers images list
    """


@command.command("list")
@click.option("--filter", "pattern", metavar="REGEX", default="", help="Only repositories that match.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON and nothing else.")
@project_flags
def list_images(pattern: str, as_json: bool, project: Project) -> None:
    """Repositories with their tags.

    \b
    edge containers images list --filter cortex
    """
    try:
        wanted = re.compile(pattern)
    except re.error as error:
        raise UserError(f'--filter "{pattern}" is no regular expression: {error}') from None
    registry = _registry(project)
    answer = registry.expect(registry.ask("GET", "/v2/_catalog", params={"tags": "true"}))
    found = []
    for whole, tags in answer.json().get("repositories", {}).items():
        named = [tag for tag in tags or () if not tag.startswith("sha256")]
        if named and wanted.search(whole.lstrip("/")):
            found.append({"name": whole.lstrip("/").removeprefix(f"{registry.account_id}/"), "tags": named})
    if as_json:
        say_json(found)
        return
    rows = [("REPOSITORY", "TAG"), *((one["name"], tag) for one in found for tag in one["tags"])]
    width = max(len(name) for name, _ in rows)
    for name, tag in rows:
        say(f"{name:{width}}  {tag}")


@command.command("delete")
@click.argument("image", metavar="IMAGE:TAG")
@click.option("-y", "--skip-confirmation", is_flag=True, help="Do not ask.")
@project_flags
def delete(image: str, skip_confirmation: bool, project: Project) -> None:
    """Delete a tag, and what nothing else needs.

    \b
    edge containers images delete shop-box:0a1b2c3d --skip-confirmation
    """
    name, colon, tag = image.rpartition(":")
    if not colon or not name or "/" in tag:
        raise UserError("Invalid image format. Expected IMAGE:TAG")
    question = f"Are you sure you want to delete {image}? This action cannot be undone."
    if not skip_confirmation and not confirm(question):
        say("The operation has been cancelled")
        return
    registry = _registry(project)
    whole = f"{registry.account_id}/{name}"
    digest = registry.digest(whole, tag)
    if digest is None:
        raise UserError(f"There is no image {image} in {registry.host}.")
    registry.expect(registry.ask("DELETE", f"/v2/{whole}/manifests/{tag}"))
    registry.expect(registry.ask("PUT", "/v2/gc/layers"))
    say(f"Deleted {image} ({digest})")


def _registry(project: Project) -> Registry:
    from wrangler_compat.cli.remote import account_of
    from wrangler_compat.deploy.containers.image_name import registry_of
    from wrangler_compat.deploy.containers.registry import Registry

    with account_of(project) as account:
        return Registry.open(account, registry_of(os.environ))
