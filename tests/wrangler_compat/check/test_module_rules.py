"""Rules that look at one module: each finds what it is for, on its line, and passes what is right.

In each example the lines that end in `# BAD` are found, by this rule and no other, and no other lines are.
"""

from __future__ import annotations

from pathlib import Path

import pytest

from edge.config import WorkerConfig
from wrangler_compat.check.project import parse
from wrangler_compat.check.rule import RULES
from wrangler_compat.check.run import check_modules
from wrangler_compat.config.worker import DEFAULT_DATE
from wrangler_compat.modules.profile import Profile

EXAMPLES = {
    "global-random": """
        import random, secrets, uuid
        from os import urandom as noise
        import numpy as np
        from random import Random
        KEY = secrets.token_hex(8)  # BAD
        ID = str(uuid.uuid4())  # BAD
        SEEDED = Random(7)
        UNSEEDED = Random()  # BAD
        GENERATOR = np.random.default_rng(5)
        class Box:
            salt = noise(4)  # BAD
            def fresh(self, chance=random.random()):  # BAD
                return random.random()
        def make():
            return [random.choice("ab")]  # BAD
        TABLE = {"a": make()}
        def later():
            return random.random()
        pick = lambda: random.random()
        if __name__ == "__main__":
            print(random.random())
    """,
    "global-io": """
        import httpx, requests
        from js import fetch as js_fetch
        from workers import env, fetch
        from pyodide.ffi import run_sync
        if True:
            PAGE = run_sync(fetch("https://example.com"))  # BAD
        RATES = requests.get("https://example.com").json()  # BAD
        CLIENT = httpx.AsyncClient()
        for _ in range(2):
            js_fetch("https://example.com")  # BAD
        HELLO = env.GREETING
        CACHED = env.CACHE.get("a")  # BAD
        async def load():
            return await fetch("https://example.com")
    """,
    "global-timer": """
        import asyncio
        from js import setTimeout
        from workers import wait_until
        async def tick(): ...
        TASK = asyncio.create_task(tick())  # BAD
        setTimeout(tick, 100)  # BAD
        wait_until(tick())  # BAD
        def start():
            asyncio.create_task(tick())
    """,
    "global-clock": """
        import datetime, time
        from datetime import datetime as dt
        from js import Date
        STARTED = time.time()  # BAD
        TODAY = datetime.date.today()  # BAD
        NOW = dt.now()  # BAD
        MS = Date.now()  # BAD
        EPOCH = Date.new(0)
        def age():
            return time.time() - STARTED
    """,
    "thread": """
        import threading
        from concurrent.futures import ThreadPoolExecutor
        LOCK = threading.Lock()
        def work(loop):
            threading.Thread(target=work).start()  # BAD
            with ThreadPoolExecutor(4):  # BAD
                pass
    """,
    "executor": """
        import asyncio
        async def work(loop):
            await loop.run_in_executor(None, work)  # BAD
            await asyncio.to_thread(work)  # BAD
            await asyncio.gather(work(loop))
    """,
    "subprocess": """
        import os, subprocess
        def run():
            subprocess.run(["ls"])  # BAD
            os.system("ls")  # BAD
            os.execvp("ls", [])  # BAD
            os.path.join("a", "b")
    """,
    "socket": """
        import asyncio, socket, http.server
        async def serve():
            await asyncio.start_server(None, port=80)  # BAD
            http.server.HTTPServer(("", 80), None)  # BAD
            return socket.gethostname()
        def connect():
            return socket.create_connection(("example.com", 80))
    """,
    "missing-module": """
        import json, tkinter  # BAD
        from curses import wrapper  # BAD
        try:
            import fcntl
        except ImportError:
            fcntl = None
        from typing import TYPE_CHECKING
        if TYPE_CHECKING:
            import pwd
    """,
    "file-write": """
        from pathlib import Path
        def keep(text, mode):
            with open("log.txt", "a") as file:  # BAD
                file.write(text)
            open("data.bin", mode="wb")  # BAD
            Path("notes.txt").write_text(text)  # BAD
            open("/tmp/scratch", "w")
            Path("/tmp/scratch").write_text(text)
            Path(__file__).with_name("page.html").read_text()
            return open("page.html").read()
    """,
    "blocking-sleep": """
        import asyncio, time
        from time import sleep as pause
        async def wait():
            time.sleep(1)  # BAD
            pause(1)  # BAD
            await asyncio.sleep(1)
        def other(time):
            time.sleep(1)
    """,
    "event-loop": """
        import asyncio
        async def work(): ...
        def handler(loop):
            asyncio.run(work())  # BAD
            loop.run_until_complete(work())  # BAD
            asyncio.gather(work())
    """,
    "not-awaited": """
        class Default:
            async def fetch(self, request):
                self.env.CACHE.put("a", "b")  # BAD
                self.env.ROOMS.getByName("a").say("hello")  # BAD
                room, kv = self.env.ROOMS.getByName("b"), self.env.CACHE
                stub = self.env.ROOMS.getByName("b")
                stub.say("hello")  # BAD
                storage = self.ctx.storage
                storage.put("a", 1)
                await self.env.CACHE.put("a", "b")
                self.ctx.waitUntil(self.env.CACHE.put("a", "b"))
                self.env.POINTS.writeDataPoint(blobs=["a"])
                self.ctx.storage.put("a", 1)
                self.ctx.storage.sql.exec("SELECT 1")
                return self.env.ASSETS.fetch(request)
    """,
    "sync-handler": """
        class Default:
            def fetch(self, request):
                rows = self.env.DB.prepare("SELECT 1").all().results  # BAD
                if self.env.FILES.head("a") == 1:  # BAD
                    return rows
                return self.env.ASSETS.fetch(request)
            async def other(self):
                return (await self.env.DB.prepare("SELECT 1").all()).results
            def stub(self):
                return self.env.ROOMS.getByName("a")
    """,
    "response-body": """
        from workers import Response
        def answer(text, data):
            yield Response({"a": 1})  # BAD
            yield Response([line for line in text])  # BAD
            yield Response(body=(1, 2))  # BAD
            yield Response(bytearray(data))  # BAD
            yield Response(part for part in text)  # BAD
            yield Response(404)  # BAD
            yield Response("text", status=404)
            yield Response(b"bytes")
            yield Response(None, status=204)
            yield Response.json({"a": 1})
            yield Response(text)
        def other(Response):
            return Response({"a": 1})
    """,
    "tuple-sent": """
        class Box:
            async def fetch(self, request):
                await self.env.CACHE.put("a", "b", metadata=(1, 2))  # BAD
                await self.ctx.storage.put("a", [1, (2, 3)])  # BAD
                await self.ctx.storage.put("a", bytearray(4))  # BAD
                await self.env.ROOMS.getByName("a").say({"at": (1, 2)})  # BAD
                await self.ctx.storage.put("a", list((1, 2)))
                await self.ctx.storage.put("a", "{}-{}".format(*(1, 2)))
                for a, b in [(1, 2)]:
                    await self.ctx.storage.put("a", [a, b])
    """,
    "raw-container": """
        import js
        from pyodide.ffi import to_js
        class Room:
            async def fetch(self, request):
                self.ctx.acceptWebSocket(server, ["tag"])  # BAD
                self.ctx.acceptWebSocket(server, to_js(["tag"]))
                server.serializeAttachment({"name": "a"})  # BAD
                server.serializeAttachment("a")
                js.structuredClone([1])  # BAD
                await self.ctx.storage.transaction(move)
        async def move(txn):
            await txn.put("a", {"b": 1})  # BAD
            await txn.put("a", 1)
    """,
    "raw-bytes": """
        from js import WebSocketPair
        from pyodide.ffi import to_js
        async def speak(writer, socket, text):
            await writer.write(text.encode())  # BAD
            await writer.write(b"a")  # BAD
            await writer.write(to_js(text.encode()))
            socket.send(bytes(3))  # BAD
            socket.send(text)
        async def keep(self, file):
            file.write(b"a")
            await self.env.QUEUE.send(b"a")
    """,
    "callback-dies": """
        from js import setTimeout, setInterval
        from pyodide.ffi import create_once_callable, create_proxy
        class Room:
            def tick(self): ...
            def start(self, socket, given):
                setTimeout(lambda: self.tick(), 100)  # BAD
                setInterval(self.tick, 100)  # BAD
                socket.addEventListener("message", self.tick)  # BAD
                setTimeout(create_once_callable(self.tick), 100)
                socket.addEventListener("message", create_proxy(self.tick))
                setTimeout(given, 100)
        def other(setTimeout):
            setTimeout(lambda: 1, 100)
    """,
    "missing-new": """
        import js
        from js import WebSocketPair, Object, Date
        from workers import Response
        def pair():
            js.Headers()  # BAD
            return WebSocketPair()  # BAD
        def fine():
            return WebSocketPair.new(), js.Object.fromEntries([]), Object(), Response("a"), Date()
    """,
    "null-is-not-none": """
        async def webSocketMessage(self, ws, message, request):
            kept = ws.deserializeAttachment()
            if kept is None:  # BAD
                return
            if ws.deserializeAttachment() is not None:  # BAD
                return
            if request.body is None:  # BAD
                return
            if not kept or await self.env.CACHE.get("a") is None:
                return
            found = await self.env.CACHE.get("a")
            return found is None
    """,
    "handler-arguments": """
        from workers import DurableObject, WorkerEntrypoint
        class Default(WorkerEntrypoint):
            async def scheduled(self, controller): ...  # BAD
            async def queue(self, batch, *rest): ...
            async def fetch(self): ...
        class Admin(WorkerEntrypoint):
            async def scheduled(self, controller, env, ctx): ...
            async def queue(self, batch, env=None): ...  # BAD
        class Room(DurableObject):
            async def alarm(self, info, more): ...  # BAD
            async def webSocketClose(self, ws, code, reason, wasClean): ...
            async def webSocketMessage(self, ws): ...
        class Subroom(Room):
            async def webSocketError(self, ws, error, extra): ...  # BAD
        class Plain:
            async def scheduled(self): ...
    """,
    "handler-name": """
        from workers import DurableObject
        class Room(DurableObject):
            async def websocket_message(self, ws, message): ...  # BAD
            async def web_socket_close(self, ws, code, reason, was_clean): ...  # BAD
            async def webSocketError(self, ws, error): ...
        class Plain:
            async def websocket_message(self, ws, message): ...
    """,
    "main-import": """
        from . import board  # BAD
        from src.board import Board  # BAD
        import src.board  # BAD
        import board as other
    """,
}
#: For Workers before 2026-04-21, whose bindings are raw.
OLD_EXAMPLES = {
    "blocking-request": """
        import httpx, requests
        async def load():
            requests.get("https://example.com")  # BAD
            httpx.post("https://example.com")  # BAD
            async with httpx.AsyncClient() as client:
                await client.get("https://example.com")
    """,
    "raw-value": """
        class Default:
            async def fetch(self, request):
                kv, db = self.env.CACHE, self.env.DB
                cache = self.env.CACHE
                await cache.put("a", {"b": 1})  # BAD
                later = lambda: cache.put("a", [])  # BAD
                cursor = cursor.next()
                other = lambda cache: cache.put("a", [])
                await self.env.CACHE.put("a", {"b": 1})  # BAD
                await self.env.CACHE.put("a", b"b")  # BAD
                await self.env.CACHE.put("a", "b", {"expirationTtl": 60})
                await self.env.CACHE.get(["a", "b"])  # BAD
                await self.env.DB.prepare("SELECT ?").bind(None).first()  # BAD
                await self.ctx.storage.put("a", [1])  # BAD
                await self.env.CACHE.put("a", "b")
    """,
    "null-is-not-none": """
        class Default:
            async def fetch(self, request):
                text = await self.env.CACHE.get("a")
                if text is None:  # BAD
                    return await self.env.DB.prepare("SELECT 1").first() is not None  # BAD
    """,
    "socket": """
        import socket
        def connect():
            return socket.create_connection(("example.com", 80))  # BAD
    """,
}


def profile(date: str) -> Profile:
    return Profile.of(WorkerConfig("app", Path("/nowhere"), None, date, ("python_workers",)))


def dedented(code: str) -> str:
    return "\n".join(line[8:] for line in code.splitlines()[1:])


def marked(code: str) -> list[int]:
    return [number for number, line in enumerate(code.splitlines(), 1) if line.endswith("# BAD")]


def found_in(folder: Path, code: str, date: str) -> list[tuple[str, int]]:
    path = folder / "src" / "entry.py"
    path.parent.mkdir()
    path.write_text(code)
    findings = check_modules([parse(path, profile(date), is_main=True)])
    return list(dict.fromkeys((one.rule, one.place.line) for one in findings))


@pytest.mark.parametrize("rule", EXAMPLES)
def test_examples(rule: str, tmp_path: Path) -> None:
    code = dedented(EXAMPLES[rule])
    expected = [(rule, line) for line in marked(code)]
    assert expected
    assert [one for one in found_in(tmp_path, code, DEFAULT_DATE) if one[0] == rule] == expected


@pytest.mark.parametrize("rule", OLD_EXAMPLES)
def test_examples_of_old_dates(rule: str, tmp_path: Path) -> None:
    code = dedented(OLD_EXAMPLES[rule])
    expected = [(rule, line) for line in marked(code)]
    date = "2025-09-01" if rule == "blocking-request" else "2026-03-01"
    assert [one for one in found_in(tmp_path, code, date) if one[0] == rule] == expected
    (tmp_path / "new").mkdir()
    assert [one for one in found_in(tmp_path / "new", code, DEFAULT_DATE) if one[0] == rule] == []


def test_null_was_none_in_the_oldest_pyodide(tmp_path: Path) -> None:
    code = dedented(EXAMPLES["null-is-not-none"])
    assert "null-is-not-none" not in [rule for rule, _ in found_in(tmp_path, code, "2025-09-01")]


def test_every_rule_has_an_example() -> None:
    rules = {rule.id for rule in RULES.values() if rule.of_modules}
    assert rules == set(EXAMPLES) | set(OLD_EXAMPLES)


def test_the_column_is_that_of_the_code(tmp_path: Path) -> None:
    path = tmp_path / "entry.py"
    path.write_text("import time\nif True:\n    time.sleep(1)\n")
    (finding,) = check_modules([parse(path, profile(DEFAULT_DATE))])
    assert (finding.place.line, finding.place.column) == (3, 5)
