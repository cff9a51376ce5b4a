"""A port of a container: `getTcpPort(port)`.

Source: spec sandbox-and-containers.md section 2.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from edge.containers.control import Control
from edge.containers.engine import Connection, ContainerGone, Instance, NotListening
from edge.containers.logic.lifecycle import NOT_LISTENING
from edge.containers.tcp_socket import TcpSocket
from edge.http.fetch import abortable
from edge.http.httpx_transport import connection_lost
from edge.http.request import Request
from edge.http.response import Response
from edge.http.subrequests import spend
from edge.js.errors import error, type_error
from edge.js.objects import get_property
from edge.js.promise import JsPromise
from edge.js.webidl import to_string, wrong_type
from edge.kernel.spans import span
from edge.kernel.tasks import before_output, spawn_outside
from edge.worker.fetcher import Fetcher

if TYPE_CHECKING:
    from collections.abc import Sequence

    from edge.containers.carrier import PortTransport


#: As the platform spells it.
_NO_TLS = (
    "Connencting to a container using TLS is not currently supported. It is unnecessary anyway, as the "
    "connection is already secure by default."
)


class ContainerPort(Fetcher, js_name="Fetcher"):
    """Carries requests and WebSockets to what listens on a port."""

    __slots__ = ("_control", "_port", "_transport", "_via")

    def __init__(self, control: Control, port: int) -> None:
        self._control = control
        self._port = port
        self._via: Instance | None = None
        self._transport: PortTransport | None = None

    def connect(self, *args: Any) -> Any:
        """A TCP connection to the port, whatever address is named."""
        if not args:
            raise wrong_type("connect", "Fetcher", 1, "SocketAddress or string")
        if to_string(get_property(args[1] if len(args) > 1 else None, "secureTransport", "off")) == "on":
            raise error(_NO_TLS)
        spend()
        return TcpSocket(self._connected(), f"10.0.0.1:{self._port}")

    async def _connected(self) -> Connection:
        instance = await self._control.instance()
        try:
            return await instance.connect(self._port)
        except NotListening:
            raise error(NOT_LISTENING.format(port=self._port)) from None
        except (ContainerGone, OSError):
            raise connection_lost() from None

    def _start_fetch(self, request: Request) -> JsPromise:
        if not request.url.startswith("http:"):
            return JsPromise.rejected(
                type_error(
                    "Connecting to a container using HTTPS is not currently supported; use HTTP instead. "
                    "TLS is unnecessary anyway, as the connection is already secure by default."
                )
            )
        return JsPromise.start(self._fetch_from(request), name=f"container.fetch {request.url}")

    async def _fetch(self, request: Request) -> Response:
        await before_output()
        with span("container.fetch", port=self._port, method=request.method, url=request.url) as traced:
            # Outside of the object: what answers in the container must not wait for the object's gates.
            task = spawn_outside(self._deliver(request), name="container.fetch")
            waiting = task if request._signal is None else abortable(task, request._signal)
            response = await waiting
            traced.tag(status=response.status)
        return response

    async def _rpc(self, method: str, args: Sequence[Any]) -> Any:
        raise type_error(f'The RPC receiver does not implement the method "{method}".')

    async def _deliver(self, request: Request) -> Response:
        instance = await self._control.instance()
        try:
            service = instance.service(self._port)
            if service is not None:
                return await service(request)
            return await self._carrier(instance).send(request)
        except NotListening:
            raise error(NOT_LISTENING.format(port=self._port)) from None
        except (ContainerGone, OSError):
            raise connection_lost() from None

    def _carrier(self, instance: Instance) -> PortTransport:
        if self._transport is None or self._via is not instance:
            from edge.containers.carrier import PortTransport

            if self._transport is not None:
                spawn_outside(self._transport.close(), name="container.close")
            self._transport, self._via = PortTransport(instance, self._port), instance
        return self._transport
