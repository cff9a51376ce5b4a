"""Containers with the label of a sandbox have their server on port 3000; all others are left alone."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from edge.containers.engine import ContainerGone, Engine, Image, InstanceSpec
from edge.http.headers import Headers
from edge.http.request import Request
from edge.kernel.clock import WallClock
from edge.kernel.random import RandomStreams
from sandbox.engines.context import EngineContext
from sandbox.engines.supervised import Supervised
from tests.loops import run
from tests.sandbox.server.local import LocalEngine


def test_a_sandbox_has_a_server_and_a_container_has_none(tmp_path: Path) -> None:
    async def main() -> None:
        engine: Engine = Supervised(LocalEngine(tmp_path), EngineContext(WallClock(), RandomStreams(1)))
        await engine.open()
        plain = await engine.start(InstanceSpec("a", Image("x")))
        assert plain.service(3000) is None
        boxed = await engine.start(InstanceSpec("b", Image("x"), labels={"sandbox-server": "1"}))
        server = boxed.service(3000)
        assert server is not None
        assert server is boxed.service(3000)
        assert boxed.service(8080) is None
        body = json.dumps({"command": "echo hi", "sessionId": "s"}).encode()
        request = Request.make(
            "http://localhost:3000/api/execute",
            method="POST",
            headers=Headers([("content-type", "application/json")]),
            payload=body,
        )
        assert json.loads(await (await server(request)).read_bytes())["stdout"] == "hi\n"
        await boxed.destroy()
        with pytest.raises(ContainerGone):
            await server(
                Request.make(
                    "http://localhost:3000/api/execute",
                    method="POST",
                    headers=Headers([("content-type", "application/json")]),
                    payload=body,
                )
            )
        await engine.close()

    run(main())
