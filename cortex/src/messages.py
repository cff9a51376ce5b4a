"""Messages in KV, as the original keeps them."""

import json

from waterfall import now_ms

TTL_S = 7 * 24 * 3600


async def store_message(env, session_id, message_id, role, content):
    """Keep a message for a week."""
    record = {
        "id": message_id,
        "sessionId": session_id,
        "role": role,
        "content": content,
        "timestamp": now_ms(),
    }
    key = f"message:{session_id}:{message_id}:{role}"
    await env.SESSIONS_KV.put(key, json.dumps(record), expirationTtl=TTL_S)


async def list_messages(env, session_id):
    """All messages of a session, the oldest first."""
    keys = [key["name"] for key in (await env.SESSIONS_KV.list(prefix=f"message:{session_id}:"))["keys"]]
    found = [json.loads(text) for key in keys if (text := await env.SESSIONS_KV.get(key)) is not None]
    return sorted(found, key=lambda message: message["timestamp"])
