"""Frames between agent, agent server and Worker: JSON objects, one a line or a WebSocket message.

From the agent: `session-init`, `text-delta {text}`, `reasoning-delta {text}`, `tool-start {id, name, input}`,
`tool-result {id, name, output}`, `confirmation {toolName, input, approvalId}`, `error {error}`,
`done {sessionId, fullText, usage, costUsd}`; the server adds `context-read`, `ping` and
`process-exit {exitCode}`. To the agent: `query`, `confirm {approvalId, allow}`, `stop`; the server keeps
`pause`, `resume` and `attach` to itself.
"""

from __future__ import annotations

import json
from typing import Any

Frame = dict[str, Any]

#: Frames after which an agent has nothing more to say to a query.
LAST = frozenset({"done", "error"})


def encode(frame: Frame) -> str:
    return json.dumps(frame, ensure_ascii=False, separators=(",", ":"))


def decode(text: str) -> Frame | None:
    """The frame of a text; None when it is none."""
    try:
        frame = json.loads(text)
    except (ValueError, RecursionError):
        return None
    return frame if isinstance(frame, dict) and isinstance(frame.get("type"), str) else None


def stopped(session_id: object) -> Frame:
    """The last word on a query that the user stopped."""
    end = {"type": "done", "sessionId": session_id, "stopped": True}
    return {**end, "fullText": "", "usage": {}, "costUsd": 0}
