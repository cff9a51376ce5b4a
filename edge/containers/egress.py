"""Requests of a container's programs to the outside, and who answers them in its place."""

from __future__ import annotations

from typing import Any

from edge.http.request import Request
from edge.http.response import Response
from edge.http.subrequests import allowance

ALL = "*"


class Egress:
    """The interceptions of one container (`interceptOutboundHttp` and its like): engines ask it before they
    connect."""

    def __init__(self) -> None:
        self._fetchers: dict[str, dict[str, Any]] = {"http": {}, "https": {}}

    def intercept(self, address: str, fetcher: Any, scheme: str = "http") -> None:
        """From now on `fetcher` answers requests to `address`: a host, perhaps with a port; `*` is all."""
        self._fetchers[scheme][address] = fetcher

    @property
    def has_any(self) -> bool:
        """Whether anything is intercepted."""
        return any(self._fetchers.values())

    @property
    def has_https(self) -> bool:
        """Whether encrypted requests are, so that the container needs to know a certificate."""
        return bool(self._fetchers["https"])

    def takes(self, host: str, port: int, scheme: str = "http") -> bool:
        """Whether a request to there is answered by a Worker."""
        return self._found(host, port, scheme) is not None

    async def answer(self, request: Request, host: str, port: int, scheme: str = "http") -> Response | None:
        """The Worker's answer; None when nobody intercepts that address."""
        fetcher = self._found(host, port, scheme)
        if fetcher is None:
            return None
        allowance.set(None)  # what a program asks for is no subrequest of the event that started it
        response: Response = await fetcher.fetch(request)
        return response

    def _found(self, host: str, port: int, scheme: str) -> Any:
        known = self._fetchers[scheme]
        return next((known[name] for name in (f"{host}:{port}", host, ALL) if name in known), None)
