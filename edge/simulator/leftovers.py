"""The end of a run: nothing of it may keep the next one waiting."""

from __future__ import annotations

import asyncio

from edge.kernel.tasks import give_way

_ROUNDS = 10
_TURNS = 20


async def end_leftovers() -> None:
    """Cancel every other task of the loop, and again those that wait in their own cleanup.

    By now the world is closed, so a cleanup may wait for an answer that nobody gives any more. Cancelled
    once, as the loop's own end does it, such a task would keep the loop for ever.
    """
    own = asyncio.current_task()
    for _ in range(_ROUNDS):
        rest = sorted((task for task in asyncio.all_tasks() if task is not own), key=asyncio.Task.get_name)
        if not rest:
            return
        for task in rest:
            task.cancel()
        for _ in range(_TURNS):
            await give_way()
