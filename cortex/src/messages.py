"""Messages in KV, as the original keeps them."""

import asyncio
import json

from pyodide.ffi import JsException, to_js
from waterfall import now_ms

TTL_S = 7 * 24 * 3600
#: KV reads so many keys at once.
_BULK = 100


async def store_message(kv, keep, session_id, message_id, role, content, at_ms=None):
    """Keep a message, said now unless `at_ms` says when, for a week. When KV does not take it (it is out, or
    had the same key a moment ago), `keep(key, text, ttl_s)` has the session's object see to it."""
    record = {
        "id": message_id,
        "sessionId": session_id,
        "role": role,
        "content": content,
        "timestamp": now_ms() if at_ms is None else at_ms,
    }
    key, text = f"message:{session_id}:{message_id}:{role}", json.dumps(record, ensure_ascii=False)
    try:
        await kv.put(key, text, expirationTtl=TTL_S)
    except JsException:
        await keep(key, text, TTL_S)


async def list_messages(kv, session_id):
    """All messages of a session, the oldest first."""
    keys = await listed(kv, f"message:{session_id}:")
    parts = [keys[start : start + _BULK] for start in range(0, len(keys), _BULK)]
    texts = [text for part in await asyncio.gather(*(_read(kv, part) for part in parts)) for text in part]
    return sorted(map(json.loads, texts), key=_order)


def _order(message):
    """By time; within a millisecond a question comes before its answer."""
    return message["timestamp"], message["role"] != "user"


async def listed(kv, prefix):
    """The names of all keys with a prefix, over as many pages as there are."""
    names, cursor = [], None
    while True:
        page = await kv.list(prefix=prefix, **({} if cursor is None else {"cursor": cursor}))
        names += [key["name"] for key in page["keys"]]
        if page["list_complete"]:
            return names
        cursor = page["cursor"]


async def _read(kv, keys):
    """The texts of some keys; in halves when they are too large for one answer."""
    try:
        found = await kv.get(to_js(keys))
    except JsException as failure:
        if len(keys) == 1 or " 413 " not in str(failure):
            raise
        middle = len(keys) // 2
        return [*await _read(kv, keys[:middle]), *await _read(kv, keys[middle:])]
    return [found[key] for key in keys if found.get(key) is not None]
