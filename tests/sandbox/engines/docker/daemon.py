"""The daemon that the tests use, and the images they need in it.

EDGE_TEST_DOCKER_HOST names one for the tests alone (`dockerd.sh` starts such a one); else it is the one that
the engine itself would find.
"""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from functools import cache
from typing import Any

from docker.errors import ImageNotFound

from edge.containers.engine import EngineUnavailable
from sandbox.engines.context import EngineContext
from sandbox.engines.docker.address import Address, docker_address, parse
from sandbox.engines.docker.daemon import client
from sandbox.engines.docker.engine import DockerEngine
from tests.sandbox.engines.docker import image

USERLAND = "cortex-edge-test/userland:2"
BUSYBOX = "cortex-edge-test/busybox:2"
_CONTENT: dict[str, Callable[[], bytes]] = {USERLAND: image.userland, BUSYBOX: image.busybox}


def address() -> Address:
    """Where the daemon for tests is."""
    given = os.environ.get("EDGE_TEST_DOCKER_HOST")
    return parse(given) if given else docker_address()


def api() -> Any:
    """The SDK's own client. Raises EngineUnavailable."""
    return client(address())


def has_images() -> None:
    """Make the images of the tests once. Raises EngineUnavailable, unless a daemon was named: then it has to
    work."""
    try:
        _make_images()
    except EngineUnavailable as why:
        if "EDGE_TEST_DOCKER_HOST" in os.environ:
            raise RuntimeError(f"the daemon of EDGE_TEST_DOCKER_HOST does not work: {why}") from why
        raise


@cache
def _make_images() -> None:
    daemon = api()
    for reference, content in _CONTENT.items():
        try:
            daemon.inspect_image(reference)
        except ImageNotFound:
            name, _, tag = reference.partition(":")
            try:
                said = daemon.import_image_from_data(content(), repository=name, tag=tag)
                made = json.loads(said.strip().splitlines()[-1])["status"]
                daemon.tag(made, name, tag)  # Podman's import forgets it
            except image.CannotMake as error:
                raise EngineUnavailable(f"the image of the tests cannot be made: {error}") from error
    daemon.close()


def engine(context: EngineContext, **settings: Any) -> DockerEngine:
    """An engine on that daemon, without a pool unless one is asked for."""
    return DockerEngine(context, address, **{"pool_size": 0, **settings})
