"""`edge dev` from start to Ctrl-C, as a user meets it."""

from __future__ import annotations

import signal
import socket
import threading
from pathlib import Path

import pytest
from websockets.exceptions import ConnectionClosed
from websockets.sync.client import connect

from tests.wrangler_compat.dev.running import HELLO, get, project, running

pytestmark = pytest.mark.slow

COUNTER = """\
from workers import DurableObject, Response, WorkerEntrypoint

class Counter(DurableObject):
    async def fetch(self, request):
        count = (await self.ctx.storage.get("n") or 0) + 1
        await self.ctx.storage.put("n", count)
        return Response(f"A{count}")

class Default(WorkerEntrypoint):
    async def fetch(self, request):
        return await self.env.COUNTER.getByName("x").fetch(request)
"""


def test_serve_reload_and_stop(tmp_path: Path) -> None:
    folder = project(tmp_path / "app")
    with running(folder) as (dev, port):
        assert get(port, "/x?y=1") == (200, "hello")
        dev.until("GET /x?y=1 200 OK (")

        (folder / "src" / "entry.py").write_text(HELLO.replace("hello", "changed"))
        dev.until("Reloaded (entry.py) in ")
        assert get(port) == (200, "changed")

        (folder / "src" / "entry.py").write_text("def broken(:\n")
        assert f"{folder / 'src' / 'entry.py'}:1: SyntaxError" in dev.until("SyntaxError")
        dev.until("The code from before goes on serving.")
        assert get(port) == (200, "changed")

        (folder / "src" / "entry.py").write_text(HELLO)
        dev.until("Reloaded (entry.py) in ")
        assert get(port) == (200, "hello")
        assert dev.stop() == 0


def test_configuration_and_secrets_are_reloaded(tmp_path: Path) -> None:
    code = HELLO.replace('Response("hello")', "Response(self.env.WHO)")
    folder = project(tmp_path / "app", code, vars={"WHO": "config"})
    with running(folder) as (dev, port):
        assert get(port) == (200, "config")
        (folder / ".dev.vars").write_text("WHO=secret")
        dev.until("Reloaded (.dev.vars) in ")
        assert get(port) == (200, "secret")
        (folder / "wrangler.jsonc").write_text("{ nonsense")
        assert "wrangler.jsonc:1:3: " in dev.until("✘ [ERROR]")
        assert get(port) == (200, "secret")


def test_durable_object_data_stays(tmp_path: Path) -> None:
    folder = project(
        tmp_path / "app",
        COUNTER,
        durable_objects={"bindings": [{"name": "COUNTER", "class_name": "Counter"}]},
        migrations=[{"tag": "v1", "new_sqlite_classes": ["Counter"]}],
    )
    with running(folder) as (dev, port):
        assert get(port) == (200, "A1")
        (folder / "src" / "entry.py").write_text(COUNTER.replace('f"A', 'f"B'))
        dev.until("Reloaded (entry.py) in ")
        assert get(port) == (200, "B2")
        assert dev.stop() == 0
    with running(folder) as (dev, port):
        assert get(port) == (200, "B3")


def test_ctrl_c_lets_requests_and_background_work_finish(tmp_path: Path) -> None:
    code = """\
import asyncio
from workers import Response, WorkerEntrypoint

class Default(WorkerEntrypoint):
    async def fetch(self, request):
        print("started", flush=True)
        await asyncio.sleep(0.5)
        self.ctx.waitUntil(self.later())
        return Response("finished")

    async def later(self):
        await asyncio.sleep(0.3)
        print("background done", flush=True)
"""
    with running(project(tmp_path / "app", code)) as (dev, port):
        answers: list[tuple[int, str]] = []
        client = threading.Thread(target=lambda: answers.append(get(port)))
        client.start()
        dev.until("started")
        assert dev.stop() == 0
        client.join()
        assert answers == [(200, "finished")]
        dev.until("background done")


def test_a_second_ctrl_c_stops_at_once(tmp_path: Path) -> None:
    code = HELLO.replace(
        "return Response",
        "import asyncio; print('in', flush=True); await asyncio.sleep(60)\n        return Response",
    )
    with running(project(tmp_path / "app", code)) as (dev, port):
        client = socket.create_connection(("127.0.0.1", port))
        client.sendall(b"GET / HTTP/1.1\r\nHost: x\r\n\r\n")
        dev.until("in")
        dev.process.send_signal(signal.SIGINT)
        dev.until("Shutting down")
        assert dev.stop() == 130
        client.close()


def test_an_exception_is_a_500_with_its_traceback_in_answer_and_log(tmp_path: Path) -> None:
    code = HELLO.replace('return Response("hello")', 'raise ValueError("boom")')
    with running(project(tmp_path / "app", code)) as (dev, port):
        status, text = get(port)
        assert status == 500
        assert text.startswith("PythonError: Traceback (most recent call last):\n")
        assert "entry.py" in text
        assert "ValueError: boom" in text
        dev.until("ValueError: boom")
        dev.until("GET / 500 Internal Server Error")


def test_two_workers(tmp_path: Path) -> None:
    front = HELLO.replace('return Response("hello")', "return await self.env.API.fetch(request)")
    project(tmp_path / "front", front, name="front", services=[{"binding": "API", "service": "api"}])
    project(tmp_path / "api", HELLO.replace("hello", "from the api"), name="api")
    with running(tmp_path, "-c", "front", "-c", "api/wrangler.jsonc") as (_, port):
        assert get(port) == (200, "from the api")


def test_open_websockets_are_told_that_the_server_stops(tmp_path: Path) -> None:
    code = """\
from js import WebSocketPair
from workers import Response, WorkerEntrypoint

class Default(WorkerEntrypoint):
    async def fetch(self, request):
        client, server = WebSocketPair.new().object_values()
        server.accept()
        server.send("hello")
        return Response(None, status=101, web_socket=client)
"""
    with running(project(tmp_path / "app", code)) as (dev, port):
        with connect(f"ws://127.0.0.1:{port}/", proxy=None) as client:
            assert client.recv(timeout=10) == "hello"
            assert dev.stop() == 0
            with pytest.raises(ConnectionClosed):
                client.recv(timeout=10)
            assert client.protocol.close_rcvd is not None
            assert client.protocol.close_rcvd.code == 1012
        dev.until("GET / 101 Switching Protocols (")


def test_ctrl_c_also_ends_a_worker_that_blocks(tmp_path: Path) -> None:
    code = HELLO.replace(
        "return Response", "print('in', flush=True)\n        while True: pass\n        return Response"
    )
    with running(project(tmp_path / "app", code)) as (dev, port):
        client = socket.create_connection(("127.0.0.1", port))
        client.sendall(b"GET / HTTP/1.1\r\nHost: x\r\n\r\n")
        dev.until("in")
        dev.process.send_signal(signal.SIGINT)
        dev.until("Shutting down")
        assert dev.stop() == 130
        client.close()


def test_a_workers_exit_is_not_the_servers(tmp_path: Path) -> None:
    code = """\
import asyncio, sys
from workers import Response, WorkerEntrypoint

class Default(WorkerEntrypoint):
    async def fetch(self, request):
        async def leave():
            sys.exit(4)
        if request.url.endswith("/task"):
            self.task = asyncio.create_task(leave())
        else:
            self.ctx.waitUntil(leave())
        return Response("still here")
"""
    folder = project(tmp_path / "app", code)
    with running(folder) as (dev, port):
        assert get(port, "/task") == (200, "still here")
        dev.until("a task ended with SystemExit(4)")
        assert get(port, "/wait") == (200, "still here")
        dev.until("raised")
        (folder / "src" / "entry.py").write_text("import sys\nsys.exit(3)\n")
        assert f"{folder / 'src' / 'entry.py'}:2: SystemExit: 3" in dev.until("SystemExit: 3")
        assert get(port, "/wait") == (200, "still here")
        assert dev.stop() == 0
