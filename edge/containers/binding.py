"""`ctx.container`.

Source: spec sandbox-and-containers.md section 2.
"""

from __future__ import annotations

from typing import Any

from edge.containers.control import SIGKILL, Control, Delay
from edge.containers.exec import ExecProcess, start_program
from edge.containers.exec_options import ExecOptions, exec_command, exec_options
from edge.containers.options import absent, labels_of
from edge.containers.port import ContainerPort
from edge.containers.start_options import start_options
from edge.errors import UnsupportedError
from edge.http.host import current_host
from edge.js.errors import JsException, error, type_error
from edge.js.functions import js_method
from edge.js.objects import JsObject
from edge.js.promise import JsPromise
from edge.js.proxy import JsProxy, jsnull
from edge.js.webidl import to_int32, to_string, wrong_type
from edge.kernel.spans import span
from edge.kernel.tasks import before_output

_NAME = "Container"
_SIGNAL_MAX = 64
_PORT_MAX = 65535


class ContainerBinding(JsProxy, js_name=_NAME):
    """The container of the object that holds this."""

    __slots__ = ("_control", "_ports")

    def __init__(self, control: Control) -> None:
        self._control = control
        control.object_is_here()
        self._ports: dict[int, ContainerPort] = {}

    @property
    def running(self) -> bool:
        return self._control.running

    @js_method
    def start(self, options: Any = None) -> None:
        """Start; whether that goes well is seen by `monitor()`. Raises when one runs already."""
        self._control.start(start_options(options))

    @js_method
    def monitor(self) -> JsPromise:
        return JsPromise.start(self._control.monitor(), name="container.monitor")

    @js_method
    def destroy(self, reason: Any = None) -> JsPromise:
        failure = reason if isinstance(reason, JsException) else None
        if failure is None and not absent(reason):
            failure = error(to_string(reason))
        return JsPromise.start(self._control.destroy(failure), name="container.destroy")

    @js_method
    def signal(self, number: Any = None) -> None:
        signal = to_int32(number)
        if not 0 < signal <= _SIGNAL_MAX:
            raise error("Invalid signal number.")
        if signal == SIGKILL and not self._control.running:
            return
        JsPromise.start(self._control.signal(signal), name="container.signal")

    @js_method
    def getTcpPort(self, port: Any = None) -> ContainerPort:
        number = to_int32(port)
        if not 0 < number <= _PORT_MAX:
            raise type_error("Invalid port number.")
        found = self._ports.get(number)
        if found is None:
            found = self._ports[number] = ContainerPort(self._control, number)
        return found

    @js_method
    def setInactivityTimeout(self, timeout_ms: Any = None) -> JsPromise:
        """End the container so long after its object was put away, unless that is called again before."""
        duration_ms = to_int32(timeout_ms)
        if duration_ms <= 0:
            raise type_error("setInactivityTimeout() cannot be called with a durationMs <= 0")
        self._control.inactivity = Delay(current_host.get().clock, duration_ms / 1000)
        return JsPromise.start(before_output(), name="container.setInactivityTimeout")

    @js_method
    def exec(self, command: Any = None, options: Any = None) -> JsPromise:
        """Start a program in the container."""
        try:
            self._require_running("exec")
            argv, given = exec_command(command), exec_options(options)
        except JsException as refusal:
            return JsPromise.rejected(refusal)
        return JsPromise.start(self._exec(argv, given), name="container.exec")

    async def _exec(self, command: tuple[str, ...], options: ExecOptions) -> ExecProcess:
        await before_output()
        with span("container.exec", program=command[0]):
            return await start_program(await self._control.instance(), command, options)

    @js_method
    def inspect(self) -> JsPromise:
        """What is known of the container that runs; null when none does."""
        if not self._control.running:
            return JsPromise.resolved(jsnull)
        labels = JsObject(dict(self._control.labels))
        return JsPromise.resolved(JsObject({"labels": labels, "image": self._control.image}))

    @js_method
    def setLabels(self, labels: Any = None) -> JsPromise:
        """Replace the labels."""
        try:
            self._require_running("setLabels")
            self._control.labels = labels_of(labels)
        except JsException as refusal:
            return JsPromise.rejected(refusal)
        return JsPromise.start(before_output(), name="container.setLabels")

    def _require_running(self, method: str) -> None:
        if not self._control.running:
            raise error(f"{method}() cannot be called on a container that is not running.")

    def _leaves(self) -> None:
        """The object is put away."""
        self._control.object_leaves()

    @js_method
    def interceptOutboundHttp(self, address: Any = None, fetcher: Any = None) -> JsPromise:
        return self._intercept(to_string(address), fetcher, "interceptOutboundHttp")

    @js_method
    def interceptAllOutboundHttp(self, fetcher: Any = None) -> JsPromise:
        return self._intercept("*", fetcher, "interceptAllOutboundHttp")

    @js_method
    def interceptOutboundHttps(self, address: Any = None, fetcher: Any = None) -> JsPromise:
        return self._intercept(to_string(address), fetcher, "interceptOutboundHttps", "https")

    def _intercept(self, address: str, fetcher: Any, method: str, scheme: str = "http") -> JsPromise:
        if not hasattr(fetcher, "fetch"):
            raise wrong_type(method, _NAME, 1 if method == "interceptAllOutboundHttp" else 2, "Fetcher")
        self._control.egress.intercept(address, fetcher, scheme)
        return JsPromise.start(before_output(), name=f"container.{method}")

    def __getattr__(self, name: str) -> Any:
        if name in _UNSUPPORTED:
            raise UnsupportedError(f"ctx.container.{name}() is not emulated (docs/limitations.md)")
        raise AttributeError(name)


_UNSUPPORTED = frozenset({"interceptOutboundTcp", "snapshotDirectory", "snapshotContainer"})
