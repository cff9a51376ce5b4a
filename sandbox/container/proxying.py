"""A request to a port of the container, and what becomes of the answer (spec section 3.4)."""

from __future__ import annotations

import asyncio
import re
from typing import Any

from js import IdentityTransformStream, console
from js import Request as JsRequest
from js import Response as JsResponse
from workers import Request, Response

from sandbox.container.activity import Activity
from sandbox.container.bridge import bridge
from sandbox.container.errors import (
    ContainerError,
    is_lost,
    is_no_instance,
    is_rate_limited,
    text_of,
)
from sandbox.container.helpers import PORT_HEADER
from sandbox.container.values import is_absent, js_object

_BASE_URL = "http://container"
_HAS_SCHEME = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*:")
_NUMBER = re.compile(r"\s*([+-]?\d+)")
_NO_INSTANCE = (
    "There is no Container instance available at this time.\n"
    "This is likely because you have reached your max concurrent instance count (set in wrangler config) or "
    "are you currently provisioning the Container.\n"
    "If you are deploying your Container for the first time, check your dashboard to see provisioning "
    "status, this may take a few minutes."
)
_NO_PORT = (
    "No port configured for this container. Set the `defaultPort` in your Container subclass, or specify a "
    "port with `container.fetch(switchPort(request, port))`."
)


def js_request(request: Any, init: dict[str, Any]) -> Any:
    """JavaScript's request of a Request, or of a URL (a path is one of the container's) with `init`."""
    if hasattr(request, "js_object"):
        return request.js_object
    if not isinstance(request, str) and hasattr(request, "headers"):
        return request
    url = str(request)
    if not _HAS_SCHEME.match(url):
        url = _BASE_URL + ("" if url.startswith("/") else "/") + url
    return Request(url, **init).js_object


def target_port(request: Any, default_port: int | None) -> int:
    """The port that `switch_port` chose, or the default. Raises ContainerError."""
    chosen = request.js_object.headers.get(PORT_HEADER)
    if is_absent(chosen):
        if default_port is None:
            raise ContainerError(_NO_PORT)
        return default_port
    number = _NUMBER.match(chosen)
    if number is None:
        raise ContainerError("port value from switchPort is not a number")
    return int(number[1])


async def proxy(tcp_port: Any, request: Any, activity: Activity) -> Any:
    """Pass JavaScript's request on; while it is in flight, and its answer's body, there is activity."""
    activity.begin()
    try:
        # Only `http:` leads into a container.
        url = re.sub("^https:", "http:", request.url)
        answer = await tcp_port.fetch(request if url == request.url else JsRequest.new(url, request))
    except Exception as failure:
        activity.end()
        return failed_request(failure)
    if not is_absent(answer.webSocket):
        client = bridge(answer.webSocket, activity.renew, activity.end)
        init = {"status": answer.status, "webSocket": client, "headers": answer.headers}
        return Response(JsResponse.new(None, js_object(init)))
    if is_absent(answer.body):
        activity.end()
        return Response(answer)
    passage = IdentityTransformStream.new()
    # Begun here: a task of an object that is put away at once would never begin, and its reader wait.
    passing = answer.body.pipeTo(passage.writable)
    asyncio.ensure_future(_until_passed(passing, activity))
    return Response(JsResponse.new(passage.readable, answer))


async def _until_passed(passing: Any, activity: Activity) -> None:
    try:
        await passing
    except Exception as failure:
        # The reader has gone, or got this error with the stream.
        console.debug("A response of the container ended early:", repr(failure))
    finally:
        activity.end()


def failed_start(failure: Exception) -> Any:
    """The response when the container did not start."""
    if is_no_instance(failure):
        return Response(_NO_INSTANCE, status=503)
    if is_rate_limited(failure):
        return Response(text_of(failure), status=429)
    return Response(f"Failed to start container: {text_of(failure)}", status=500)


def failed_request(failure: Exception) -> Any:
    """The response when the container did not answer."""
    if is_lost(failure):
        return Response("Container suddenly disconnected, try again", status=500)
    console.error("Error proxying request to container:", repr(failure))
    return Response(f"Error proxying request to container: {text_of(failure)}", status=500)
