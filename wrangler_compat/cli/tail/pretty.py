"""Events of a tail as lines for people. Pure.

Source: wrangler 4.164, `tail --format pretty`.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from datetime import datetime
from typing import Any

_OUTCOMES = {
    "ok": "Ok",
    "canceled": "Canceled",
    "exceededCpu": "Exceeded CPU Limit",
    "exceededMemory": "Exceeded Memory Limit",
    "exception": "Exception Thrown",
}
#: What a Worker logs must not steer a terminal.
_CONTROLS = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f]")


def pretty(event: dict[str, Any]) -> Iterator[str]:
    """The lines of an event: what it was, what was logged, what was raised."""
    yield safe(_heading(event))
    for log in event.get("logs") or ():
        texts = [text if isinstance(text, str) else json.dumps(text) for text in log["message"]]
        yield safe(f"  ({log['level']}) {' '.join(texts)}")
    for error in event.get("exceptions") or ():
        stack = f"\n{error['stack']}" if error.get("stack") else ""
        yield safe(f"✘ [ERROR] {error['name']}: {error['message']}{stack}")


def safe(text: str) -> str:
    """`text` with control characters written out."""
    return _CONTROLS.sub(lambda found: f"\\u{ord(found[0]):04x}", text)


def _heading(event: dict[str, Any]) -> str:
    about = event.get("event") or {}
    outcome = _OUTCOMES.get(event.get("outcome", ""), "Unknown")
    time = _time(event.get("eventTimestamp") or 0)
    if "request" in about:
        request = about["request"]
        return f"{request['method'].upper()} {request['url']} - {outcome} @ {time}"
    if "cron" in about:
        return f'"{about["cron"]}" @ {_time(about["scheduledTime"])} - {outcome}'
    if "queue" in about:
        count = about["batchSize"]
        return f"Queue {about['queue']} ({count} message{'s' * (count != 1)}) - {outcome} @ {time}"
    if "mailFrom" in about:
        mail = f"from:{about['mailFrom']} to:{about['rcptTo']} size:{about['rawSize']}"
        return f"Email {mail} @ {time} - {outcome}"
    if "rpcMethod" in about:
        return f"{event.get('entrypoint')}.{about['rpcMethod']} - {outcome} @ {time}"
    if "consumedEvents" in about:
        names = dict.fromkeys(one.get("scriptName") or "" for one in about["consumedEvents"])
        return f"Tailing {','.join(filter(None, names))} - {outcome} @ {time}"
    if about.get("type") in ("overload", "overload-stop"):
        return str(about["message"])
    if "scheduledTime" in about:
        return f"Alarm @ {_time(about['scheduledTime'])} - {outcome}"
    return f"Unknown Event - {outcome} @ {time}"


def _time(value: float | str) -> str:
    """A moment in local time, as JavaScript shows it."""
    moment = (
        datetime.fromisoformat(value) if isinstance(value, str) else datetime.fromtimestamp(value / 1000)
    ).astimezone()
    hour = moment.hour % 12 or 12
    day = f"{moment.month}/{moment.day}/{moment.year}"
    return f"{day}, {hour}:{moment:%M:%S} {'PM' if moment.hour >= 12 else 'AM'}"
