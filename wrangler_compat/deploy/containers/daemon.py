"""The container daemon as a deploy needs it: build an image, look at it, push it.

Docker's is asked first, then Podman's where its socket is there.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import requests
from docker.errors import APIError, DockerException, ImageNotFound

from edge.containers.engine import EngineUnavailable, StartFailed
from edge.errors import UserError
from sandbox.engines.docker.address import Address, docker_address, podman_address
from sandbox.engines.docker.daemon import client, refusal
from sandbox.engines.docker.images import build_image
from wrangler_compat.deploy.containers.container import Container
from wrangler_compat.deploy.containers.image_name import repository_of, tag_of
from wrangler_compat.deploy.containers.local_image import PLATFORM, LocalImage
from wrangler_compat.deploy.tell import Tell

_SENT, _THERE = "Pushed", ("Layer already exists", "Mounted from")
_INSTALL = (
    "Install Docker (https://docs.docker.com/get-started/get-docker/) or Podman and start it, or set "
    "DOCKER_HOST. Or give --containers-rollout none: then the Worker is deployed, and its containers stay as "
    "they are."
)


class Builder:
    """A daemon that answers."""

    def __init__(self, api: Any, address: Address) -> None:
        self._api = api
        self._address = address

    def build(self, container: Container, name: str, say: Tell) -> LocalImage:
        """Build the image of a container's Dockerfile and call it `name`; what the daemon says goes to `say`.
        Raises UserError."""
        assert container.dockerfile is not None
        assert container.context is not None
        with self._asking():
            try:
                build_image(
                    self._api,
                    dockerfile=container.dockerfile,
                    context=container.context,
                    tag=name,
                    build_args=container.build_args or {},
                    platform=PLATFORM,
                    say=say,
                )
            except StartFailed as error:
                raise UserError(f"{error}{_hint(str(error))}") from None
        return self.look(name)

    def look(self, name: str) -> LocalImage:
        """An image by its name. Raises UserError when the daemon has none, or has it for another platform."""
        with self._asking():
            try:
                found = self._api.inspect_image(name)
            except ImageNotFound:
                raise UserError(f"There is no image {name} in the daemon at {self._address}.") from None
        platform = f"{found['Os']}/{found['Architecture']}"
        if platform != PLATFORM:
            raise UserError(f"The image {name} is for {platform}, and Cloudflare runs {PLATFORM} only.")
        layers = len((found.get("RootFS") or {}).get("Layers") or ())
        return LocalImage(name, found["Size"], layers, tuple(found.get("RepoDigests") or ()))

    def push(self, image: LocalImage, target: str, login: Mapping[str, str]) -> int | None:
        """Push an image as `target`, which keeps that name. How many layers were sent, where the daemon says
        it (Podman does not). Raises UserError."""
        repository, tag = repository_of(target), tag_of(target)
        states: dict[str, str] = {}
        with self._asking():
            self._api.tag(image.name, repository, tag)
            steps = self._api.push(repository, tag=tag, auth_config=dict(login), stream=True, decode=True)
            for step in steps:
                if "error" in step:
                    raise UserError(f"The image could not be pushed to {target}: {step['error']}")
                if "id" in step:
                    states[step["id"]] = step.get("status", "")
        sent = sum(state == _SENT for state in states.values())
        there = sum(state.startswith(_THERE) for state in states.values())
        return sent if sent + there == image.layers else None

    def forget(self, name: str) -> None:
        """Take a name away; the layers stay, so that the next build is quick."""
        with self._asking():
            try:
                self._api.remove_image(name, noprune=True)
            except ImageNotFound:
                return

    @contextmanager
    def _asking(self) -> Iterator[None]:
        try:
            yield
        except APIError as error:
            raise UserError(f"The container daemon at {self._address} refuses: {refusal(error)}") from error
        except (DockerException, requests.RequestException) as error:
            raise UserError(f"The container daemon at {self._address} does not answer: {error}") from error


@contextmanager
def opened() -> Iterator[Builder]:
    """The daemon of this machine. Raises EngineUnavailable."""
    api, address = _client()
    try:
        yield Builder(api, address)
    finally:
        api.close()


def _client() -> tuple[Any, Address]:
    tried: list[str] = []
    for find in (docker_address, podman_address):
        try:
            address = find()
            if str(address) in tried:
                continue
            tried.append(str(address))
            return client(address), address
        except EngineUnavailable:
            continue
    raise EngineUnavailable(
        f"No container daemon answers (tried: {', '.join(tried) or 'DOCKER_HOST'}). {_INSTALL}"
    )


def _hint(said: str) -> str:
    if "buildkit" not in said.lower():
        return ""
    return (
        "\nEdge builds with the daemon's classic builder. Let wrangler deploy this project: it builds with "
        "BuildKit.\n  edge deploy --dry-run --containers-rollout none --outdir dist\n"
        "  cd dist && wrangler deploy"
    )
