"""One state folder for both: what the real wrangler writes is read here, and the other way round."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Sequence
from pathlib import Path

import pytest

from edge.kernel import tasks
from edge.kernel.clock import WallClock
from edge.testing.client import Client
from edge.world import World
from tests.peers.npm import run_wrangler
from wrangler_compat.config.load import LoadOptions, load
from wrangler_compat.modules.dialect import PythonDialect

pytestmark = [pytest.mark.peers, pytest.mark.slow]

CONFIG = {
    "name": "shared",
    "main": "src/entry.py",
    "compatibility_date": "2026-10-01",
    "compatibility_flags": ["python_workers"],
    "kv_namespaces": [{"binding": "KV", "id": "shared-kv"}],
    "r2_buckets": [{"binding": "BUCKET", "bucket_name": "shared-bucket"}],
    "d1_databases": [{"binding": "DB", "database_name": "shared-db", "database_id": "shared-d1"}],
}
SOURCE = """
from workers import Response, WorkerEntrypoint


class Default(WorkerEntrypoint):
    async def fetch(self, request):
        return Response.json(await getattr(self, request.url.rpartition("/")[2])())

    async def kv_read(self):
        found = await self.env.KV.getWithMetadata("theirs")
        return {"value": found["value"], "metadata": dict(found["metadata"])}

    async def kv_write(self):
        await self.env.KV.put("ours", "from edge", metadata={"by": "edge"})
        await self.env.KV.put("large", "x" * 200_000)

    async def r2_read(self):
        found = await self.env.BUCKET.get("dir/theirs.txt")
        return {"text": await found.text(), "type": found.httpMetadata.contentType}

    async def r2_write(self):
        await self.env.BUCKET.put("dir/ours.txt", "from edge")

    async def d1_read(self):
        return [dict(row) for row in (await self.env.DB.prepare("SELECT * FROM users").all()).results]

    async def d1_write(self):
        await self.env.DB.prepare("INSERT INTO users (name) VALUES (?)").bind("Grace").run()
"""


@pytest.fixture
def project(tmp_path: Path) -> Path:
    (tmp_path / "src").mkdir()
    (tmp_path / "src" / "entry.py").write_text(SOURCE)
    (tmp_path / "wrangler.jsonc").write_text(json.dumps(CONFIG))
    return tmp_path


def edge(project: Path, *paths: str) -> list[object]:
    """What the Worker answers, in a world on the project's own state folder."""

    async def whole() -> list[object]:
        tasks.install(asyncio.get_running_loop())
        config = load([project / "wrangler.jsonc"], LoadOptions()).world
        world = World(
            config, dialect=PythonDialect(), clock=WallClock(), state_dir=project / ".wrangler" / "state"
        )
        await world.start()
        try:
            return [json.loads((await Client(world).get(f"/{path}")).text) for path in paths]
        finally:
            await world.close()

    return asyncio.run(whole())


def wrangler(project: Path, arguments: Sequence[str]) -> str:
    done = run_wrangler(arguments, project)
    assert done.returncode == 0, (done.stdout + done.stderr).decode()[-2000:]
    return done.stdout.decode()


def test_kv(project: Path) -> None:
    put = ["kv", "key", "put", "theirs", "from wrangler", "--metadata", '{"by":"wrangler"}']
    wrangler(project, [*put, "--binding", "KV", "--local"])
    (found,) = edge(project, "kv_read")
    assert found == {"value": "from wrangler", "metadata": {"by": "wrangler"}}
    edge(project, "kv_write")
    get = ["kv", "key", "get", "--binding", "KV", "--local", "--text"]
    assert wrangler(project, [*get, "ours"]).strip() == "from edge"
    assert wrangler(project, [*get, "large"]).strip() == "x" * 200_000
    listed = json.loads(wrangler(project, ["kv", "key", "list", "--binding", "KV", "--local"]))
    assert [key["name"] for key in listed] == ["large", "ours", "theirs"]
    assert listed[1]["metadata"] == {"by": "edge"}


def test_r2(project: Path) -> None:
    (project / "theirs.txt").write_text("from wrangler")
    path = "shared-bucket/dir/theirs.txt"
    wrangler(project, ["r2", "object", "put", path, "--file", "theirs.txt", "--ct", "text/plain", "--local"])
    (found,) = edge(project, "r2_read")
    assert found == {"text": "from wrangler", "type": "text/plain"}
    edge(project, "r2_write")
    wrangler(project, ["r2", "object", "get", "shared-bucket/dir/ours.txt", "--file", "ours.txt", "--local"])
    assert (project / "ours.txt").read_text() == "from edge"


def test_d1(project: Path) -> None:
    execute = ["d1", "execute", "shared-db", "--local", "--json", "--command"]
    create = "CREATE TABLE users (id INTEGER PRIMARY KEY, name TEXT); INSERT INTO users (name) VALUES ('Ada')"
    wrangler(project, [*execute, create])
    assert edge(project, "d1_read", "d1_write") == [[{"id": 1, "name": "Ada"}], None]
    (rows,) = json.loads(wrangler(project, [*execute, "SELECT name FROM users ORDER BY id"]))
    assert [row["name"] for row in rows["results"]] == ["Ada", "Grace"]
