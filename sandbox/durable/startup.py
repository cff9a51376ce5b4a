"""Starting the container ahead of a request, and what is answered when it does not start (spec section 7)."""

from __future__ import annotations

import asyncio
import json
from typing import TYPE_CHECKING, Any

from js import console
from workers import Response

from sandbox.container.errors import is_lost, is_no_instance, text_of
from sandbox.errors.base import iso_now

if TYPE_CHECKING:
    from sandbox.durable.sandbox import Sandbox

_PASSING = (
    *("container port not found", "connection refused: container port", "the container is not listening"),
    *("failed to verify port", "container did not start", "network connection lost"),
    *("container suddenly disconnected", "monitor failed to find container", "container exited with"),
    *("container exited before we could determine", "timed out", "timeout", "rate limit"),
)
_PERMANENT = (
    "unable to pull",
    "no such image",
    "image not found",
    "does not exist",
    "does not build",
    "invalid image",
    "permission denied",
    "unauthorized",
)
_STARTING = "Container is starting. Please retry in a moment."
_BROKEN = "Container failed to start due to a permanent error. Check your container configuration."


class Startup:
    """Starts the container of one sandbox; all who ask meanwhile share the start."""

    def __init__(self, owner: Sandbox) -> None:
        self._owner = owner
        self._starting: asyncio.Future[None] | None = None

    async def refusal(self, port: int) -> Any:
        """None once the container runs and a port of it answers; else the Response that says why not."""
        state = await self._owner.get_state()
        if self._owner.ctx.container.running and state["status"] == "healthy":
            return None
        try:
            await self._shared(port)
        except Exception as failure:
            return _refusal(failure)
        return None

    async def _shared(self, port: int) -> None:
        if self._starting is None:
            self._starting = asyncio.ensure_future(self._start(port))
            self._starting.add_done_callback(self._started)
        await asyncio.shield(self._starting)

    def _started(self, done: asyncio.Future[None]) -> None:
        self._starting = None
        if not done.cancelled():
            done.exception()  # seen: those who waited got it

    async def _start(self, port: int) -> None:
        waits = self._owner.settings.timeouts_ms
        await self._owner.start_and_wait_for_ports(
            port,
            {
                "instance_get_timeout_ms": waits["instanceGetTimeoutMS"],
                "port_ready_timeout_ms": waits["portReadyTimeoutMS"],
                "wait_interval": waits["waitIntervalMS"],
            },
        )


def _refusal(failure: Exception) -> Any:
    text = text_of(failure)
    if is_no_instance(failure):
        full = "maximum number of running" in text.lower()
        reason = "max_container_instances_exceeded" if full else "no_container_instance_available"
        context = {"reason": reason, "retryable": True, "originalMessage": text}
        suggestion = (
            "The sandbox container is temporarily unavailable. Retry the same operation — it will succeed "
            "once the container is ready."
        )
        return _error(503, "CONTAINER_UNAVAILABLE", text, context, suggestion, retry_after_s=10)
    context = {"phase": "startup", "error": text}
    if _says(text, _PERMANENT):
        console.error("Permanent container startup error, returning 500:", repr(failure))
        suggestion = (
            "This error will not resolve with retries. Check container logs, image name, and resource limits."
        )
        return _error(500, "INTERNAL_ERROR", _BROKEN, context, suggestion)
    if is_lost(failure) or _says(text, _PASSING):
        suggestion = "The container is booting. The SDK will retry automatically."
        return _error(503, "INTERNAL_ERROR", _STARTING, context, suggestion, retry_after_s=3)
    console.warn("Container did not start:", repr(failure))
    suggestion = "The SDK will retry automatically. If this persists, the container may need redeployment."
    return _error(503, "INTERNAL_ERROR", _STARTING, context, suggestion, retry_after_s=5)


def _says(text: str, parts: tuple[str, ...]) -> bool:
    lower = text.lower()
    return any(part in lower for part in parts)


def _error(
    status: int,
    code: str,
    message: str,
    context: dict[str, Any],
    suggestion: str,
    *,
    retry_after_s: int | None = None,
) -> Any:
    body = {
        "code": code,
        "message": message,
        "context": context,
        "httpStatus": status,
        "timestamp": iso_now(),
        "suggestion": suggestion,
    }
    headers = {"Content-Type": "application/json"}
    if retry_after_s is not None:
        headers["Retry-After"] = str(retry_after_s)
    return Response(json.dumps(body), status=status, headers=headers)
