"""`env.<name>`: a queue as its producers see it.

A body is turned into bytes when `send` is called: what the Worker does to the object later changes nothing. A
Durable Object's messages leave once its writes are durable.

Source: spec runtime.md section 11, recordings `queue_delivery` and `queue_errors`.
"""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable, Iterable, Sequence
from typing import Any

from edge.http.subrequests import spend
from edge.js.dates import JsDate
from edge.js.errors import JsException, error, type_error
from edge.js.functions import js_method
from edge.js.objects import JsObject, get_property
from edge.js.promise import JsPromise
from edge.js.proxy import JsNull, JsProxy
from edge.js.webidl import MISSING, to_int32, to_string, wrong_type
from edge.kernel.spans import Tag, span
from edge.kernel.tasks import before_output
from edge.queues.body import checked_content_type, to_bytes
from edge.queues.logic.limits import QueueRefused, check_batch, check_delay, check_message
from edge.queues.message import Metrics
from edge.queues.queue import Queue

_log = logging.getLogger("edge.queues")
_OWNER = "WorkerQueue"
_NO_BODY = "Message body cannot be undefined"
#: All that `wrangler dev` says of what the queue itself refuses.
_UNKNOWN = "Unknown Internal Error (15000)"

#: What is to be sent: content type, body, delay in seconds (None: the binding's).
Outgoing = tuple[str, bytes, int | None]


class WorkerQueue(JsProxy, js_name="WorkerQueue"):
    """The binding of one queue. `default_type` is the content type of messages that name none;
    `exposes_codes` says which of two texts a refusal has (the flag `queue_expose_error_codes`)."""

    __slots__ = ("_default_type", "_delay_s", "_exposes_codes", "_queue")

    def __init__(self, queue: Queue, *, delay_s: int, default_type: str, exposes_codes: bool) -> None:
        self._queue = queue
        self._delay_s = delay_s
        self._default_type = default_type
        self._exposes_codes = exposes_codes

    @js_method
    def send(self, body: Any = MISSING, options: Any = None, *_: Any) -> JsPromise:
        """Send one message; resolves once it is durable, with `{metadata: {metrics}}`."""
        try:
            if body is MISSING:
                raise wrong_type("send", _OWNER, 1, "Value")
            given = _options("send", options, "SendOptions")
            outgoing = self._outgoing(body, given)
        except JsException as refused:
            return JsPromise.rejected(refused)
        return self._start("send", [outgoing], lambda: check_message(len(outgoing[1])))

    @js_method
    def sendBatch(self, messages: Any = MISSING, options: Any = None, *_: Any) -> JsPromise:
        """Send up to 100 messages together: all of them are kept, or none."""
        try:
            given = _options("sendBatch", options, "SendBatchOptions")
            outgoing = [self._outgoing(get_property(one, "body"), one) for one in _sequence(messages)]
            if not outgoing:
                raise type_error("sendBatch() requires at least one message")
            delay_s = _delay(given)
        except JsException as refused:
            return JsPromise.rejected(refused)
        if delay_s is not None:
            outgoing = [(kind, body, delay_s if own is None else own) for kind, body, own in outgoing]
        return self._start("sendBatch", outgoing, lambda: check_batch([len(body) for _, body, _ in outgoing]))

    @js_method
    def metrics(self, *_: Any) -> JsPromise:
        """What waits in the queue: `{backlogCount, backlogBytes, oldestMessageTimestamp?}`."""
        return JsPromise.start(self._metrics(), name="queue.metrics")

    async def _metrics(self) -> JsObject:
        spend()
        return metrics_object(await self._queue.metrics())

    def _outgoing(self, body: Any, options: Any) -> Outgoing:
        if body is None:
            raise type_error(_NO_BODY)
        named = get_property(options, "contentType")
        content_type = self._default_type if named is None else checked_content_type(to_string(named))
        return content_type, to_bytes(body, content_type), _delay(options)

    def _start(self, method: str, outgoing: Sequence[Outgoing], check: Callable[[], None]) -> JsPromise:
        size_bytes = sum(len(body) for _, body, _ in outgoing)
        tags: dict[str, Tag] = {
            "queue": self._queue.name,
            "messages": len(outgoing),
            "size_bytes": size_bytes,
        }

        async def work() -> JsObject:
            with span("queue.send", **tags):
                return await self._told(method, self._send(outgoing, check))

        return JsPromise.start(work(), name=f"queue.{method}")

    async def _send(self, outgoing: Sequence[Outgoing], check: Callable[[], None]) -> JsObject:
        spend()
        await before_output()
        check()
        delayed = [(kind, body, self._delay_s if own is None else own) for kind, body, own in outgoing]
        for *_, delay_s in delayed:
            check_delay(delay_s)
        metrics = await self._queue.send(delayed)
        return JsObject({"metadata": JsObject({"metrics": metrics_object(metrics)})})

    async def _told(self, method: str, work: Awaitable[JsObject]) -> JsObject:
        """A refusal in the platform's words; what it is about stands in the log."""
        try:
            return await work
        except QueueRefused as refused:
            if not self._exposes_codes:
                raise error(f"Queue {method} failed: {refused}") from None
            _log.warning('%s to the queue "%s" failed: %s', method, self._queue.name, refused)
            raise error(_UNKNOWN) from None


def metrics_object(metrics: Metrics) -> JsObject:
    """Metrics as Workers see them; of an empty queue without a time."""
    shown: dict[str, Any] = {"backlogCount": metrics.count, "backlogBytes": metrics.size_bytes}
    if metrics.oldest_ms is not None:
        shown["oldestMessageTimestamp"] = JsDate(metrics.oldest_ms)
    return JsObject(shown)


def read_delay(method: str, owner: str, options: Any) -> int | None:
    """`delaySeconds` of an options object. Raises TypeError."""
    if options is None or isinstance(options, JsNull):
        return None
    if isinstance(options, (str, bool, int, float)):
        raise wrong_type(method, owner, 1, "QueueRetryOptions")
    return _delay(options)


def _delay(options: Any) -> int | None:
    delay_s = get_property(options, "delaySeconds")
    return None if delay_s is None else to_int32(delay_s)


def _options(method: str, options: Any, kind: str) -> Any:
    if isinstance(options, (str, bool, int, float)):
        raise wrong_type(method, _OWNER, 2, kind)
    return options


def _sequence(messages: Any) -> Iterable[Any]:
    if not isinstance(messages, (JsProxy, list)) or not hasattr(messages, "__iter__"):
        raise wrong_type("sendBatch", _OWNER, 1, "Sequence")
    return iter(messages)
