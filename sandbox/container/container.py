"""`Container`: a Durable Object that owns a container.

It is the class of Cloudflare's JavaScript package in Python. Members have Python's names and JavaScript's
(`default_port`, `defaultPort`); a subclass may define either.

Source: spec sandbox-and-containers.md section 3.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import workers
from js import console
from workers import DurableObject

from sandbox.container.both_names import follow_names, methods_of, name_both
from sandbox.container.core import Core
from sandbox.container.duration import seconds_of
from sandbox.container.errors import ContainerError
from sandbox.container.patience import (
    INSTANCE_TIMEOUT_MS,
    INTERVAL_MS,
    PORT_TIMEOUT_MS,
    Patience,
)
from sandbox.container.proxying import failed_start, js_request, proxy, target_port
from sandbox.container.routing import CLASSES
from sandbox.container.values import Record, call_back, options_of

if not hasattr(workers, "wait_until"):
    # The SDK that is built into older runtimes hands out JavaScript's own storage.
    raise ImportError(
        "sandbox needs the package workers-runtime-sdk: set a compatibility_date of 2026-04-21 or later, or "
        "the flag enable_python_external_sdk"
    )

_NOT_ENABLED = (
    "Containers have not been enabled for this Durable Object class. Have you correctly setup your Wrangler "
    "config? More info: https://developers.cloudflare.com/containers/get-started/#configuration"
)
_NO_PORT = "No port specified for container fetch. Set defaultPort or specify a port parameter."
_SIGNALS = {"SIGINT": 2, "SIGKILL": 9, "SIGTERM": 15}
#: Looked at when a class names no port, to see whether the container is up at all.
_SOME_PORT = 33
_FIELDS = (
    *("default_port", "required_ports", "sleep_after", "env_vars", "entrypoint", "enable_internet", "labels"),
    *("ping_endpoint", "intercept_https", "allowed_hosts", "denied_hosts"),
)
_CONSTRUCTOR = ("default_port", "sleep_after", "env_vars", "entrypoint", "enable_internet")
_START = ("env_vars", "entrypoint", "enable_internet", "labels")
_WAIT = ("port_to_check", "signal", "retries", "wait_interval")
_CANCELLATION = ("abort", "instance_get_timeout_ms", "port_ready_timeout_ms", "wait_interval")


class Container(DurableObject):
    """A container and the object that starts it, sends requests to it, and puts it to sleep.

    Never override `alarm`: it runs what was scheduled, looks for idleness, and keeps the object in memory.
    """

    #: The port of `fetch` and `container_fetch`.
    default_port: int | None = None
    #: The ports that `start_and_wait_for_ports` waits for.
    required_ports: Sequence[int] | None = None
    #: How long without activity until the container is stopped: seconds, or "30s", "10m", "2h".
    sleep_after: str | float = "10m"
    env_vars: Mapping[str, str] = {}
    #: Replaces the image's own.
    entrypoint: Sequence[str] | None = None
    enable_internet: bool = True
    labels: Mapping[str, str] = {}
    #: Host and path of the request that sees whether a port answers.
    ping_endpoint: str = "ping"
    intercept_https: bool = False
    allowed_hosts: Sequence[str] | None = None
    denied_hosts: Sequence[str] | None = None

    def __init_subclass__(cls, *, both_names: bool = False, **options: Any) -> None:
        """`both_names` gives the class's own public methods their second names, too."""
        super().__init_subclass__(**options)
        follow_names(cls, Container, _FIELDS, _METHODS)
        if both_names:
            name_both(cls, (), methods_of(cls))
        CLASSES[cls.__name__] = cls

    def __init__(self, ctx: Any, env: Any, options: Any = None, **keywords: Any) -> None:
        """`options` are fields. Raises ContainerError when the class has no container in the config."""
        super().__init__(ctx, env)
        if self.ctx.container is None:
            raise ContainerError(_NOT_ENABLED)
        self.env_vars = dict(self.env_vars)
        self.labels = dict(self.labels)
        for name, value in options_of(options, keywords, _CONSTRUCTOR).items():
            setattr(self, name, value)
        self._core = Core(self)
        self.ctx.blockConcurrencyWhile(self._core.begin)
        if self._core.running:
            self._core.launch.watch()
            self._core.launch.follow()

    async def get_state(self) -> Record:
        """`status` (stopped, running, healthy, stopping, stopped_with_code), `lastChange` in milliseconds
        since the epoch, and `exitCode` after an exit."""
        return await self._core.state.shown()

    # -- starting

    async def start(self, start_options: Any = None, wait_options: Any = None, **keywords: Any) -> None:
        """Start the container unless it runs, wait until it does (not for its ports), then call `on_start`.

        Start options: `env_vars`, `entrypoint`, `enable_internet`, `labels`, each in the place of the field.
        Wait options: `port_to_check`, `signal` (an AbortSignal), `retries`, `wait_interval` in milliseconds.
        Raises ContainerError, or what the runtime says.
        """
        options = options_of(start_options, keywords, (*_START, *_WAIT))
        options |= options_of(wait_options, {}, _WAIT)
        port = options.get("port_to_check") or self._ports(None)[0]
        interval_ms = options.get("wait_interval", INTERVAL_MS)
        patience = Patience.of(INSTANCE_TIMEOUT_MS, interval_ms, options.get("signal"))
        if "retries" in options:
            patience = Patience(options["retries"], interval_ms, options.get("signal"))
        await self._core.launch.ensure_started(port, patience, options)
        self._core.launch.follow()
        await self.ctx.blockConcurrencyWhile(self._call_on_start)

    async def start_and_wait_for_ports(
        self, ports: Any = None, cancellation_options: Any = None, start_options: Any = None, **keywords: Any
    ) -> None:
        """Start the container unless it runs, wait for its ports, then call `on_start`.

        `ports` is one or several (default: `required_ports`, else `default_port`), or an object with
        `ports`, `cancellation_options` and `start_options`. Cancellation options: `abort` (an AbortSignal),
        `instance_get_timeout_ms` (8000), `port_ready_timeout_ms` (20000), `wait_interval` (300, in
        milliseconds). Raises ContainerError, or what the runtime says.
        """
        if ports is not None and not isinstance(ports, (int, list, tuple)):
            parts = options_of(ports, {}, ("ports", "cancellation_options", "start_options"))
            cancellation_options = parts.get("cancellation_options", cancellation_options)
            start_options = parts.get("start_options", start_options)
            ports = parts.get("ports")
        options = options_of(start_options, keywords, (*_START, *_CANCELLATION))
        options |= options_of(cancellation_options, {}, _CANCELLATION)
        interval_ms = options.get("wait_interval", INTERVAL_MS)
        signal = options.get("abort")
        checked = self._ports(ports)
        await self._core.alarm.tell_of_end(at_once=True)
        instance = Patience.of(
            options.get("instance_get_timeout_ms", INSTANCE_TIMEOUT_MS), interval_ms, signal
        )
        used = await self._core.launch.ensure_started(checked[0], instance, options)
        ready = Patience.of(options.get("port_ready_timeout_ms", PORT_TIMEOUT_MS), interval_ms, signal)
        for port in checked:
            await self._core.launch.wait_for_port(port, Patience(ready.tries - used, interval_ms, signal))
        self._core.launch.follow()
        await self.ctx.blockConcurrencyWhile(self._healthy)

    async def wait_for_port(self, wait_options: Any = None, **keywords: Any) -> int:
        """Look until something answers at `port_to_check`, whatever it answers. Options: `signal`, `retries`,
        `wait_interval` in milliseconds. Returns the number of looks allowed. Raises ContainerError."""
        options = options_of(wait_options, keywords, _WAIT)
        interval_ms = options.get("wait_interval", INTERVAL_MS)
        patience = Patience.of(PORT_TIMEOUT_MS, interval_ms, options.get("signal"))
        if "retries" in options:
            patience = Patience(options["retries"], interval_ms, options.get("signal"))
        return await self._core.launch.wait_for_port(options["port_to_check"], patience)

    async def _call_on_start(self) -> None:
        await call_back(self.on_start)

    async def _healthy(self) -> None:
        await self._core.state.set("healthy")
        await call_back(self.on_start)

    def _ports(self, given: Any) -> list[int]:
        if given is not None:
            return [given] if isinstance(given, int) else list(given)
        return list(self.required_ports or ()) or [self.default_port or _SOME_PORT]

    # -- ending

    async def stop(self, signal: Any = "SIGTERM") -> None:
        """Send the container a signal: SIGINT, SIGTERM, SIGKILL, or a number. Does nothing when it does not
        run. Raises JsException `Invalid signal number.`"""
        if self._core.running:
            self._core.container.signal(_SIGNALS.get(signal, 0) if isinstance(signal, str) else signal)
            await self._core.state.set("stopping")
        await self._core.alarm.tell_of_end()

    async def destroy(self) -> None:
        """Kill the container, and wait until it has ended."""
        await self._core.container.destroy()

    def renew_activity_timeout(self) -> None:
        """There is activity: `sleep_after` begins anew. Raises ContainerError for a wrong `sleep_after`."""
        self._core.activity.wait(seconds_of(self.sleep_after))

    # -- hooks

    def on_start(self) -> Any:
        """Called when the container has started, possibly more than once. May be a coroutine function."""

    def on_stop(self, params: Any) -> Any:
        """Called when the container has ended, with `exit_code` and `reason` (exit or runtime_signal)."""

    def on_error(self, failure: Any) -> Any:
        """Called with what went wrong. By default it is logged and raised."""
        console.error("Container error:", repr(failure))
        raise failure

    async def on_activity_expired(self) -> None:
        """Called when `sleep_after` has passed without activity. By default the container is stopped."""
        console.log("Activity expired, signalling container to stop")
        if self._core.running:
            await self.stop()

    # -- requests

    async def fetch(self, request: Any) -> Any:
        """Pass a request on to the container: to the port of `switch_port`, else to `default_port`."""
        return await self.container_fetch(request, target_port(request, self.default_port))

    async def container_fetch(
        self, request: Any, init_or_port: Any = None, port: int | None = None, **init: Any
    ) -> Any:
        """Send a request to the container, which is started if it does not run.

        `request` is a Request or a URL; `init` (also as keywords) is for a URL, `port` is `default_port`
        unless given, also as second argument. What goes wrong with the container becomes a response with
        429, 500 or 503. Raises ContainerError without a port.
        """
        if isinstance(init_or_port, int):
            port = init_or_port
        elif init_or_port is not None:
            init = {**dict(init_or_port), **init}
        original = js_request(request, init)
        port = self.default_port if port is None else port
        if port is None:
            raise ContainerError(_NO_PORT)
        state = await self._core.state.get()
        if not self._core.running or state["status"] != "healthy":
            try:
                await self.start_and_wait_for_ports(port, {"abort": original.signal})
            except Exception as failure:
                return failed_start(failure)
        return await proxy(self._core.container.getTcpPort(port), original, self._core.activity)

    # -- later

    async def alarm(self, info: Any = None) -> None:
        """Not to be overridden."""
        await self._core.alarm.ring(info)

    async def schedule(self, when: Any, callback: str, payload: Any = None) -> Record:
        """Call the method named `callback` with `payload` at a time (a datetime) or after some seconds.
        Returns `taskId`, `callback`, `payload`, `type`, `time`, and `delayInSeconds`. Raises
        ContainerError."""
        if not isinstance(callback, str):
            raise ContainerError("Callback must be a string (method name)")
        if not callable(getattr(self, callback, None)):
            raise ContainerError(f"this.{callback} is not a function")
        task = self._core.schedules.add(when, callback, payload)
        await self.schedule_next_alarm()
        return task

    async def list_schedules(self, name: str) -> list[Record]:
        """What is scheduled for a method; one task at most, as in the JavaScript class."""
        return self._core.schedules.of(name)

    async def get_schedule(self, task_id: str) -> Record | None:
        return self._core.schedules.get(task_id)

    def delete_schedules(self, name: str) -> None:
        """Forget what is scheduled for a method."""
        self._core.schedules.remove_all(name)

    async def schedule_next_alarm(self, delay_ms: float = 1000) -> None:
        """Look after tasks and idleness in `delay_ms` milliseconds."""
        await self._core.alarm.set(delay_ms)

    # -- what the container may reach

    async def set_outbound_handler(self, method: str, params: Any = None) -> None:
        """Let a handler of `outbound_handlers` answer what the container sends out, with `params`."""
        await self._core.outbound.set_handler(method, params)

    async def set_outbound_by_host(self, host: str, method: str, params: Any = None) -> None:
        """Let a handler of `outbound_handlers` answer what the container sends to a host."""
        await self._core.outbound.set_by_host(host, method, params)

    async def set_outbound_by_hosts(self, handlers: Mapping[str, Any]) -> None:
        """Replace the handlers of all hosts: names, or `{"method": name, "params": …}`."""
        await self._core.outbound.set_by_hosts(handlers)

    async def remove_outbound_by_host(self, host: str) -> None:
        await self._core.outbound.remove_by_host(host)

    async def set_allowed_hosts(self, hosts: list[str]) -> None:
        """Only these hosts are reached, whatever `enable_internet` says."""
        await self._core.outbound.set_hosts("allowed_hosts", hosts)

    async def set_denied_hosts(self, hosts: list[str]) -> None:
        """These hosts are never reached."""
        await self._core.outbound.set_hosts("denied_hosts", hosts)

    async def allow_host(self, host: str) -> None:
        await self._core.outbound.add_host("allowed_hosts", host)

    async def deny_host(self, host: str) -> None:
        await self._core.outbound.add_host("denied_hosts", host)

    async def remove_allowed_host(self, host: str) -> None:
        await self._core.outbound.remove_host("allowed_hosts", host)

    async def remove_denied_host(self, host: str) -> None:
        await self._core.outbound.remove_host("denied_hosts", host)


_METHODS = [name for name in methods_of(Container) if "_" in name]
name_both(Container, _FIELDS, _METHODS)
