"""Names of images in Cloudflare's registry: REGISTRY/ACCOUNT/NAME, with a tag or a digest. Pure.

Source: wrangler 4.164, `resolveImageName` and `getCloudflareContainerRegistry`.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

from edge.errors import UserError

REGISTRY = "registry.cloudflare.com"
#: Another registry, such as that of `edge cloud`.
VARIABLE = "CLOUDFLARE_CONTAINER_REGISTRY"
_ACCOUNT = re.compile(r"([0-9a-f]{32})/")


def registry_of(environment: Mapping[str, str]) -> str:
    """Host, and port if any, of the registry that this environment uses."""
    return environment.get(VARIABLE) or REGISTRY


def full_name(image: str, account_id: str, registry: str) -> str:
    """An image's whole name: one without a host is the account's own; one of the registry gets the account
    if it has none. Raises UserError for an image of another account."""
    host, slash, rest = image.partition("/")
    if not slash or not (set(host) & set(":.") or host == "localhost"):
        return f"{registry}/{account_id}/{image}"
    if host != registry:
        return image
    owner = _ACCOUNT.match(rest)
    if owner is None:
        return f"{registry}/{account_id}/{rest}"
    if owner[1] != account_id:
        raise UserError(f'The image "{image}" belongs to the account {owner[1]}, and this is {account_id}.')
    return image


def tagged(container: str, version_id: str) -> str:
    """What the image of a container is called with a version of its Worker."""
    return f"{container.lower()}:{version_id.partition('-')[0]}"


def tag_of(name: str) -> str:
    """The tag of a name, `latest` unless it has one."""
    return name[len(repository_of(name)) + 1 :] or "latest"


def repository_of(name: str) -> str:
    """A name without its tag or digest."""
    bare = name.partition("@")[0]
    path, slash, last = bare.rpartition("/")
    return f"{path}{slash}{last.partition(':')[0]}"
