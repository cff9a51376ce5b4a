"""What was learnt in earlier sessions: gotchas, decisions, patterns (the design's future phase).

Vectorize finds what resembles a prompt; KV has the list. All of it is off the path of a message: capture runs
in the background, and a message takes with it what was found by the time it leaves.
"""

import hashlib
import json
import re

from embedder import embedder
from envelope import ApiError
from noted import TEXT_CHARS_MAX
from waterfall import now_ms

PER_PROMPT = 3
SCORE_MIN = 0.3
_RECORD_ID = re.compile(r"[0-9a-f]{40}")


def is_record_id(text):
    """Whether a record could have this id."""
    return _RECORD_ID.fullmatch(text) is not None


class Knowledge:
    """What one user's sessions learnt; nobody else's is ever found."""

    def __init__(self, env, user_id):
        self._env = env
        self._user_id = user_id

    async def remember(self, session_id, noted):
        """Keep `(kind, text)` pairs; a text that is known already is kept once. Gives their records."""
        if not noted:
            return []
        vectors = await embedder(self._env).embed([text for _, text in noted])
        records = [self._record(session_id, kind, text) for kind, text in noted]
        entries = [
            {"id": record["id"], "values": values, "namespace": self._user_id, "metadata": record}
            for record, values in zip(records, vectors, strict=True)
        ]
        for record in records:
            if await self._env.SESSIONS_KV.get(self._key(record["id"])) is None:
                await self._env.SESSIONS_KV.put(self._key(record["id"]), json.dumps(record))
        await self._env.KNOWLEDGE.upsert(entries)
        return records

    async def relevant(self, prompt):
        """What resembles a prompt, the nearest first: `[{kind, text}]`."""
        [values] = await embedder(self._env).embed([prompt[:TEXT_CHARS_MAX]])
        options = {"topK": PER_PROMPT, "namespace": self._user_id, "returnMetadata": "all"}
        found = await self._env.KNOWLEDGE.query(values, options)
        near = [match for match in found["matches"] if match["score"] >= SCORE_MIN]
        return [{"kind": match["metadata"]["kind"], "text": match["metadata"]["text"]} for match in near]

    async def all(self):
        """Every record, the newest first."""
        records, cursor = [], None
        while True:
            page = await self._env.SESSIONS_KV.list(prefix=self._key(""), cursor=cursor)
            for key in page["keys"]:
                if (text := await self._env.SESSIONS_KV.get(key["name"])) is not None:
                    records.append(json.loads(text))
            if page["list_complete"]:
                return sorted(records, key=lambda record: record["at"], reverse=True)
            cursor = page["cursor"]

    async def forget(self, record_id):
        """Raises ApiError when it is not known."""
        if await self._env.SESSIONS_KV.get(self._key(record_id)) is None:
            raise ApiError(404, "no such knowledge")
        await self._env.SESSIONS_KV.delete(self._key(record_id))
        await self._env.KNOWLEDGE.deleteByIds([record_id])

    def _record(self, session_id, kind, text):
        digest = hashlib.sha256(f"{self._user_id}\n{kind}\n{text}".encode(errors="replace")).hexdigest()
        return {"id": digest[:40], "kind": kind, "text": text, "sessionId": session_id, "at": now_ms()}

    def _key(self, record_id):
        return f"knowledge:{self._user_id}:{record_id}"
