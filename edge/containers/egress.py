"""Requests of a container's programs to the outside, and who answers them in its place."""

from __future__ import annotations

from typing import Any

from edge.http.request import Request
from edge.http.response import Response
from edge.http.subrequests import allowance

ALL = "*"


class Egress:
    """The interceptions of one container (`interceptOutboundHttp`): engines ask it before they connect."""

    def __init__(self) -> None:
        self._fetchers: dict[str, Any] = {}

    def intercept(self, address: str, fetcher: Any) -> None:
        """From now on `fetcher` answers plain HTTP to `address`: a host, perhaps with a port; `*` is all."""
        self._fetchers[address] = fetcher

    def takes(self, host: str, port: int) -> bool:
        """Whether a request to there is answered by a Worker."""
        return self._found(host, port) is not None

    async def answer(self, request: Request, host: str, port: int) -> Response | None:
        """The Worker's answer; None when nobody intercepts that address."""
        fetcher = self._found(host, port)
        if fetcher is None:
            return None
        allowance.set(None)  # what a program asks for is no subrequest of the event that started it
        response: Response = await fetcher.fetch(request)
        return response

    def _found(self, host: str, port: int) -> Any:
        for address in (f"{host}:{port}", host, ALL):
            if address in self._fetchers:
                return self._fetchers[address]
        return None
