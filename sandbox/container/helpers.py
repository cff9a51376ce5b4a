"""Which container a request goes to, and to which of its ports (spec section 3.7)."""

from __future__ import annotations

from typing import Any

from js import Headers, Math
from js import Request as JsRequest
from workers import Request

#: The header that carries the port from `switch_port` to `Container.fetch`.
PORT_HEADER = "cf-container-target-port"
_SINGLETON = "cf-singleton-container"


def get_container(binding: Any, name: str = _SINGLETON) -> Any:
    """The container object of that name: a stub with `fetch` and the methods of its class. `binding` is
    the Durable Object namespace (`env.MY_CONTAINER`)."""
    return binding.get(binding.idFromName(name))


async def get_random(binding: Any, instances: int = 3) -> Any:
    """One of `instances` containers, named `instance-0` and so on, by chance."""
    number = int(Math.random() * instances)
    return binding.get(binding.idFromName(f"instance-{number}"))


def switch_port(request: Any, port: int) -> Any:
    """The request, for a port of the container other than its `default_port`."""
    original = getattr(request, "js_object", request)
    headers = Headers.new(original.headers)
    headers.set(PORT_HEADER, str(port))
    return Request(JsRequest.new(original, headers=headers))
