"""What a handler says about the messages of its batch, and what that comes to.

The first decision about a message stands; a later one that contradicts it has no effect and gives a warning.
What is said about the batch holds for the messages without a decision of their own. When the handler fails,
what was not acknowledged before is retried.

Sources: spec runtime.md section 11; Queues "JavaScript APIs" (MessageBatch, Message).
"""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Retry:
    """The message is to come again, after `delay_s` (None: after what the consumer is configured for)."""

    delay_s: int | None = None


@dataclass(slots=True)
class Decisions:
    """Of one batch, by message id. The methods give a warning, or None."""

    acked: set[str] = field(default_factory=set)
    retried: dict[str, int | None] = field(default_factory=dict)
    acked_all: bool = False
    retried_all: bool = False
    retry_all_delay_s: int | None = None

    def ack(self, message_id: str) -> str | None:
        if self.acked_all:
            return None
        if self.retried_all:
            return _no_effect("ack()", message_id, "retryAll()")
        if message_id in self.retried:
            return _no_effect("ack()", message_id, "retry()")
        self.acked.add(message_id)
        return None

    def retry(self, message_id: str, delay_s: int | None) -> str | None:
        """A second call may change the delay."""
        if self.acked_all:
            return _no_effect("retry()", message_id, "ackAll()")
        if message_id in self.acked:
            return _no_effect("retry()", message_id, "ack()")
        before_s = self.retried.get(message_id)
        self.retried[message_id] = before_s if delay_s is None else delay_s
        return None

    def ack_all(self) -> str | None:
        if self.retried_all:
            return _no_effect_on_all("ackAll()", "retryAll()")
        self.acked_all = True
        return None

    def retry_all(self, delay_s: int | None) -> str | None:
        if self.acked_all:
            return _no_effect_on_all("retryAll()", "ackAll()")
        self.retried_all = True
        if delay_s is not None:
            self.retry_all_delay_s = delay_s
        return None

    def of(self, message_id: str, *, succeeded: bool) -> Retry | None:
        """What is to become of a message once its handler has ended; None: it is done with."""
        if message_id in self.acked:
            return None
        if message_id in self.retried:
            delay_s = self.retried[message_id]
            return Retry(self.retry_all_delay_s if delay_s is None else delay_s)
        if self.acked_all:
            return None
        if self.retried_all or not succeeded:
            return Retry(self.retry_all_delay_s)
        return None


def _no_effect(call: str, message_id: str, before: str) -> str:
    return (
        f"Received a call to {call} on message {message_id} after {before} was already called. "
        f"Calling {call} on a message after calling {before} has no effect."
    )


def _no_effect_on_all(call: str, before: str) -> str:
    return (
        f"Received a call to {call} after {before} was already called. "
        f"Calling {call} after calling {before} has no effect."
    )
