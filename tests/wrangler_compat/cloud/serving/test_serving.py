"""What is deployed answers at once, with the stores that the API shows."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import httpx
import pytest

from edge.kernel.clock import WallClock
from edge.kernel.random import RandomStreams
from tests.loops import run
from tests.wrangler_compat.cloud.calls import Calls
from tests.wrangler_compat.cloud.workers.uploads import Files, upload_of
from wrangler_compat.cloud.app import api
from wrangler_compat.cloud.cloud import Cloud
from wrangler_compat.cloud.serving.doors import Doors

AT = "/workers/scripts/hello"
FLAGS = {"compatibility_flags": ["python_workers"], "compatibility_date": "2026-06-01"}
HELLO = """
from workers import Response, WorkerEntrypoint

class Default(WorkerEntrypoint):
    async def fetch(self, request):
        return Response({answer})
"""


def python(answer: str, **metadata: Any) -> Files:
    return upload_of({"entry.py": HELLO.replace("{answer}", answer)}, **FLAGS, **metadata)


@asynccontextmanager
async def serving(folder: Path | None = None) -> AsyncIterator[Calls]:
    cloud = Cloud(folder, WallClock(), RandomStreams(), serve=True)
    doors = Doors(api(cloud), cloud)
    transport = httpx.ASGITransport(app=doors)
    async with httpx.AsyncClient(transport=transport, base_url="http://cloud/client/v4") as client:
        try:
            calls = Calls(cloud, client)
            await cloud.start()
            yield calls
        finally:
            await cloud.close()


async def asked(calls: Calls, path: str = "/", host: str = "hello.localhost") -> tuple[int, str]:
    response = await calls.client.get(f"http://{host}{path}")
    return response.status_code, response.text


def test_the_deployed_version_answers() -> None:
    async def check() -> None:
        async with serving() as calls:
            assert (await asked(calls))[0] == 404
            first = await calls.ok("PUT", AT, files=python("'one'"))
            assert await asked(calls) == (200, "one")
            second = await calls.ok("POST", f"{AT}/versions", files=python("'two'"))
            assert second["startup_time_ms"] >= 0
            assert await asked(calls) == (200, "one")
            for version, answer in ((second["id"], "two"), (first["deployment_id"], "one")):
                body = {"versions": [{"version_id": version, "percentage": 100}]}
                await calls.ok("POST", f"{AT}/deployments", json=body)
                assert await asked(calls) == (200, answer)
            await calls.ok("POST", f"{AT}/subdomain", json={"enabled": False})
            assert (await asked(calls))[0] == 404
            await calls.ok("DELETE", AT)
            assert await asked(calls) == (
                404,
                "The Worker hello does not answer here: there is no such Worker.\n",
            )

    run(check())


def test_code_that_does_not_load_is_refused(tmp_path: Path) -> None:
    async def check() -> None:
        async with serving(tmp_path) as calls:
            await calls.ok("PUT", AT, files=python("'one'"))
            broken = upload_of({"entry.py": "import nowhere\n"}, **FLAGS)
            for method, path in (("PUT", AT), ("POST", f"{AT}/versions")):
                status, code, text = await calls.no(method, path, files=broken)
                assert (status, code) == (400, 10021)
                assert text == "src/entry.py:1: ModuleNotFoundError: No module named 'nowhere'"
            assert await asked(calls) == (200, "one")
            assert len((await calls.ok("GET", f"{AT}/versions"))["items"]) == 1
            assert len(list(tmp_path.rglob("workers/hello/*"))) == 1
            escape = upload_of({"entry.py": "pass", "../../out.py": "pass"}, **FLAGS)
            assert "cannot be the name of a file" in (await calls.no("PUT", AT, files=escape))[2]

    run(check())


def test_bindings_are_the_accounts_resources(tmp_path: Path) -> None:
    answer = """
            await self.env.KV.get("k") + self.env.TEXT + self.env.SECRET + str(self.env.JSON.a)
            + (await (await self.env.BUCKET.get("o")).text())
            + (await self.env.DB.prepare("SELECT a FROM t").first("a"))
            + (await (await self.env.OTHER.fetch("http://other/")).text())
    """

    async def check() -> None:
        async with serving(tmp_path) as calls:
            await calls.ok("PUT", "/workers/scripts/other", files=python("'other'"))
            kv = (await calls.ok("POST", "/storage/kv/namespaces", json={"title": "t"}))["id"]
            d1 = (await calls.ok("POST", "/d1/database", json={"name": "d"}))["uuid"]
            await calls.ok("POST", "/r2/buckets", json={"name": "bucket"})
            bindings = [
                {"name": "KV", "type": "kv_namespace", "namespace_id": kv},
                {"name": "DB", "type": "d1", "id": d1},
                {"name": "BUCKET", "type": "r2_bucket", "bucket_name": "bucket"},
                {"name": "TEXT", "type": "plain_text", "text": "text "},
                {"name": "SECRET", "type": "secret_text", "text": "secret "},
                {"name": "JSON", "type": "json", "json": {"a": 1}},
                {"name": "OTHER", "type": "service", "service": "other"},
            ]
            await calls.ok("PUT", f"/storage/kv/namespaces/{kv}/values/k", content=b"kv ")
            await calls.ok("PUT", "/r2/buckets/bucket/objects/o", content=b" r2 ")
            sql = "CREATE TABLE t (a); INSERT INTO t VALUES ('d1 ')"
            await calls.ok("POST", f"/d1/database/{d1}/query", json={"sql": sql})
            await calls.ok("PUT", AT, files=python(f"({answer})", bindings=bindings))
            assert await asked(calls) == (200, "kv text secret 1 r2 d1 other")
            await calls.ok("PUT", f"/storage/kv/namespaces/{kv}/values/k", content=b"newer ")
            await calls.ok("PUT", f"{AT}/secrets", json={"name": "SECRET", "text": "", "type": "secret_text"})
            assert await asked(calls) == (200, "newer text 1 r2 d1 other")

    run(check())


COUNTER = """
from workers import DurableObject, Response, WorkerEntrypoint

class Counter(DurableObject):
    async def count(self):
        n = (await self.ctx.storage.get("n") or 0) + 1
        await self.ctx.storage.put("n", n)
        return n

class Default(WorkerEntrypoint):
    async def fetch(self, request):
        return Response(f"VERSION {await self.env.COUNTER.getByName('x').count()}")
"""
COUNTERS = {"name": "COUNTER", "type": "durable_object_namespace", "class_name": "Counter"}
FIRST_MIGRATION = {"new_tag": "v1", "new_sqlite_classes": ["Counter"]}


def counter(version: str, **metadata: Any) -> Files:
    source = {"entry.py": COUNTER.replace("VERSION", version)}
    return upload_of(source, bindings=[COUNTERS], **FLAGS, **metadata)


def test_durable_objects_keep_their_data_through_deployments(tmp_path: Path) -> None:
    async def check() -> None:
        async with serving(tmp_path) as calls:
            await calls.ok("PUT", AT, files=counter("one", migrations=FIRST_MIGRATION))
            assert await asked(calls) == (200, "one 1")
            await calls.ok("PUT", AT, files=counter("two"))
            assert await asked(calls) == (200, "two 2")
        async with serving(tmp_path) as calls:  # it runs again after a start
            assert await asked(calls) == (200, "two 3")

    run(check())


@pytest.mark.parametrize("on_disk", [True, False])
def test_data_goes_with_its_class_and_with_its_worker(tmp_path: Path, on_disk: bool) -> None:
    async def check() -> None:
        async with serving(tmp_path if on_disk else None) as calls:
            await calls.ok("PUT", AT, files=counter("one", migrations=FIRST_MIGRATION))
            assert await asked(calls) == (200, "one 1")
            away = {"old_tag": "v1", "new_tag": "v2", "deleted_classes": ["Counter"]}
            await calls.ok("PUT", AT, files=python("'none'", migrations=away))
            assert list(tmp_path.rglob("v3/do/hello-Counter")) == []
            again = {"old_tag": "v2", "new_tag": "v3", "new_sqlite_classes": ["Counter"]}
            await calls.ok("PUT", AT, files=counter("new", migrations=again))
            assert await asked(calls) == (200, "new 1")
            await calls.ok("DELETE", AT)
            assert list(tmp_path.rglob("workers/hello")) == []
            await calls.ok("PUT", AT, files=counter("newest", migrations=FIRST_MIGRATION))
            assert await asked(calls) == (200, "newest 1")

    run(check())


def test_what_cannot_run_is_kept_all_the_same() -> None:
    async def check() -> None:
        async with serving() as calls:
            script = [("index.js", ("index.js", b"export default {}", "application/javascript+module"))]
            javascript = [*upload_of({}, main_module="index.js"), *script]
            await calls.ok("PUT", "/workers/scripts/js", files=javascript)
            status, text = await asked(calls, host="js.localhost")
            assert (status, "edge runs Workers in Python" in text) == (501, True)
            service = {"name": "JS", "type": "service", "service": "js"}
            await calls.ok("PUT", AT, files=python("'x'", bindings=[service]))
            assert (await asked(calls))[1] == (
                "The Worker hello does not answer here: it needs the Worker js, which does not run here.\n"
            )
            model = {"name": "MODEL", "type": "ai"}
            await calls.ok("PUT", AT, files=python("'x'", bindings=[model]))
            assert "of the type ai, which is not emulated" in (await asked(calls))[1]
            await calls.ok("PUT", AT, files=python("'x'"))
            assert await asked(calls) == (200, "x")

    run(check())


def test_accounts_have_hosts_of_their_own() -> None:
    async def check() -> None:
        async with serving() as calls:
            await calls.ok("PUT", AT, files=python("'first'"))
            calls.account = calls.cloud.accounts.ensure("other")
            calls.client.headers["authorization"] = f"Bearer {calls.account.token}"
            await calls.ok("PUT", AT, files=python("'second'"))
            assert (await calls.ok("GET", f"{AT}/subdomain"))["url"] == "http://hello.other.localhost"
            assert await asked(calls) == (200, "first")
            assert await asked(calls, host="hello.test.localhost") == (200, "first")
            assert await asked(calls, host="hello.other.localhost") == (200, "second")
            assert (await asked(calls, host="hello.nobody.localhost"))[0] == 404

    run(check())


def test_static_files_and_cron() -> None:
    source = """
from workers import Response, WorkerEntrypoint

class Default(WorkerEntrypoint):
    async def fetch(self, request):
        return Response(f"worker, {self.rung}")

    rung = "silent"

    async def scheduled(self, controller, env, ctx):
        Default.rung = controller.cron
"""

    async def check() -> None:
        async with serving() as calls:
            digest, page = "a" * 32, b"<p>page</p>"
            manifest = {"/page.html": {"hash": digest, "size": len(page)}}
            begun = await calls.ok("POST", f"{AT}/assets-upload-session", json={"manifest": manifest})
            headers = {"authorization": f"Bearer {begun['jwt']}"}
            sent = {digest: (digest, page, "text/html")}
            done = await calls.ok("POST", "/workers/assets/upload", files=sent, headers=headers)
            rules = {"_headers": "/*\n  x-rule: yes\n"}
            upload = upload_of({"entry.py": source}, assets={"jwt": done["jwt"], "config": rules}, **FLAGS)
            await calls.ok("PUT", AT, files=upload)
            found = await calls.client.get("http://hello.localhost/page")
            assert (found.text, found.headers["x-rule"]) == ("<p>page</p>", "yes")
            assert await asked(calls) == (200, "worker, silent")
            assert await asked(calls, "/cdn-cgi/handler/scheduled?cron=0+*+*+*+*") == (200, "ok")
            assert await asked(calls) == (200, "worker, 0 * * * *")

    run(check())


def test_a_worker_that_loads_no_more_leaves_the_others_running(tmp_path: Path) -> None:
    async def check() -> None:
        async with serving(tmp_path) as calls:
            await calls.ok("PUT", AT, files=python("'fine'"))
            await calls.ok("PUT", "/workers/scripts/other", files=python("'other'"))
        [entry] = tmp_path.rglob("workers/other/*/src/entry.py")
        entry.write_text("import gone_meanwhile\n")
        async with serving(tmp_path) as calls:
            assert await asked(calls) == (200, "fine")
            status, text = await asked(calls, host="other.localhost")
            assert status == 501
            assert "it does not load: src/entry.py:1: ModuleNotFoundError" in text
            await calls.ok("PUT", "/workers/scripts/other", files=python("'again'"))
            assert await asked(calls, host="other.localhost") == (200, "again")

    run(check())
