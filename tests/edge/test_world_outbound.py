"""Where `fetch` leads: to the transport of the world, from Workers and from Durable Objects alike."""

from __future__ import annotations

from pathlib import Path

import pytest

from edge.config import DurableBinding, WorkerConfig, WorldConfig
from edge.http.headers import Headers
from edge.http.request import Request
from edge.http.response import Response
from edge.world import World
from tests.loops import run_virtual
from wrangler_compat.modules.dialect import PythonDialect

SOURCE = """
from workers import DurableObject, Response, WorkerEntrypoint, fetch


async def ask():
    response = await fetch("http://elsewhere.test/hello")
    return Response(await response.text(), status=response.status)


class Remote(DurableObject):
    async def fetch(self, request):
        return await ask()


class Default(WorkerEntrypoint):
    async def fetch(self, request):
        if request.url.endswith("/object"):
            return await self.env.REMOTE.getByName("x").fetch(request)
        return await ask()
"""


class Elsewhere:
    """Answers with what it was asked."""

    async def send(self, request: Request) -> Response:
        return Response.make(f"{request.method} {request.url}".encode(), 203, "", Headers())


@pytest.mark.parametrize("path", ["/worker", "/object"])
def test_fetch_goes_through_the_transport_of_the_world(tmp_path: Path, path: str) -> None:
    main = tmp_path / "entry.py"
    main.write_text(SOURCE)
    worker = WorkerConfig(
        "asker",
        tmp_path,
        main,
        "2026-10-01",
        ("python_workers",),
        durable=(DurableBinding("REMOTE", "Remote"),),
        durable_classes={"Remote": True},
    )

    async def ask() -> tuple[int, str]:
        world = World(WorldConfig((worker,)), dialect=PythonDialect(), seed=1, outbound=Elsewhere())
        await world.start()
        response = await world.dispatch(Request.make(f"http://asker.test{path}"))
        answer = response.status, await response.text()
        await world.close()
        return answer

    assert run_virtual(ask()) == (203, "GET http://elsewhere.test/hello")
