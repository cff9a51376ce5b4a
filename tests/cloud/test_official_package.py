"""The official `cloudflare` package as a client."""

from __future__ import annotations

from pathlib import Path

import pytest
from cloudflare import (
    APIStatusError,
    AsyncCloudflare,
    NotFoundError,
    PermissionDeniedError,
)

from tests.cloud.running import RunningCloud, running_cloud
from tests.loops import run

pytestmark = pytest.mark.slow  # its import alone takes a second


def client_of(cloud: RunningCloud) -> AsyncCloudflare:
    return AsyncCloudflare(api_token=cloud.token, base_url=cloud.url, max_retries=0)


def test_kv_in_bulk(tmp_path: Path) -> None:
    async def check() -> None:
        async with running_cloud(tmp_path) as cloud, client_of(cloud) as client:
            at = {"account_id": cloud.account_id}
            made = await client.kv.namespaces.create(title="first", **at)
            pairs = [{"key": f"key-{number:04}", "value": f"value {number}"} for number in range(2500)]
            pairs[0] |= {"metadata": {"colour": "blue"}, "expiration_ttl": 3600}
            done = await client.kv.namespaces.bulk_update(made.id, body=pairs, **at)
            assert done.successful_key_count == 2500

            listed = [key async for key in await client.kv.namespaces.keys.list(made.id, **at)]
            assert [key.name for key in listed] == [pair["key"] for pair in pairs]
            assert listed[0].metadata == {"colour": "blue"}
            assert listed[0].expiration is not None
            assert listed[1].expiration is None

            keys = ["key-0001", "key-0002", "missing"]
            found = await client.kv.namespaces.bulk_get(made.id, keys=keys, **at)
            assert found.values == {"key-0001": "value 1", "key-0002": "value 2", "missing": None}

            gone = await client.kv.namespaces.bulk_delete(made.id, body=keys[:2], **at)
            assert gone.successful_key_count == 2
            with pytest.raises(NotFoundError) as missing:
                await client.kv.namespaces.values.get("key-0001", namespace_id=made.id, **at)
            assert missing.value.errors[0].code == 10009

    run(check())


def test_a_value_with_metadata() -> None:
    async def check() -> None:
        async with running_cloud() as cloud, client_of(cloud) as client:
            at = {"account_id": cloud.account_id}
            made = await client.kv.namespaces.create(title="first", **at)
            name = "a/b c?ü%2F"
            await client.kv.namespaces.values.update(
                name, namespace_id=made.id, value="text ü".encode(), metadata={"n": 1}, **at
            )
            found = await client.kv.namespaces.values.get(name, namespace_id=made.id, **at)
            assert await found.read() == "text ü".encode()
            assert await client.kv.namespaces.metadata.get(name, namespace_id=made.id, **at) == {"n": 1}
            await client.kv.namespaces.values.update("raw", namespace_id=made.id, value=b"\0\xff", **at)
            found = await client.kv.namespaces.values.get("raw", namespace_id=made.id, **at)
            assert await found.read() == b"\0\xff"

    run(check())


def test_namespaces_page_by_page() -> None:
    async def check() -> None:
        async with running_cloud() as cloud, client_of(cloud) as client:
            at = {"account_id": cloud.account_id}
            for number in range(7):
                await client.kv.namespaces.create(title=f"ns {number}", **at)
            pages = await client.kv.namespaces.list(order="title", per_page=3, **at)
            assert [found.title async for found in pages] == [f"ns {number}" for number in range(7)]
            with pytest.raises(APIStatusError) as twice:
                await client.kv.namespaces.create(title="ns 3", **at)
            assert twice.value.errors[0].code == 10014

    run(check())


def test_who_am_i() -> None:
    async def check() -> None:
        async with running_cloud() as cloud, client_of(cloud) as client:
            assert (await client.user.tokens.verify()).status == "active"
            assert [account.id async for account in await client.accounts.list()] == [cloud.account_id]
            with pytest.raises(PermissionDeniedError) as foreign:
                await client.kv.namespaces.list(account_id="0" * 32)
            assert foreign.value.errors[0].code == 10000
            with pytest.raises(PermissionDeniedError) as wrong:
                await client.with_options(api_token="wrong").user.get()
            assert wrong.value.errors[0].code == 9109

    run(check())


def test_a_worker_is_uploaded_and_deployed() -> None:
    async def check() -> None:
        async with running_cloud() as cloud, client_of(cloud) as client:
            at = {"account_id": cloud.account_id}
            metadata = {
                "main_module": "src/entry.py",
                "compatibility_date": "2026-06-01",
                "compatibility_flags": ["python_workers"],
                "bindings": [{"name": "COLOUR", "type": "plain_text", "text": "blue"}],
            }
            files = [("src/entry.py", b"pass\n", "text/x-python"), ("page.html", b"<p>", "text/plain")]
            made = await client.workers.scripts.update("hello", metadata=metadata, files=files, **at)
            assert made.compatibility_date == "2026-06-01"
            assert [script.id async for script in await client.workers.scripts.list(**at)] == ["hello"]
            workers = cloud.cloud.workers
            version = workers.current(workers.require(cloud.account_id, "hello"))
            assert version is not None
            modules = [(module.name, module.content) for module in workers.versions.modules(version)]
            assert modules == [(name, content) for name, content, _ in files]

            secret = {"name": "TOKEN", "text": "x", "type": "secret_text"}
            await client.workers.scripts.secrets.update("hello", **secret, **at)
            listed = await client.workers.scripts.secrets.list("hello", **at)
            assert [found.name async for found in listed] == ["TOKEN"]
            versions = [found async for found in await client.workers.scripts.versions.list("hello", **at)]
            assert [found.number for found in versions] == [2, 1]
            assert versions[1].id == version.id
            back = [{"percentage": 100, "version_id": version.id}]
            with pytest.raises(APIStatusError) as changed:
                await client.workers.scripts.deployments.create(
                    "hello", strategy="percentage", versions=back, **at
                )
            assert changed.value.errors[0].code == 10220
            await client.workers.scripts.deployments.create(
                "hello", strategy="percentage", versions=back, force=True, **at
            )
            assert workers.current(workers.require(cloud.account_id, "hello")) == version
            await client.workers.scripts.delete("hello", **at)
            with pytest.raises(NotFoundError) as gone:
                await client.workers.scripts.secrets.list("hello", **at)
            assert gone.value.errors[0].code == 10007

    run(check())


def test_r2_objects() -> None:
    async def check() -> None:
        async with running_cloud() as cloud, client_of(cloud) as client:
            at = {"account_id": cloud.account_id}
            await client.r2.buckets.create(name="first", **at)
            objects = client.r2.buckets.objects
            for name in ("a", "dir/b", "dir/c"):
                await objects.upload(name, b"\0" + name.encode(), bucket_name="first", **at)
            found = await objects.get("dir/b", bucket_name="first", **at)
            assert await found.read() == b"\0dir/b"
            listed = [entry async for entry in await objects.list("first", prefix="dir/", **at)]
            assert [(entry.key, entry.size) for entry in listed] == [("dir/b", 6), ("dir/c", 6)]
            await objects.delete("dir/b", bucket_name="first", **at)
            with pytest.raises(NotFoundError) as gone:
                await objects.get("dir/b", bucket_name="first", **at)
            assert gone.value.errors[0].code == 10007
            assert [bucket.name for bucket in (await client.r2.buckets.list(**at)).buckets] == ["first"]

    run(check())


def test_d1_queries() -> None:
    async def check() -> None:
        async with running_cloud() as cloud, client_of(cloud) as client:
            at = {"account_id": cloud.account_id}
            made = await client.d1.database.create(name="library", **at)
            sql = "CREATE TABLE t (a, b); INSERT INTO t VALUES (1, 'x'), (2, NULL)"
            await client.d1.database.query(made.uuid, sql=sql, **at)
            [page] = [
                found
                async for found in await client.d1.database.query(
                    made.uuid, sql="SELECT * FROM t WHERE a > ?", params=["1"], **at
                )
            ]
            assert page.results == []  # a text is greater than every number
            [raw] = [
                found async for found in await client.d1.database.raw(made.uuid, sql="SELECT * FROM t", **at)
            ]
            assert (raw.results.columns, raw.results.rows) == (["a", "b"], [[1, "x"], [2, None]])
            assert [found.name async for found in await client.d1.database.list(**at)] == ["library"]
            assert (await client.d1.database.get(made.uuid, **at)).num_tables == 1

    run(check())
