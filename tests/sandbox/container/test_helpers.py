"""Spec sandbox-and-containers.md section 3.7."""

from __future__ import annotations

import json
from pathlib import Path

from tests.loops import run
from tests.wrangler_compat.modules.workers import Loaded

SOURCE = """
import json
from sandbox import get_container, get_random, switch_port
from workers import Request, Response, WorkerEntrypoint

class Namespace:
    def idFromName(self, name):
        return name
    def get(self, id):
        return f"stub of {id}"

class Default(WorkerEntrypoint):
    async def fetch(self, request):
        request = Request("https://h/path", method="POST", body="text", headers={"x-a": "1"})
        switched = switch_port(request, 8080)
        return Response(json.dumps({
            "singleton": get_container(Namespace()),
            "named": get_container(Namespace(), "one"),
            "random": [await get_random(Namespace(), 2) for _ in range(40)],
            "one": await get_random(Namespace(), 1),
            "switched": [str(switched.method), switched.url, await switched.text()],
            "headers": dict(switched.headers.items()),
            "type": type(switched).__name__,
        }))
"""


def test_helpers(tmp_path: Path) -> None:
    shown = json.loads(run(Loaded(tmp_path, SOURCE).text()))
    assert shown["singleton"] == "stub of cf-singleton-container"
    assert shown["named"] == "stub of one"
    assert set(shown["random"]) == {"stub of instance-0", "stub of instance-1"}
    assert shown["one"] == "stub of instance-0"
    method, url, body = shown["switched"]
    headers = shown["headers"]
    assert (method, url, body, shown["type"]) == ("POST", "https://h/path", "text", "Request")
    assert headers["x-a"] == "1"
    assert headers["cf-container-target-port"] == "8080"
