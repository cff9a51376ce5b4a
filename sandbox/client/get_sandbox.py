"""`get_sandbox`: which object, and with which options (spec section 4)."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Mapping
from typing import Any
from weakref import WeakKeyDictionary

from js import console

from sandbox.client.sandbox_client import SandboxClient
from sandbox.client.security import checked_id
from sandbox.container.helpers import get_container
from sandbox.container.names import camel_case
from sandbox.container.values import options_of

_OPTIONS = (
    *("sleep_after", "keep_alive", "normalize_id", "enable_default_session", "transport"),
    *("container_timeouts", "labels"),
)
#: What the object keeps, by the names under which it takes them.
_KEPT = ("sleep_after", "keep_alive", "transport", "labels", "container_timeouts")
_TIMEOUTS = {
    "instance_get_timeout_ms": "instanceGetTimeoutMS",
    "port_ready_timeout_ms": "portReadyTimeoutMS",
    "wait_interval_ms": "waitIntervalMS",
}
#: For each namespace what its objects have been told already, so that it is not told again.
_told: WeakKeyDictionary[Any, dict[str, dict[str, Any]]] = WeakKeyDictionary()


def get_sandbox(namespace: Any, sandbox_id: str, options: Any = None, **keywords: Any) -> SandboxClient:
    """The sandbox of that id; nothing starts until it is used.

    `namespace` is the Durable Object namespace (`env.Sandbox`). Options: `sleep_after` ("10m", or seconds),
    `keep_alive` (it never sleeps), `normalize_id` (lower case, which preview URLs need),
    `enable_default_session` (False: each call is on its own, without a session), `transport` (http,
    websocket, rpc), `container_timeouts` (`instance_get_timeout_ms`, `port_ready_timeout_ms`,
    `wait_interval_ms`), `labels`. The object keeps them; they are sent ahead of the first
    call, which does not wait for them.
    Raises SandboxSecurityError for an id that is not allowed.
    """
    chosen = options_of(options, keywords, _OPTIONS)
    effective_id = _effective_id(checked_id(sandbox_id), bool(chosen.get("normalize_id")))
    stub = get_container(namespace, effective_id)
    _configure(namespace, stub, effective_id, chosen)
    default_session = chosen.get("enable_default_session") is not False
    return SandboxClient(stub, effective_id, default_session=default_session)


def _effective_id(sandbox_id: str, normalize: bool) -> str:
    if normalize:
        return sandbox_id.lower()
    if re.search("[A-Z]", sandbox_id):
        console.warn(
            f'Sandbox ID "{sandbox_id}" contains uppercase letters, which causes issues with preview URLs '
            "(hostnames are case-insensitive). normalizeId will default to true in a future version to "
            "prevent this. Use lowercase IDs or pass { normalizeId: true } to prepare."
        )
    return sandbox_id


def _configure(namespace: Any, stub: Any, effective_id: str, chosen: Mapping[str, Any]) -> None:
    """Tell the object what it has not been told by this Worker before."""
    told = _told_to(namespace)
    before = told.get(effective_id, {})
    name = {"name": effective_id, "normalizeId": bool(chosen.get("normalize_id"))}
    wanted = {"sandboxName": name}
    for option in _KEPT:
        if option in chosen:
            value = chosen[option]
            wanted[camel_case(option)] = _timeouts(value) if option == "container_timeouts" else value
    news = {option: value for option, value in wanted.items() if before.get(option) != value}
    if not news:
        return
    told[effective_id] = {**before, **news}
    # Sent at once, so that it arrives before whatever the caller does next.
    sending = stub.configure(news)

    async def settle() -> None:
        try:
            await sending
        except Exception as failure:
            console.error(f"Sandbox {effective_id} did not take its options:", repr(failure))
            told[effective_id] = before

    asyncio.ensure_future(settle())


def _told_to(namespace: Any) -> dict[str, dict[str, Any]]:
    try:
        return _told.setdefault(namespace, {})
    except TypeError:  # of the older SDK, a bare proxy: there is nothing to remember it by
        return {}


def _timeouts(given: Any) -> dict[str, Any]:
    return {_TIMEOUTS[name]: value for name, value in options_of(given, {}, tuple(_TIMEOUTS)).items()}
