"""What a sandbox keeps of the options of `get_sandbox` (spec section 4)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from js import console

from sandbox.container.duration import seconds_of
from sandbox.errors import SandboxError

_TRANSPORTS = ("http", "websocket", "rpc")
#: For each timeout: its variable in the environment, its default and its limits, in milliseconds.
_TIMEOUTS = {
    "instanceGetTimeoutMS": ("SANDBOX_INSTANCE_TIMEOUT_MS", 30_000, 5_000, 300_000),
    "portReadyTimeoutMS": ("SANDBOX_PORT_TIMEOUT_MS", 90_000, 10_000, 600_000),
    "waitIntervalMS": ("SANDBOX_POLL_INTERVAL_MS", 300, 100, 5_000),
}
#: The keys of the JavaScript class, so that either can go on from what the other left.
_KEYS = {
    "name": "sandboxName",
    "normalize_id": "normalizeId",
    "sleep_after": "sleepAfter",
    "keep_alive": "keepAliveEnabled",
    "timeouts_ms": "containerTimeouts",
    "transport": "transport",
    "labels": "labels",
}


class Settings:
    """The options of one sandbox, in the storage of its object."""

    def __init__(self, storage: Any, env: Any) -> None:
        self._storage = storage
        self.name: str | None = None
        self.normalize_id = False
        self.sleep_after: str | float | None = None
        self.keep_alive = False
        self.timeouts_ms = {name: _from_env(env, name) for name in _TIMEOUTS}
        self.transport = _transport_from_env(env)
        self.labels: dict[str, str] | None = None

    async def load(self) -> None:
        stored = await self._storage.get(list(_KEYS.values()))
        for name, key in _KEYS.items():
            if stored.get(key) is not None:
                setattr(self, name, stored[key])

    async def keep(self, name: str, value: Any) -> bool:
        """Change a setting; whether it was another one before."""
        if getattr(self, name) == value:
            return False
        setattr(self, name, value)
        await self._storage.put(_KEYS[name], value)
        return True

    async def keep_name(self, name: str, normalize_id: bool) -> None:
        """The first name that a sandbox is given is its own."""
        if self.name is None:
            await self.keep("name", name)
            await self.keep("normalize_id", normalize_id)

    async def keep_timeouts(self, given: Mapping[str, Any]) -> None:
        """Raises SandboxError for one outside its limits."""
        known = {name: _checked_ms(name, given[name]) for name in _TIMEOUTS if given.get(name) is not None}
        await self.keep("timeouts_ms", {**self.timeouts_ms, **known})

    async def keep_transport(self, transport: str) -> bool:
        if transport in _TRANSPORTS:
            return await self.keep("transport", transport)
        console.warn(
            f'Invalid transport value: "{transport}". Must be "http", "websocket", or "rpc". Ignoring.'
        )
        return False

    async def keep_sleep_after(self, sleep_after: str | float) -> bool:
        """Raises ContainerError for what is no duration."""
        seconds_of(sleep_after)
        return await self.keep("sleep_after", sleep_after)

    @property
    def retry_s(self) -> float:
        """For how long a request is tried again while the container starts."""
        waits_ms = self.timeouts_ms["instanceGetTimeoutMS"] + self.timeouts_ms["portReadyTimeoutMS"]
        return max(120.0, (waits_ms + 30_000) / 1000)


def _checked_ms(name: str, value: Any) -> float:
    _, _, low, high = _TIMEOUTS[name]
    if isinstance(value, bool) or not isinstance(value, int | float) or not low <= value <= high:
        raise SandboxError(f"{name} must be between {low}-{high}ms, got {value}ms")
    return value


def _from_env(env: Any, name: str) -> float:
    variable, default, low, high = _TIMEOUTS[name]
    text = getattr(env, variable, None)
    if text is None:
        return default
    try:
        value = int(text)
    except (TypeError, ValueError):
        value = -1
    if low <= value <= high:
        return value
    console.warn(f"Invalid {variable}: {text}. Must be between {low}-{high}ms. Using default {default}ms.")
    return default


def _transport_from_env(env: Any) -> str:
    text = getattr(env, "SANDBOX_TRANSPORT", None)
    if text is None or text in _TRANSPORTS:
        return text or "http"
    console.warn(
        f'Invalid SANDBOX_TRANSPORT value: "{text}". Must be "http", "websocket", or "rpc". Using "http".'
    )
    return "http"
