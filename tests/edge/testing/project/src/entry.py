"""A Worker with a little of everything, for the tests of edge.testing."""

import asyncio
import datetime
import json
import random
import time
from urllib.parse import urlsplit

from js import Date, WebSocketPair, setTimeout
from pyodide.ffi import create_once_callable
from workers import DurableObject, Response, WorkerEntrypoint, fetch


class Room(DurableObject):
    def __init__(self, ctx, env):
        super().__init__(ctx, env)
        self.visits = 0

    async def visit(self):
        self.visits += 1
        total = (await self.ctx.storage.get("total") or 0) + 1
        await self.ctx.storage.put("total", total)
        return [self.visits, total]

    async def note(self, text):
        self.ctx.storage.sql.exec("CREATE TABLE IF NOT EXISTS notes (text TEXT)")
        self.ctx.storage.sql.exec("INSERT INTO notes VALUES (?)", text)

    async def arm(self, delay_ms):
        await self.ctx.storage.setAlarm(Date.now() + delay_ms)

    async def alarm(self, info=None):
        runs = (await self.ctx.storage.get("runs") or 0) + 1
        await self.ctx.storage.put("runs", runs)

    async def tick_later(self):
        setTimeout(create_once_callable(lambda: None), 3_600_000)

    async def linger(self):
        await asyncio.sleep(600)

    async def fetch(self, request):
        client, server = WebSocketPair.new().object_values()
        headers = {}
        if request.headers.get("sec-websocket-protocol"):
            headers["sec-websocket-protocol"] = "chat"
        self.ctx.acceptWebSocket(server)
        return Response(None, status=101, web_socket=client, headers=headers)

    async def webSocketMessage(self, socket, message):
        if message == "bye":
            socket.close(4001, "as you wish")
        elif not isinstance(message, str):
            socket.send(message)
        else:
            socket.send(f"echo {message}")

    async def webSocketClose(self, socket, code, reason, was_clean):
        await self.ctx.storage.put("closed", f"{code} {reason} {was_clean}")


class Default(WorkerEntrypoint):
    async def fetch(self, request):
        url = urlsplit(request.url)
        handler = getattr(self, f"on_{url.path.strip('/').replace('-', '_') or 'root'}", None)
        if handler is None:
            return Response("no such path", status=404)
        return await handler(request, url)

    async def on_root(self, request, url):
        return Response(f"hello {self.env.MODE}")

    async def on_echo(self, request, url):
        told = {
            "method": str(request.method.value),
            "query": url.query,
            "headers": dict(request.headers.items()),
            "body": await request.text(),
        }
        return Response.from_json(told, headers=[("set-cookie", "a=1"), ("set-cookie", "b=2")])

    async def on_sleep(self, request, url):
        await asyncio.sleep(float(url.query))
        return Response("slept")

    async def on_tokens(self, request, url):
        from js import TransformStream

        stream = TransformStream.new()
        writer = stream.writable.getWriter()

        async def write():
            await asyncio.sleep(0.25)
            for token in ("one ", "two ", "three"):
                await writer.write(token.encode())
                await asyncio.sleep(0.1)
            await writer.close()

        self.ctx.waitUntil(write())
        return Response(stream.readable)

    async def on_clock(self, request, url):
        return Response.from_json(
            {
                "time": time.time(),
                "now": datetime.datetime.now(datetime.UTC).isoformat(),
                "js": Date.now(),
                "random": random.random(),
            }
        )

    async def on_visit(self, request, url):
        return Response(json.dumps(await self.env.ROOM.getByName("blue").visit()))

    async def on_chat(self, request, url):
        return await self.env.ROOM.getByName("blue").fetch(request)

    async def on_out(self, request, url):
        answer = await fetch(url.query or "https://api.example.com/rates", method="POST", body="question")
        return Response(f"{answer.status} {answer.headers.get('x-mark')} {await answer.text()}")

    async def on_boom(self, request, url):
        raise ValueError("boom")

    async def on_hang(self, request, url):
        await asyncio.Event().wait()
