"""A shared whiteboard. This file answers requests; what a board is stands in board.py."""

import re
import time
from pathlib import Path
from urllib.parse import urlsplit

from board import Board
from workers import Response, WorkerEntrypoint

__all__ = ["Board", "Default"]  # the classes that the runtime looks for

PAGE = Path(__file__).with_name("page.html").read_text(encoding="utf-8")
BOARD_NAME = re.compile(r"[a-z0-9-]{1,40}")


class Default(WorkerEntrypoint):
    async def fetch(self, request):
        match urlsplit(request.url).path.strip("/").split("/"):
            case [""]:
                return self.page()
            case ["boards"]:
                return Response.json(await self.boards())
            case ["b", name] if BOARD_NAME.fullmatch(name):
                return self.page()
            case ["b", name, "live"] if BOARD_NAME.fullmatch(name):
                return await self.join(name, request)
            case _:
                return Response("There is no such page.\n", status=404)

    def page(self):
        """One page for the list and for every board: it looks at its own address."""
        return Response(PAGE, headers={"content-type": "text/html; charset=utf-8"})

    async def boards(self):
        """Every board with the time of its last use, latest first. KV keeps the time as metadata, so
        that one call to list() is enough."""
        listing = await self.env.BOARDS.list(limit=200)
        boards = [{"name": key["name"], **key["metadata"]} for key in listing["keys"]]
        return sorted(boards, key=lambda board: board["last_used_ms"], reverse=True)

    async def join(self, name, request):
        """Hand the WebSocket over to the board. Noting its use can wait until after the response."""
        if request.headers.get("Upgrade", "").lower() != "websocket":
            return Response("Expected a WebSocket.\n", status=426)
        used = {"last_used_ms": int(time.time() * 1000)}
        self.ctx.waitUntil(self.env.BOARDS.put(name, "", metadata=used))
        return await self.env.BOARD.getByName(name).fetch(request)
