"""Images: built from a Dockerfile, or used by their name, or pulled."""

from __future__ import annotations

import asyncio
import hashlib
import logging
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from docker.errors import APIError, DockerException, NotFound

from edge.containers.engine import Image, StartFailed
from sandbox.engines.docker.daemon import Daemon, refusal
from sandbox.engines.docker.owner import LABEL

_log = logging.getLogger("edge.containers")
_BUILD_S = 3600


@dataclass(frozen=True)
class Built:
    """An image that the daemon has."""

    id: str
    entrypoint: tuple[str, ...] = ()
    command: tuple[str, ...] = ()
    #: TCP ports that its Dockerfile names.
    ports: tuple[int, ...] = ()
    #: Where its programs are looked for.
    path: str = ""


class Images:
    """The images of one engine."""

    def __init__(self, daemon: Daemon) -> None:
        self._daemon = daemon
        self._built: dict[str, Built] = {}
        self._turn = asyncio.Lock()

    @property
    def built(self) -> list[Built]:
        """Every image as it was last built."""
        return list(self._built.values())

    async def get(self, image: Image) -> Built:
        """As it was last built, or built now. Raises StartFailed, EngineUnavailable."""
        return self._built.get(repr(image)) or await self.build(image)

    async def build(self, image: Image) -> Built:
        """Build it from what its files are now, or find or pull it. Raises StartFailed, EngineUnavailable."""
        async with self._turn:  # the same image is not built twice at once
            name = image.reference or ""
            if image.dockerfile is not None:
                name = await self._build(image, image.dockerfile)
            built = _described(await self._inspect_or_pull(name))
            self._built[repr(image)] = built
            return built

    async def _build(self, image: Image, dockerfile: Path) -> str:
        tag = f"cortex-edge/{hashlib.sha256(str(dockerfile.resolve()).encode()).hexdigest()[:16]}:latest"
        context = image.build_context or dockerfile.parent

        _log.info("building the image of %s", dockerfile)
        await self._daemon.call(
            lambda api: build_image(
                api,
                dockerfile=dockerfile,
                context=context,
                tag=tag,
                build_args=image.build_args,
                labels={LABEL: ""},
                say=lambda line: _log.debug("%s: %s", dockerfile, line),
            )
        )
        return tag

    async def _inspect_or_pull(self, name: str) -> Any:
        try:
            return await self._daemon.call(lambda api: api.inspect_image(name))
        except NotFound:
            _log.info("pulling the image %s", name)
        except APIError as error:
            raise StartFailed(f"The image {name} cannot be used: {refusal(error)}") from error
        try:
            await self._daemon.call(lambda api: _pull(api, name))
            return await self._daemon.call(lambda api: api.inspect_image(name))
        except APIError as error:
            raise StartFailed(f"The image {name} cannot be pulled: {refusal(error)}") from error


def build_image(
    api: Any,
    *,
    dockerfile: Path,
    context: Path,
    tag: str,
    build_args: Mapping[str, str],
    say: Callable[[str], None],
    labels: Mapping[str, str] | None = None,
    platform: str | None = None,
) -> None:
    """Let the daemon behind `api` build a Dockerfile and call the image `tag`; each line that it says goes to
    `say`. Blocks. Raises StartFailed."""
    try:
        steps = api.build(
            path=str(context),
            dockerfile=str(dockerfile.resolve()),
            tag=tag,
            rm=True,
            forcerm=True,
            buildargs=dict(build_args),
            labels=dict(labels or {}),
            platform=platform,
            decode=True,
            timeout=_BUILD_S,
        )
        error = _followed(steps, say)
    except APIError as refused:
        raise StartFailed(f"The image does not build: {dockerfile}: {refusal(refused)}") from refused
    except (DockerException, TypeError, OSError) as failed:  # the context cannot be read
        raise StartFailed(f"The image does not build: {dockerfile}: {failed}") from failed
    if error:
        raise StartFailed(f"The image does not build: {dockerfile}: {error}")


def _pull(api: Any, name: str) -> None:
    tagged = ":" in name.rpartition("/")[2] or "@" in name
    steps = api.pull(name, tag=None if tagged else "latest", stream=True, decode=True)
    if error := _followed(steps, lambda line: _log.debug("%s: %s", name, line)):
        raise StartFailed(f"The image {name} cannot be pulled: {error}")


def _followed(steps: Iterable[Any], say: Callable[[str], None]) -> str:
    """Pass on what the daemon says, to its end, so that its answer is let go of; the error, if any."""
    error = ""
    for step in steps:
        if said := step.get("stream", "").rstrip():
            say(said)
        error = error or step.get("error", "").strip()
    return error


def _described(found: Any) -> Built:
    config = found.get("Config") or {}
    exposed = (port.partition("/") for port in config.get("ExposedPorts") or {})
    env = dict(pair.split("=", 1) for pair in config.get("Env") or () if "=" in pair)
    return Built(
        str(found["Id"]),
        tuple(config.get("Entrypoint") or ()),
        tuple(config.get("Cmd") or ()),
        tuple(sorted(int(number) for number, _, kind in exposed if kind in ("", "tcp"))),
        env.get("PATH", ""),
    )
