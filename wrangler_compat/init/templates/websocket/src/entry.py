"""Chat rooms over WebSockets: /NAME is the room of that name. Who joins hears what was said last."""

from urllib.parse import urlsplit

from js import WebSocketPair
from workers import DurableObject, Response, WorkerEntrypoint

KEPT = 20  # messages


class Room(DurableObject):
    """One room. While nobody speaks it may leave memory; the sockets stay open (hibernation)."""

    def __init__(self, ctx, env):
        super().__init__(ctx, env)
        self.sql = ctx.storage.sql
        self.sql.exec("CREATE TABLE IF NOT EXISTS said (n INTEGER PRIMARY KEY, text TEXT NOT NULL)")

    async def fetch(self, request):
        client, server = WebSocketPair.new().object_values()
        self.ctx.acceptWebSocket(server)
        for row in self.sql.exec("SELECT text FROM said ORDER BY n"):
            server.send(row["text"])
        return Response(None, status=101, web_socket=client)

    async def webSocketMessage(self, socket, message):
        if not isinstance(message, str):
            socket.close(1003, "text only")
            return
        row = self.sql.exec("INSERT INTO said (text) VALUES (?) RETURNING n", message).one()
        self.sql.exec("DELETE FROM said WHERE n <= ?", row["n"] - KEPT)
        for other in self.ctx.getWebSockets():
            other.send(message)

    async def webSocketClose(self, socket, code, reason, wasClean):
        if wasClean:
            socket.close(1000, "Goodbye")


class Default(WorkerEntrypoint):
    async def fetch(self, request):
        if request.headers.get("Upgrade", "").lower() != "websocket":
            return Response("Expected a WebSocket.\n", status=426)
        room = urlsplit(request.url).path.strip("/") or "lobby"
        return await self.env.ROOMS.getByName(room).fetch(request)
