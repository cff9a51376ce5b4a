from collections.abc import Awaitable, Callable
from typing import Any, Protocol

from workers import Response

class Fetcher(Protocol):
    """Answers requests: another Worker, a Durable Object, static files."""

    async def fetch(self, resource: Any, /, **options: Any) -> Response: ...

class AnyFetcher(Fetcher, Protocol):
    """A Worker whose methods are not known."""

    def __getattr__(self, name: str, /) -> Callable[..., Awaitable[Any]]: ...
