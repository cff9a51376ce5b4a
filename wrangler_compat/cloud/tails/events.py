"""An event of a Worker, as tails are told of it. Pure.

Source: Cloudflare: "Tail Workers", `TraceItem`; what `wrangler tail` prints.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from edge.http.request import Request
from edge.http.response import Response
from edge.js.errors import JsException

_SECRET_NAMES = re.compile("auth|key|secret|token|jwt|cookie")
_REDACTED = "REDACTED"


@dataclass(frozen=True, slots=True)
class Subject:
    """Whose event it is."""

    account_id: str
    script_name: str
    version_id: str


def fetched(
    subject: Subject,
    request: Request,
    logs: Sequence[dict[str, Any]],
    started_ms: int,
    ended_ms: int,
    ending: Response | JsException,
) -> dict[str, Any]:
    """The event of a request that ended with a response or an exception."""
    failed = isinstance(ending, JsException)
    event: dict[str, Any] = {"request": _request(request)}
    if isinstance(ending, Response):
        event["response"] = {"status": ending.status}
    return {
        "outcome": "exception" if failed else "ok",
        "scriptName": subject.script_name,
        "scriptVersion": {"id": subject.version_id},
        "executionModel": "stateless",
        "eventTimestamp": started_ms,
        "wallTime": ended_ms - started_ms,
        "logs": list(logs),
        "exceptions": [_exception(ending, ended_ms)] if isinstance(ending, JsException) else [],
        "diagnosticsChannelEvents": [],
        "truncated": False,
        "event": event,
    }


def _request(request: Request) -> dict[str, Any]:
    headers = {name: _shown(name, value) for name, value in request.headers.raw_items()}
    return {"method": request.method, "url": request.url, "headers": headers, "cf": {}}


def _shown(name: str, value: str) -> str:
    """Headers that may hold a secret are not shown."""
    return _REDACTED if _SECRET_NAMES.search(name) else value


def _exception(error: JsException, now_ms: int) -> dict[str, Any]:
    return {
        "name": str(error.name),
        "message": str(error.message),
        "stack": str(error.stack),
        "timestamp": now_ms,
    }
