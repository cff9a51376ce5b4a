"""Requests to the agent server of a sandbox."""

import asyncio
import json

from workers import Request

AGENT_PORT = 8765
PORT_POLL_MS, PORT_LIMIT_MS = 50, 2000


async def asked(sandbox, method, path, body=None, **headers):
    """Status and JSON of an answer, None when it is not the server that answers. `body` is an object, or a
    stream."""
    if isinstance(body, dict):
        body, headers["content-type"] = json.dumps(body), "application/json"
    request = Request(f"http://container/proxy/{AGENT_PORT}{path}", method=method, headers=headers, body=body)
    response = await sandbox.fetch(request)
    try:
        return response.status, json.loads(await response.text())
    except ValueError:
        return response.status, None


async def asked_when_it_listens(sandbox, method, path, body=None, *, trusts_server=False):
    """The same; a server that was started a moment ago is asked again until it listens, unless it was said
    to run: then rather look again than wait."""
    for _ in range(PORT_LIMIT_MS // PORT_POLL_MS):
        status, answer = await asked(sandbox, method, path, body)
        if answer is not None or trusts_server:
            break
        # `pgrep` finds a server that was started a moment ago, but it may not listen yet.
        await asyncio.sleep(PORT_POLL_MS / 1000)
    return status, answer
