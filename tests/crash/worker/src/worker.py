"""Writes in every way a Worker has, and tells what is stored. Driven by tests/crash/clients.py."""

import asyncio
import json
import time
from urllib.parse import parse_qsl, urlsplit

from js import WebSocketPair
from workers import DurableObject, Response, WorkerEntrypoint


def arguments(request):
    url = urlsplit(request.url)
    return url.path, dict(parse_qsl(url.query))


class Ledger(DurableObject):
    def __init__(self, ctx, env):
        super().__init__(ctx, env)
        self.storage = ctx.storage
        self.sql = ctx.storage.sql
        self.sql.exec("CREATE TABLE IF NOT EXISTS rows (id TEXT PRIMARY KEY)")
        self.sql.exec("CREATE TABLE IF NOT EXISTS halves (side TEXT, id TEXT, PRIMARY KEY (side, id))")

    async def fetch(self, request):
        path, query = arguments(request)
        if path == "/socket":
            client, server = WebSocketPair.new().object_values()
            self.ctx.acceptWebSocket(server)
            return Response(None, status=101, web_socket=client)
        return Response(json.dumps(await getattr(self, path.strip("/"))(**query)))

    async def add(self, **_):
        count = (await self.storage.get("count") or 0) + 1
        self.storage.put("count", count)  # not awaited: the answer itself waits for the write
        return count

    async def row(self, id, **_):
        self.sql.exec("INSERT INTO rows (id) VALUES (?)", id)

    async def alarm_in(self, id, delay_ms, **_):
        due_ms = time.time() * 1000 + int(delay_ms)
        self.storage.put("wanted", id)
        self.storage.setAlarm(due_ms)
        return due_ms

    async def alarm(self):
        # Told in KV, so that asking for it does not wake the object.
        wanted = await self.storage.get("wanted")
        await self.env.KV.put(f"fired:{wanted}", str(time.time() * 1000))

    async def pair(self, id, how, **_):
        await getattr(self, f"pair_by_{how}")(id)

    async def pair_by_puts(self, id):
        self.storage.put(f"left:{id}", 1)
        self.storage.put(f"right:{id}", 1)

    async def pair_by_awaited_puts(self, id):
        await asyncio.gather(self.storage.put(f"left:{id}", 1), self.storage.put(f"right:{id}", 1))

    async def pair_by_dict(self, id):
        await self.storage.put({f"left:{id}": 1, f"right:{id}": 1})

    async def pair_by_rows(self, id):
        self.sql.exec("INSERT INTO halves VALUES ('left', ?)", id)
        self.sql.exec("INSERT INTO halves VALUES ('right', ?)", id)

    async def pair_by_row_and_put(self, id):
        self.sql.exec("INSERT INTO halves VALUES ('left', ?)", id)
        self.storage.put(f"right:{id}", 1)

    async def pair_by_sync_transaction(self, id):
        def both():
            self.sql.exec("INSERT INTO halves VALUES ('left', ?)", id)
            self.sql.exec("INSERT INTO halves VALUES ('right', ?)", id)

        self.storage.transactionSync(both)

    async def pair_by_transaction(self, id):
        async def both(transaction):
            await transaction.put(f"left:{id}", 1)
            await asyncio.sleep(0.001)
            await transaction.put(f"right:{id}", 1)

        await self.storage.transaction(both)

    async def webSocketMessage(self, ws, message):
        self.sql.exec("INSERT INTO rows (id) VALUES (?)", message)
        ws.send(message)

    async def webSocketClose(self, ws, code, reason, was_clean):
        ws.close()

    async def stored(self, **_):
        halves = {}
        for side in ("left", "right"):
            keys = await self.storage.list({"prefix": f"{side}:"})
            rows = self.sql.exec("SELECT id FROM halves WHERE side = ?", side).toArray()
            halves[side] = [key.partition(":")[2] for key in keys] + [row["id"] for row in rows]
        rows = [row["id"] for row in self.sql.exec("SELECT id FROM rows").toArray()]
        return {"count": await self.storage.get("count") or 0, "rows": rows, **halves}


class Default(WorkerEntrypoint):
    async def fetch(self, request):
        path, query = arguments(request)
        match path:
            case "/kv/put":
                await self.env.KV.put(query["key"], query["value"])
                return Response("null")
            case "/kv/read":
                keys = await request.json()
                values = [await self.env.KV.get(key) for key in keys]
                return Response(json.dumps(dict(zip(keys, values, strict=True))))
            case "/add_rpc":
                return Response(json.dumps(await self.ledger(query).add()))
        return await self.ledger(query).fetch(request)

    def ledger(self, query):
        return self.env.OBJECTS.getByName(query["name"])
