"""`watch` and `checkChanges`: a directory is listed again and again, and what differs is told.

The real image has inotify; over an Instance there are listings only. So changes are seen when the next
listing is made, a rename is a deletion and a creation, and what came and went in between is not seen.

Source: spec sandbox-and-containers.md section 5.2.
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Any

from edge.http.response import Response
from sandbox.server.call import Call
from sandbox.server.errors import ApiError
from sandbox.server.file_errors import told
from sandbox.server.host import Host
from sandbox.server.reply import Stop, event_stream, iso
from sandbox.server.sessions import Sessions
from sandbox.server.snapshot import Filter, Snapshot, changes, snapshot

INTERVAL_S = 0.25
KEPT_S = 600.0
_BOTH = (
    "include and exclude cannot be used together. "
    "Use include to whitelist patterns, or exclude to blacklist patterns."
)


@dataclass(frozen=True, slots=True)
class Watched:
    """What is looked at."""

    path: str
    recursive: bool
    chosen: Filter


@dataclass
class _Known:
    """What the last `checkChanges` saw."""

    snapshot: Snapshot
    version: int
    checked_s: float


class Watching:
    """Streams of changes, and answers to whether there were any."""

    def __init__(self, host: Host, sessions: Sessions) -> None:
        self._host = host
        self._sessions = sessions
        self._known: dict[Watched, _Known] = {}
        self._run = host.token(8)  # versions of another run of the container are told apart

    async def _watched(self, call: Call) -> Watched:
        include, exclude = tuple(call.texts("include")), tuple(call.texts("exclude"))
        if include and exclude:
            raise ApiError("VALIDATION_FAILED", _BOTH, {"validationErrors": [_BOTH]})
        path = await self._sessions.resolve(call.text("path"), call.session_id())
        return Watched(path, call.flag("recursive", True), Filter(include, exclude))

    async def _look(self, watched: Watched) -> Snapshot:
        entries = await self._host.instance.files.list(watched.path, recursive=watched.recursive)
        return snapshot(entries, watched.path, watched.chosen)

    async def watch(self, call: Call) -> Response:
        """POST /api/watch"""
        watched = await self._watched(call)
        with told("watch", watched.path):
            first = await self._look(watched)
        stop = Stop()
        return event_stream(self._events(watched, first, stop), stop)

    async def _events(self, watched: Watched, seen: Snapshot, stop: Stop) -> AsyncIterator[dict[str, Any]]:
        yield {"type": "watching", "path": watched.path, "watchId": f"watch_{self._host.token(8)}"}
        while not stop:
            await stop.sleep(self._host.clock, INTERVAL_S)
            if stop:
                return
            try:
                now = await self._look(watched)
            except FileNotFoundError:
                yield {"type": "stopped", "reason": "the watched directory is gone"}
                return
            except OSError as error:
                yield {"type": "error", "error": f"{error.strerror}: {watched.path}"}
                return
            for kind, entry in changes(seen, now):
                yield {
                    "type": "event",
                    "eventType": kind,
                    "path": entry.path,
                    "isDirectory": entry.kind == "directory",
                    "timestamp": self._host.now(),
                }
            seen = now

    async def check(self, call: Call) -> dict[str, Any]:
        """POST /api/watch/check"""
        watched, since = await self._watched(call), call.maybe_text("since")
        now_s = self._host.clock.now()
        for old in [key for key, known in self._known.items() if now_s - known.checked_s > KEPT_S]:
            del self._known[old]
        with told("watch", watched.path):
            seen = await self._look(watched)
        known = self._known.get(watched)
        if known is None:
            status, reason = ("unchanged", None) if since is None else ("resync", self._reason(since))
            known = self._known[watched] = _Known(seen, 1, now_s)
        else:
            known.version += any(True for _ in changes(known.snapshot, seen))
            known.snapshot, known.checked_s = seen, now_s
            status, reason = self._compared(since, known.version)
        told_reason = {} if reason is None else {"reason": reason}
        version = f"{self._run}:{known.version}"
        return {
            "success": True,
            "status": status,
            "version": version,
            "timestamp": iso(self._host.clock.now_ms()),
            **told_reason,
        }

    def _compared(self, since: str | None, version: int) -> tuple[str, str | None]:
        if since is None:
            return "unchanged", None
        run, _, number = since.partition(":")
        if run != self._run or not number.isdigit() or int(number) > version:
            return "resync", self._reason(since)
        return ("unchanged" if int(number) == version else "changed"), None

    def _reason(self, since: str) -> str:
        return "expired" if since.startswith(f"{self._run}:") else "restart"
