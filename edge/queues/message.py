"""A message as it is kept."""

from __future__ import annotations

from dataclasses import dataclass, replace


@dataclass(frozen=True, slots=True)
class Message:
    """`content_type` is `json`, `text`, `bytes` or `v8` and says what `body` holds; `failed` counts the
    deliveries that came to nothing."""

    id: str
    timestamp_ms: int
    content_type: str
    body: bytes
    failed: int = 0

    def anew(self) -> Message:
        """The same message, not delivered yet."""
        return replace(self, failed=0)


@dataclass(frozen=True, slots=True)
class Kept:
    """A message with its number in the store."""

    number: int
    message: Message


@dataclass(frozen=True, slots=True)
class Metrics:
    """How many messages there are, how large their bodies are together, when the oldest was sent."""

    count: int
    size_bytes: int
    oldest_ms: int | None
