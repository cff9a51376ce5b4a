"""One board: a log of what was drawn, and the sockets of those who are looking.

Each entry of the log has a number. A browser that comes back after a broken connection names the
last one it saw, and is told the rest. Between messages the object may sleep: its sockets stay open,
each with its person attached, and everything else is in SQL.
"""

import json
import time
from urllib.parse import parse_qs, urlsplit

from js import WebSocketPair, WebSocketRequestResponsePair
from pyodide.ffi import to_js
from workers import DurableObject, Response

MAX_NUMBERS = 8000  # in one stroke: x and y of each point


class Board(DurableObject):
    def __init__(self, ctx, env):
        super().__init__(ctx, env)
        self.sql = ctx.storage.sql
        self.sql.exec("CREATE TABLE IF NOT EXISTS log (n INTEGER PRIMARY KEY, entry TEXT NOT NULL)")
        # The runtime answers heartbeats itself, without waking the object.
        ctx.setWebSocketAutoResponse(WebSocketRequestResponsePair.new("ping", "pong"))

    async def fetch(self, request):
        """Somebody opens the board: /b/NAME/live?id=…&name=…&color=…&since=N"""
        query = {key: values[0] for key, values in parse_qs(urlsplit(request.url).query).items()}
        person = {"id": query["id"][:40], "name": query["name"][:24], "color": query["color"][:7]}
        since = int(query.get("since", 0))

        client, server = WebSocketPair.new().object_values()
        self.ctx.acceptWebSocket(server, to_js([person["id"]]))  # a tag: all tabs of a person can be found
        server.serializeAttachment(json.dumps(person))
        for row in self.sql.exec("SELECT n, entry FROM log WHERE n > ? ORDER BY n", since):
            server.send(json.dumps({**json.loads(row["entry"]), "n": row["n"]}))
        self.tell_who_is_here()
        await self.stay_awhile()
        return Response(None, status=101, web_socket=client)

    async def webSocketMessage(self, ws, message):
        person = json.loads(ws.deserializeAttachment())
        match json.loads(message) | {"by": person["id"]}:
            case {"type": "stroke", "points": [int(), int(), *more]} as stroke if len(more) < MAX_NUMBERS:
                self.record(stroke)
                await self.stay_awhile()
            case {"type": "cursor", "x": int(), "y": int()} as cursor:
                self.tell(cursor, besides=ws)
            case {"type": "say", "text": str(text)} as line:
                self.tell({**line, "text": text[:200]})
            case {"type": "clear"}:
                self.wipe(because=f"{person['name']} wiped the board")

    async def webSocketClose(self, ws, code, reason, wasClean):
        if wasClean:
            ws.close(1000, "Goodbye")
        person = json.loads(ws.deserializeAttachment())
        if len(self.ctx.getWebSockets(person["id"])) == 1:  # their last tab
            self.tell_who_is_here(besides=ws)

    async def alarm(self):
        """Nobody drew for a day: the board leaves the list and is wiped."""
        await self.env.BOARDS.delete(self.ctx.id.name)
        self.wipe(because="The board was idle for too long and has been wiped")

    async def stay_awhile(self):
        """Put the alarm off."""
        idle_s = self.env.IDLE_HOURS * 3600
        await self.ctx.storage.setAlarm(int((time.time() + idle_s) * 1000))

    def record(self, entry):
        """Append to the log and tell everyone. The runtime holds the messages back until the row is on
        disk: nobody sees a stroke that a crash could undo."""
        row = self.sql.exec("INSERT INTO log (entry) VALUES (?) RETURNING n", json.dumps(entry)).one()
        self.tell({**entry, "n": row["n"]})
        return row["n"]

    def wipe(self, because):
        """A wipe is an entry too, so that those who were away learn of it; what it wiped can go. Both
        writes stand in one turn without an await, so they become durable together."""
        n = self.record({"type": "clear", "because": because})
        self.sql.exec("DELETE FROM log WHERE n < ?", n)

    def tell(self, message, besides=None):
        text = json.dumps(message)
        for ws in self.ctx.getWebSockets():
            if ws != besides:
                ws.send(text)

    def tell_who_is_here(self, besides=None):
        """Someone with three tabs open is still one person."""
        people = {}
        for ws in self.ctx.getWebSockets():
            if ws != besides:
                person = json.loads(ws.deserializeAttachment())
                people[person["id"]] = person
        self.tell({"type": "people", "people": list(people.values())}, besides)
