"""Which path of the API goes where.

Source: spec sandbox-and-containers.md section 7.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from typing import Any

from edge.http.response import Response
from sandbox.server.call import Call
from sandbox.server.errors import ApiError

Handler = Callable[[Call], Awaitable[Response | dict[str, Any]]]


class Routes:
    """A table from "METHOD /path" to handlers; a segment `{id}` stands for any one segment."""

    def __init__(self, table: Mapping[str, Handler]) -> None:
        self._exact: dict[tuple[str, str], Handler] = {}
        self._named: list[tuple[str, list[str], Handler]] = []
        for route, handler in table.items():
            method, _, path = route.partition(" ")
            if "{id}" in path:
                self._named.append((method, path.split("/"), handler))
            else:
                self._exact[method, path] = handler

    def find(self, call: Call) -> Handler:
        """The handler of a call; what `{id}` stands for becomes `call.id`. Raises ApiError."""
        exact = self._exact.get((call.method, call.path))
        if exact is not None:
            return exact
        given = call.segments()
        for method, wanted, handler in self._named:
            if method == call.method and len(wanted) == len(given):
                pairs = list(zip(wanted, given, strict=True))
                if all(name in ("{id}", segment) for name, segment in pairs):
                    call.id = next(segment for name, segment in pairs if name == "{id}")
                    return handler
        raise _not_found(call)


def _not_found(call: Call) -> ApiError:
    error = ApiError("UNKNOWN_ERROR", f"Route not found: {call.method} {call.path}")
    error.http_status = 404
    return error
