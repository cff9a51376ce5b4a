"""The context file: how a query reaches the agent server on the path without a warm agent.

The Worker writes it and connects; the server reads it and deletes it at once, for it holds secrets. Before:
one fixed path and a fixed wait of 150 ms, whether the file is there or not (step 10 of the design). After: a
path of its own for each message, so that two in flight never read each other's context, looked for every
10 ms: a look in the container costs nothing, and half a step is lost at each message.
"""

from __future__ import annotations

import json
import re
from typing import Any

from host import Host

FIXED_WAIT_S = 0.15
POLL_S = 0.01
POLL_LIMIT_S = 2.0
PENDING = "/tmp/vf-pending-query.json"
_MESSAGE_ID = re.compile(r"[A-Za-z0-9_-]{1,64}")

Context = dict[str, Any]


def context_path(message_id: str | None) -> str:
    """Where the context of a message lies. Raises ValueError for what is no message id."""
    if message_id is None:
        return PENDING
    if not _MESSAGE_ID.fullmatch(message_id):
        raise ValueError("that is no message id")
    return f"/tmp/vf-query-{message_id}.json"


async def take_context(host: Host, message_id: str | None, *, poll: bool) -> Context | None:
    """Read and delete the context; None when it did not come in time."""
    path = context_path(message_id)
    if not poll:
        await host.sleep(FIXED_WAIT_S)
        return await _take(host, path)
    until_ms = host.now_ms() + POLL_LIMIT_S * 1000
    while (found := await _take(host, path)) is None and host.now_ms() < until_ms:
        await host.sleep(POLL_S)
    return found


async def _take(host: Host, path: str) -> Context | None:
    """The context, deleted at once; None while it is not there as a whole."""
    try:
        context = json.loads(await host.read(path))
    except (FileNotFoundError, ValueError):
        return None  # not there, or still being written: half of an object is no JSON
    await host.remove(path)
    return context if isinstance(context, dict) else None
