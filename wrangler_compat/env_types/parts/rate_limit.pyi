from typing import Protocol

class RateLimitOutcome(Protocol):
    """Whether the call is within the limit."""

    success: bool

class RateLimit(Protocol):
    """Counts calls, a key for itself."""

    async def limit(self, *, key: str) -> RateLimitOutcome: ...
