from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any, Protocol, TypeAlias

QueueMessages: TypeAlias = Iterable[Mapping[str, Any]]

class QueueMetrics(Protocol):
    """What waits in a queue."""

    backlogCount: int
    backlogBytes: int
    oldestMessageTimestamp: datetime

class Queue(Protocol):
    """A queue that messages are sent to."""

    async def send(self, body: Any, /, *, contentType: str = ..., delaySeconds: int = ...) -> Any: ...
    async def sendBatch(self, messages: QueueMessages, /, *, delaySeconds: int = ...) -> Any: ...
    async def metrics(self) -> QueueMetrics: ...
