"""A limit in milliseconds around a piece of work."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine
from typing import Any, TypeVar

_T = TypeVar("_T")


async def within(
    timeout_ms: float | None, work: Coroutine[Any, Any, _T], expired: Callable[[], Exception]
) -> _T:
    """The result of `work`; what `expired` makes is raised when it takes longer. None is no limit."""
    limit = asyncio.timeout(None if timeout_ms is None else timeout_ms / 1000)
    try:
        async with limit:
            return await work
    except TimeoutError as error:
        if not limit.expired():
            raise
        raise expired() from error
