"""A container daemon as the loop sees it: calls of the SDK in threads, and byte streams."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable
from typing import Any, TypeVar

import requests
from docker import APIClient
from docker.errors import APIError, DockerException, NotFound

from edge.containers.engine import EngineUnavailable
from edge.kernel.clock import Clock
from edge.kernel.threads import offload
from sandbox.engines.docker import wire
from sandbox.engines.docker.address import Address
from sandbox.engines.docker.wire import Wire

_T = TypeVar("_T")
#: Threads are shared with the databases of Durable Objects.
_CALLS_AT_ONCE = 4
_TIMEOUT_S = 60


class Daemon:
    """One daemon that was found to answer. Made by `connect`."""

    def __init__(
        self, clock: Clock, address: Address, api: Any, *, podman: bool = False, rootless: bool = False
    ) -> None:
        self.is_podman = podman
        self.is_rootless = rootless
        self.clock = clock
        self.address = address
        self._api = api
        self._turns = asyncio.Semaphore(_CALLS_AT_ONCE)

    @classmethod
    async def connect(cls, clock: Clock, address: Address) -> Daemon:
        """Raises EngineUnavailable when none answers."""

        api = await offload(clock, lambda: client(address))
        version = await offload(clock, api.version)
        podman = "podman" in str(version.get("Components", "")).lower()
        info = await offload(clock, api.info)
        rootless = "rootless" in str(info.get("SecurityOptions", ""))
        return cls(clock, address, api, podman=podman, rootless=rootless)

    async def call(self, work: Callable[[Any], _T]) -> _T:
        """Run `work` with the SDK's client in a thread. Raises docker.errors.APIError for what the daemon
        refuses, EngineUnavailable when it does not answer."""

        def guarded() -> _T:
            try:
                return work(self._api)
            except APIError:
                raise  # which is of the other class, too
            except requests.RequestException as error:
                raise EngineUnavailable(
                    f"The container daemon at {self.address} does not answer: {error}"
                ) from error

        async with self._turns:
            with self.clock.hold("a container daemon"):
                return await offload(self.clock, guarded)

    async def attach(self, container: str) -> Wire:
        """The streams of a container's entrypoint, from its start on."""
        return await wire.upgrade(
            self.address, self._path(f"/containers/{container}/attach?stream=1&stdin=1&stdout=1&stderr=1")
        )

    async def start_exec(self, exec_id: str, *, terminal: bool) -> Wire:
        """Start a program that was announced, and be its streams. Raises wire.Refused."""
        body = {"Detach": False, "Tty": terminal}
        return await wire.upgrade(self.address, self._path(f"/exec/{exec_id}/start"), body)

    async def watch_exit(self, container: str) -> Wire:
        """Begin to wait for a container that has yet to start; `exit_code` waits for its end."""
        path = self._path(f"/containers/{container}/wait?condition=next-exit")
        return await wire.begin(self.address, path)

    async def close(self) -> None:
        await offload(self.clock, self._api.close)

    def _path(self, rest: str) -> str:
        return f"/v{self._api.api_version}{rest}"


def client(address: Address) -> Any:
    """The SDK's client of a daemon. Raises EngineUnavailable when none answers."""
    address.check()
    try:
        return APIClient(base_url=address.url, version="auto", timeout=_TIMEOUT_S, **address.options)
    except (DockerException, requests.RequestException) as error:
        raise EngineUnavailable(f"What listens at {address} is no container daemon: {error}") from error


async def exit_code(watch: Wire) -> int | None:
    """The exit code that `watch_exit` waits for; None when the daemon went away."""
    try:
        return int(json.loads(await watch.reader.read())["StatusCode"])
    except (OSError, ValueError, KeyError):
        return None
    finally:
        watch.close()


def refusal(error: APIError) -> str:
    """What the daemon said, without the HTTP around it."""
    return str(error.explanation or error)


async def gently(daemon: Daemon, work: Callable[[Any], object]) -> None:
    """Do what may have been done already, as removing is; a daemon that is gone has nothing to remove."""
    try:
        await daemon.call(work)
    except (NotFound, EngineUnavailable):
        return
    except APIError as error:
        if error.status_code != 409:  # the same is being done already
            raise
