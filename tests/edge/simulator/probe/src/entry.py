"""Touches everything an invariant is about."""

import asyncio
import time
from urllib.parse import parse_qs, urlsplit

from js import TransformStream, WebSocketPair
from pyodide.ffi import to_js
from workers import DurableObject, Response, WorkerEntrypoint


class Room(DurableObject):
    async def count(self, by):
        """A pair that is equal after each turn."""
        a = await self.ctx.storage.get("a") or 0
        await self.ctx.storage.put("a", a + by)
        b = self.ctx.storage.kv.get("b") or 0
        self.ctx.storage.kv.put("b", b + by)
        await self.ctx.storage.setAlarm(int(time.time() * 1000) + 20_000)
        return a + by

    async def alone(self):
        """A critical section that others would like to slip into."""
        found = []

        async def section():
            before = await self.ctx.storage.get("a") or 0
            await asyncio.sleep(0.5)
            found.append((await self.ctx.storage.get("a") or 0) - before)

        await self.ctx.blockConcurrencyWhile(section)
        return found[0]

    async def alarm(self):
        self.ctx.storage.kv.put("rang", (self.ctx.storage.kv.get("rang") or 0) + 1)

    async def fetch(self, request):
        client, server = WebSocketPair.new().object_values()
        self.ctx.acceptWebSocket(server)
        return Response(None, status=101, web_socket=client)

    async def webSocketMessage(self, ws, message):
        self.ctx.storage.kv.put("said", message)
        ws.send(f"{message}!")
        ws.send(f"{message}?")

    async def webSocketClose(self, ws, code, reason, wasClean):
        if wasClean:
            ws.close(1000, "bye")


class Default(WorkerEntrypoint):
    async def fetch(self, request):
        url = urlsplit(request.url)
        query = {key: values[0] for key, values in parse_qs(url.query).items()}
        match url.path.strip("/").split("/"):
            case ["count", name]:
                return Response(str(await self.env.ROOM.getByName(name).count(1)))
            case ["alone", name]:
                return Response(str(await self.env.ROOM.getByName(name).alone()))
            case ["live", name]:
                return await self.env.ROOM.getByName(name).fetch(request)
            case ["kv", key] if request.method == "PUT":
                if key == "brief":
                    await self.env.KV.put(key, await request.text(), expirationTtl=60 + int(query["ttl"]))
                else:
                    await self.env.KV.put(key, await request.text())
                return Response("ok")
            case ["kv", key]:
                return Response(await self.env.KV.get(key) or "")
            case ["words"]:
                stream = TransformStream.new()
                self.ctx.waitUntil(self.speak(stream.writable.getWriter()))
                return Response(stream.readable)
        return Response("?", status=404)

    async def speak(self, writer):
        for number in range(12):
            await writer.write(to_js(f"{number} ".encode()))
            await asyncio.sleep(0.05)
        await writer.close()
