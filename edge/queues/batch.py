"""The batch that a handler gets, and its messages, as JavaScript sees them.

Source: spec runtime.md section 11; Queues "JavaScript APIs" (MessageBatch, Message).
"""

from __future__ import annotations

import logging
from collections.abc import Sequence
from typing import Any

from edge.js.arrays import JsArray
from edge.js.dates import JsDate
from edge.js.functions import js_method
from edge.js.objects import JsObject
from edge.js.proxy import JsProxy
from edge.queues.binding import metrics_object, read_delay
from edge.queues.body import from_bytes
from edge.queues.logic.decisions import Decisions
from edge.queues.message import Message, Metrics

_log = logging.getLogger("edge.queues")


class QueueMessage(JsProxy, js_name="QueueMessage"):
    """One message of a batch."""

    __slots__ = ("_decisions", "attempts", "body", "id", "timestamp")

    def __init__(self, message: Message, decisions: Decisions) -> None:
        self._decisions = decisions
        self.id = message.id
        self.timestamp = JsDate(message.timestamp_ms)
        self.body = from_bytes(message.body, message.content_type)
        #: How often it has been delivered, this time included.
        self.attempts = message.failed + 1

    @js_method
    def ack(self, *_: Any) -> None:
        """The message is done with, also when the handler fails later."""
        _warn(self._decisions.ack(self.id))

    @js_method
    def retry(self, options: Any = None, *_: Any) -> None:
        """The message is to come again, after `delaySeconds` if given."""
        delay_s = read_delay("retry", "QueueMessage", options)
        _warn(self._decisions.retry(self.id, delay_s))


class QueueController(JsProxy, js_name="QueueController"):
    """The first argument of `queue`."""

    __slots__ = ("_decisions", "messages", "metadata", "queue")

    def __init__(
        self, queue: str, messages: Sequence[Message], metrics: Metrics, decisions: Decisions
    ) -> None:
        self._decisions = decisions
        self.queue = queue
        self.messages = JsArray([QueueMessage(message, decisions) for message in messages])
        self.metadata = JsObject({"metrics": metrics_object(metrics)})

    @js_method
    def ackAll(self, *_: Any) -> None:
        """All messages are done with, but for those that were to be retried."""
        _warn(self._decisions.ack_all())

    @js_method
    def retryAll(self, options: Any = None, *_: Any) -> None:
        """All messages are to come again, but for those that were acknowledged."""
        delay_s = read_delay("retryAll", "QueueController", options)
        _warn(self._decisions.retry_all(delay_s))


def _warn(text: str | None) -> None:
    if text is not None:
        _log.warning("%s", text)
