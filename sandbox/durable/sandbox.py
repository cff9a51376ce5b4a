"""`Sandbox`: the Durable Object behind `get_sandbox` (spec sections 4 to 7)."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Mapping
from typing import Any
from urllib.parse import urlsplit

from js import console

from sandbox.client.security import CONTROL_PORT
from sandbox.container.container import Container
from sandbox.container.values import Record
from sandbox.durable.backups import BackupMethods
from sandbox.durable.bucket_sync import BucketSync
from sandbox.durable.buckets import BucketMethods
from sandbox.durable.commands import CommandMethods, ProcessMethods
from sandbox.durable.control import Control
from sandbox.durable.files import FileMethods
from sandbox.durable.interpreter import InterpreterMethods
from sandbox.durable.ports import PortBook, PortMethods
from sandbox.durable.preview import answer_preview, is_preview
from sandbox.durable.runtime_identity import RuntimeIdentity
from sandbox.durable.sessions import DefaultSession, SessionMethods
from sandbox.durable.settings import Settings
from sandbox.durable.socket_control import SocketControl
from sandbox.durable.startup import Startup

#: By this label an engine knows that a container is a sandbox, and brings the server that listens inside.
_SERVER_LABEL = {"sandbox-server": "1"}
_PROXY_PATH = re.compile(r"/proxy/(\d+)(?:/|$)", re.ASCII)


class Sandbox(
    CommandMethods,
    ProcessMethods,
    FileMethods,
    SessionMethods,
    PortMethods,
    InterpreterMethods,
    BackupMethods,
    BucketMethods,
    Container,
    both_names=True,
):
    """A sandbox: a container, and the server inside it that runs commands and keeps files.

    Export it from your Worker (`from sandbox import Sandbox`), name it in the configuration's
    `durable_objects` and `containers`, and use it through `get_sandbox`. A subclass may add methods and
    hooks; call `super()` in the hooks.
    """

    default_port = CONTROL_PORT

    def __init__(self, ctx: Any, env: Any) -> None:
        super().__init__(ctx, env)
        storage = self.ctx.storage
        self.settings = Settings(storage, self.env)
        self._by_http = Control(self.container_fetch, lambda: self.settings.retry_s)
        self._by_socket = SocketControl(
            self.container_fetch,
            lambda: self.settings.retry_s,
            lambda: bool(self.ctx.container.running),
        )
        self.default_session = DefaultSession(self)
        self.runtime = RuntimeIdentity(self)
        self.port_book = PortBook(storage)
        self.code_contexts: dict[str, Record] = {}
        self.mounts: dict[str, BucketSync] = {}
        self.backup_turn = asyncio.Lock()
        self._startup = Startup(self)
        self._destroying: asyncio.Future[None] | None = None
        self.labels = {**self.labels, **_SERVER_LABEL}
        self.ctx.blockConcurrencyWhile(self._restore)

    async def _restore(self) -> None:
        await self.settings.load()
        await self.default_session.load()
        if self.settings.sleep_after is not None:
            self.sleep_after = self.settings.sleep_after
        if self.settings.labels is not None:
            self.labels = {**self.settings.labels, **_SERVER_LABEL}
        self.renew_activity_timeout()

    @property
    def control(self) -> Control:
        """The server inside, by the transport that was chosen (`rpc` goes by HTTP)."""
        return self._by_socket if self.settings.transport == "websocket" else self._by_http

    # -- options

    async def configure(self, configuration: Any) -> None:
        """Take the options of `get_sandbox`."""
        given = dict(configuration)
        if (name := given.get("sandboxName")) is not None:
            await self.set_sandbox_name(name["name"], name.get("normalizeId"))
        for option, take in (
            ("sleepAfter", self.set_sleep_after),
            ("keepAlive", self.set_keep_alive),
            ("containerTimeouts", self.set_container_timeouts),
            ("transport", self.set_transport),
            ("labels", self.set_labels),
        ):
            if given.get(option) is not None:
                await take(given[option])

    async def set_sandbox_name(self, name: str, normalize_id: bool | None = None) -> None:
        await self.settings.keep_name(name, bool(normalize_id))

    async def set_sleep_after(self, sleep_after: str | float) -> None:
        if await self.settings.keep_sleep_after(sleep_after):
            self.sleep_after = sleep_after
            self.renew_activity_timeout()
            self._core.alarm.wake()

    async def set_keep_alive(self, keep_alive: bool) -> None:
        if await self.settings.keep("keep_alive", keep_alive) and not keep_alive:
            self.renew_activity_timeout()
            self._core.alarm.wake()

    async def set_container_timeouts(self, timeouts: Mapping[str, Any]) -> None:
        await self.settings.keep_timeouts(timeouts)

    async def set_transport(self, transport: str) -> None:
        if await self.settings.keep_transport(transport):
            self._by_socket.disconnect()

    async def set_labels(self, labels: Mapping[str, str]) -> None:
        if await self.settings.keep("labels", dict(labels)):
            self.labels = {**labels, **_SERVER_LABEL}
            if self.ctx.container.running:
                console.warn(
                    "Container labels updated while container is running; new labels apply on the next "
                    "container start"
                )

    async def get_container_placement_id(self) -> str | None:
        found: str | None = await self.ctx.storage.get("containerPlacementId")
        return found

    # -- requests

    async def fetch(self, request: Any) -> Any:
        """A preview, a WebSocket to the port of `switch_port`, or `/proxy/<port>/…`; else the server."""
        if is_preview(request):
            return await answer_preview(self, request)
        if (request.headers.get("upgrade") or "").lower() == "websocket":
            return await super().fetch(request)
        chosen = _PROXY_PATH.match(urlsplit(request.url).path)
        return await self.container_fetch(request, int(chosen[1]) if chosen else CONTROL_PORT)

    async def container_fetch(
        self, request: Any, init_or_port: Any = None, port: int | None = None, **init: Any
    ) -> Any:
        """As that of `Container`; a container that does not start is told in the words of the SDK."""
        chosen = init_or_port if isinstance(init_or_port, int) else port
        refusal = await self._startup.refusal(self.default_port if chosen is None else chosen)
        if refusal is not None:
            return refusal
        return await super().container_fetch(request, init_or_port, port, **init)

    # -- life

    async def on_start(self) -> None:
        await self.runtime.begin()

    async def on_stop(self, params: Any = None) -> None:
        self._by_socket.disconnect()
        self.code_contexts.clear()
        self._forget_mounts()
        await self.default_session.forget()
        await self.runtime.end()
        await self.port_book.end_run()

    async def on_activity_expired(self) -> None:
        if not self.settings.keep_alive:
            await super().on_activity_expired()

    async def stop(self, signal: Any = "SIGTERM") -> None:
        await self.runtime.end()
        await self.port_book.end_run()
        await super().stop(signal)

    async def destroy(self) -> None:
        """End the container. Calls at the same time share one end."""
        if self._destroying is None:
            self._destroying = asyncio.ensure_future(self._destroy())
            self._destroying.add_done_callback(self._destroyed)
        await asyncio.shield(self._destroying)

    async def _destroy(self) -> None:
        await self.port_book.forget()
        await self.runtime.end()
        await self._unmount_all()
        self._by_socket.disconnect()
        await super().destroy()

    async def _unmount_all(self) -> None:
        if not self.ctx.container.running:
            self._forget_mounts()
        for mount_path in list(self.mounts):
            try:
                await self.unmount_bucket(mount_path)
            except Exception as failure:
                console.warn(f"Failed to unmount {mount_path}:", repr(failure))

    def _destroyed(self, done: asyncio.Future[None]) -> None:
        self._destroying = None
        if not done.cancelled():
            done.exception()  # seen: those who waited got it
