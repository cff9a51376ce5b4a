"""The images of a deploy: built before anything on Cloudflare changes, pushed when the new version is there.

Source: wrangler 4.164, `buildContainerImages` and `pushImageIfChanged`.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING

from edge.containers.engine import EngineUnavailable
from edge.errors import UserError
from edge.kernel.random import RandomStreams
from wrangler_compat.cloudflare.account import Account
from wrangler_compat.deploy.containers.container import Container
from wrangler_compat.deploy.containers.image_name import full_name, registry_of, repository_of, tag_of, tagged
from wrangler_compat.deploy.containers.limits import check_disk
from wrangler_compat.deploy.containers.local_image import PLATFORM, LocalImage
from wrangler_compat.deploy.containers.registry import Registry
from wrangler_compat.deploy.tell import Tell

if TYPE_CHECKING:
    from wrangler_compat.deploy.containers.daemon import Builder


class Images:
    """Images that were built, by the name of their container."""

    def __init__(self, builder: Builder | None, built: dict[str, LocalImage]) -> None:
        self._builder = builder
        self.built = built

    def references(
        self, containers: Sequence[Container], version_id: str, account: Account, say: Tell
    ) -> dict[str, str]:
        """Push what was built; where the image of each container is, with its digest. Raises UserError."""
        host = registry_of(os.environ)
        login = Registry.open(account, host) if self.built else None
        found = {}
        for container in containers:
            local = self.built.get(container.name)
            if local is None or login is None:
                found[container.name] = full_name(container.image, account.id, host)
            else:
                assert self._builder is not None
                target = full_name(tagged(container.name, version_id), account.id, host)
                found[container.name] = push(self._builder, local, target, login, say)
        return found


@contextmanager
def built_images(containers: Sequence[Container], say: Tell) -> Iterator[Images]:
    """Build the images of all Dockerfiles; in the end their passing names are gone. Raises UserError:
    EngineUnavailable where nothing can build."""
    if not any(container.dockerfile for container in containers):
        yield Images(None, {})
        return
    from wrangler_compat.deploy.containers import daemon  # the SDK takes a moment to import

    with daemon.opened() as builder:
        random, built = RandomStreams(), dict[str, LocalImage]()
        try:
            for container in containers:
                if container.dockerfile is not None:
                    name = f"{container.name.lower()}:edge-{random.uuid('deploy.image')}"
                    say(f"Building the image of {container.name}: {container.dockerfile}")
                    local = built[container.name] = builder.build(container, name, say)
                    check_disk(local, container.size["disk_mb"], container.name)
            yield Images(builder, built)
        finally:
            for local in built.values():
                builder.forget(local.name)


def push(builder: Builder, local: LocalImage, target: str, registry: Registry, say: Tell) -> str:
    """Push an image as `target`, unless the registry has it already; its name with the digest. Raises
    UserError."""
    repository = repository_of(target)
    for known in local.digests:
        name, _, digest = known.partition("@")
        if name == repository and registry.digest(name.removeprefix(f"{registry.host}/"), digest) == digest:
            say(f"Image already exists remotely, skipping push: {known}")
            return known
    say(f"Image does not exist remotely, pushing: {target}")
    sent = builder.push(local, target, registry.login)
    say(f"Pushed {target}" + ("" if sent is None else f" ({local.layers} layers, {sent} of them new)"))
    # The registry's word, not the daemon's: Podman knows an image by another digest than it pushes it under.
    found = registry.digest(repository.removeprefix(f"{registry.host}/"), tag_of(target))
    if found is None:
        raise UserError(
            f"The image {target} was pushed, and the registry {registry.host} has none of that name."
        )
    return f"{repository}@{found}"


def try_out(containers: Sequence[Container], say: Tell) -> None:
    """Build the images and say how large they are, for a dry run; where nothing can build, say what would be
    built. Raises UserError for an image that does not build or is too large."""
    try:
        with built_images(containers, say) as images:
            for name, local in images.built.items():
                size_mb = local.size_bytes / 1_000_000
                say(f"The image of {name} has {size_mb:.1f} MB, and needs {local.needed_mb} MB of disk.")
    except EngineUnavailable as error:
        for container in containers:
            if container.dockerfile is not None:
                say(f"Would build the image of {container.name} for {PLATFORM}: {container.dockerfile}")
        say(str(error))
