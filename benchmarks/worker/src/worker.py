"""The benchmark's Worker. `benchmarks/peers/worker.mjs` is the same one in JavaScript."""

from urllib.parse import parse_qs, urlsplit

from greeting import GREETING
from js import WebSocketPair
from workers import DurableObject, Response, WorkerEntrypoint

VALUE = "v" * 100


class Counter(DurableObject):
    def __init__(self, ctx, env):
        super().__init__(ctx, env)
        ctx.storage.sql.exec("CREATE TABLE IF NOT EXISTS hits (id INTEGER PRIMARY KEY, note TEXT)")

    async def fetch(self, request):
        path = urlsplit(request.url).path
        if path == "/do/incr":
            return Response(str(await self.increment()))
        if path == "/do/sql":
            return Response(str(self.insert()))
        client, server = WebSocketPair.new().object_values()
        self.ctx.acceptWebSocket(server)
        return Response(None, status=101, web_socket=client)

    async def increment(self):
        count = (await self.ctx.storage.get("count") or 0) + 1
        await self.ctx.storage.put("count", count)
        return count

    def insert(self):
        sql = self.ctx.storage.sql
        sql.exec("INSERT INTO hits (note) VALUES (?)", "a row")
        return sql.exec("SELECT count(*) AS hits FROM hits").one()["hits"]

    async def webSocketMessage(self, ws, message):
        ws.send(message)


class Default(WorkerEntrypoint):
    async def fetch(self, request):
        url = urlsplit(request.url)
        query = parse_qs(url.query)
        match url.path:
            case "/":
                return Response(GREETING)
            case "/kv/get":
                return Response(await self.read())
            case "/kv/put":
                await self.env.KV.put(f"put:{query['i'][0]}", VALUE)
                return Response("ok")
            case "/do/incr" | "/do/sql" | "/do/ws":
                return await self.counter(query).fetch(request)
            case "/do/rpc":
                return Response(str(await self.counter(query).increment()))
            case "/waituntil":
                self.ctx.waitUntil(self.env.KV.put("background", VALUE))
                return Response("ok")
            case "/ws":
                return self.echo()
        return Response("no such route", status=404)

    async def read(self):
        value = await self.env.KV.get("key")
        if value is None:
            await self.env.KV.put("key", VALUE)
            value = VALUE
        return value

    def counter(self, query):
        return self.env.COUNTERS.getByName(query["name"][0])

    def echo(self):
        client, server = WebSocketPair.new().object_values()
        server.accept()
        server.addEventListener("message", lambda event: server.send(event.data))
        return Response(None, status=101, web_socket=client)
