"""Uploads, deployments and secrets through the API: each whole, or not at all."""

from __future__ import annotations

from typing import Any

import pytest

from tests.loops import run
from tests.wrangler_compat.cloud.calls import Calls, calling
from tests.wrangler_compat.cloud.workers.uploads import upload_of

AT = "/workers/scripts/hello"
DURABLE = {"name": "BOARD", "type": "durable_object_namespace", "class_name": "Board"}


async def deployed(calls: Calls) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = (await calls.ok("GET", f"{AT}/deployments"))["deployments"]
    return found


def test_versions_answer_when_they_are_deployed() -> None:
    async def check() -> None:
        async with calling() as calls:
            assert (await calls.no("POST", f"{AT}/versions", files=upload_of()))[1] == 10007
            first = await calls.ok("PUT", AT, files=upload_of())
            second = await calls.ok("POST", f"{AT}/versions", files=upload_of({"entry.py": "x = 1"}))
            assert second["number"] == 2
            assert [entry["versions"] for entry in await deployed(calls)] == [
                [{"version_id": first["deployment_id"], "percentage": 100}]
            ]
            split = [
                {"version_id": first["deployment_id"], "percentage": 90},
                {"version_id": second["id"], "percentage": 10},
            ]
            assert (await calls.ok("POST", f"{AT}/deployments", json={"versions": split}))[
                "versions"
            ] == split
            [newest, first_one] = await deployed(calls)
            assert await calls.ok("GET", f"{AT}/deployments/{first_one['id']}") == first_one
            assert (await calls.no("GET", f"{AT}/deployments/nonsense"))[0] == 404

    run(check())


@pytest.mark.parametrize(
    "versions", [None, [], [{"version_id": "x"}], [{"version_id": "x", "percentage": 60}], "text"]
)
def test_deployments_that_make_no_sense(versions: Any) -> None:
    async def check() -> None:
        async with calling() as calls:
            await calls.ok("PUT", AT, files=upload_of())
            assert (await calls.no("POST", f"{AT}/deployments", json={"versions": versions}))[:2] == (
                400,
                10210,
            )
            unknown = {"versions": [{"version_id": "x", "percentage": 100}]}
            assert (await calls.no("POST", f"{AT}/deployments", json=unknown))[:2] == (404, 100146)
            assert len(await deployed(calls)) == 1

    run(check())


def test_an_upload_that_is_refused_leaves_nothing() -> None:
    async def check() -> None:
        async with calling() as calls:
            refused = await calls.no("PUT", AT, files=upload_of(bindings=[DURABLE]))
            assert refused[1] == 10061
            assert (await calls.no("GET", f"{AT}/deployments"))[1] == 10007
            migration = {"new_tag": "v1", "new_sqlite_classes": ["Board"]}
            await calls.ok("PUT", AT, files=upload_of(bindings=[DURABLE], migrations=migration))
            service = {"name": "GONE", "type": "service", "service": "gone"}
            again = {"old_tag": "v1", "new_tag": "v2", "deleted_classes": ["Board"]}
            refused = await calls.no("PUT", AT, files=upload_of(bindings=[service], migrations=again))
            assert refused[1] == 10143
            await calls.ok("PUT", AT, files=upload_of(bindings=[DURABLE]))  # the class is still there
            assert (await calls.ok("GET", f"{AT}/settings"))["migration_tag"] == "v1"
            assert (await calls.no("POST", f"{AT}/versions", files=upload_of(migrations=again)))[1] == 10211

    run(check())


def test_a_version_never_changes() -> None:
    async def check() -> None:
        async with calling() as calls:
            text = {"name": "TEXT", "type": "plain_text", "text": "one"}
            first = await calls.ok("PUT", AT, files=upload_of(bindings=[text]))
            shown = await calls.ok("GET", f"{AT}/versions/{first['deployment_id']}")
            await calls.ok("PUT", f"{AT}/secrets", json={"name": "S", "text": "x", "type": "secret_text"})
            await calls.ok("PUT", AT, files=upload_of())
            assert await calls.ok("GET", f"{AT}/versions/{first['deployment_id']}") == shown
            assert (await calls.ok("GET", f"{AT}/settings"))["bindings"] == [
                {"name": "S", "type": "secret_text"}
            ]
            assert (await calls.no("GET", f"{AT}/versions/nonsense"))[1] == 100146

    run(check())


def test_secrets_that_are_wrong() -> None:
    async def check() -> None:
        async with calling() as calls:
            good = {"name": "S", "text": "x", "type": "secret_text"}
            assert (await calls.no("PUT", f"{AT}/secrets", json=good))[1] == 10007
            await calls.ok("PUT", AT, files=upload_of())
            for bad in ({"text": 1}, {"name": ""}, {"type": "secret_key"}):
                assert (await calls.no("PUT", f"{AT}/secrets", json={**good, **bad}))[1] == 10021
            changes = {"secrets": {"A": {**good, "name": "A"}, "GONE": None}}
            assert (await calls.no("PATCH", f"{AT}/secrets-bulk", json=changes))[1] == 10056
            assert await calls.ok("GET", f"{AT}/secrets") == []

    run(check())


def test_removing_what_others_use() -> None:
    async def check() -> None:
        async with calling() as calls:
            await calls.ok("PUT", AT, files=upload_of())
            service = {"name": "HELLO", "type": "service", "service": "hello"}
            await calls.ok("PUT", "/workers/scripts/user", files=upload_of(bindings=[service]))
            references = await calls.ok("GET", f"{AT}/references")
            assert references["services"]["incoming"] == [
                {"service": "user", "environment": "production", "name": "HELLO"}
            ]
            assert (await calls.no("DELETE", AT))[1] == 10064
            await calls.ok("DELETE", AT, params={"force": "true"})
            assert (await calls.no("GET", "/workers/services/hello"))[1] == 10007
            assert [found["id"] for found in await calls.ok("GET", "/workers/scripts")] == ["user"]

    run(check())


def test_contents_are_kept_once_and_go_with_the_last_version() -> None:
    async def check() -> None:
        async with calling() as calls:
            count = "SELECT count(*) FROM contents"
            for name in ("hello", "other"):
                await calls.ok("PUT", f"/workers/scripts/{name}", files=upload_of())
            assert calls.cloud.catalogue.rows(count)[0][0] == 1
            await calls.ok("DELETE", "/workers/scripts/hello")
            assert calls.cloud.catalogue.rows(count)[0][0] == 1
            await calls.ok("DELETE", "/workers/scripts/other")
            assert calls.cloud.catalogue.rows(count)[0][0] == 0

    run(check())


def test_many_secrets_at_once() -> None:
    async def check() -> None:
        async with calling() as calls:
            await calls.ok("PUT", AT, files=upload_of())
            good = {"text": "x", "type": "secret_text"}
            await calls.ok("PATCH", f"{AT}/secrets-bulk", json={"secrets": {"A": good, "B": good}})
            await calls.ok("PATCH", f"{AT}/secrets-bulk", json={"secrets": {"A": None, "C": good}})
            shown = [{"name": name, "type": "secret_text"} for name in ("B", "C")]
            assert await calls.ok("GET", f"{AT}/secrets") == shown
            assert await calls.ok("GET", f"{AT}/secrets/B") == shown[0]
            assert (await calls.no("GET", f"{AT}/secrets/A"))[1] == 10056
            assert (await calls.no("PATCH", f"{AT}/secrets-bulk", json={}))[1] == 10021
            await calls.ok("DELETE", f"{AT}/secrets/B")
            taken = {"name": "TEXT", "type": "plain_text", "text": "t"}
            await calls.ok("PUT", AT, files=upload_of(bindings=[taken]))
            assert (await calls.no("PUT", f"{AT}/secrets", json={**good, "name": "TEXT"}))[1] == 10053

    run(check())


def test_secrets_that_wait_for_a_deployment() -> None:
    async def check() -> None:
        async with calling() as calls:
            await calls.ok("PUT", AT, files=upload_of())
            latest = "/workers/workers/hello/versions/latest"
            body = {"env": {"S": {"type": "secret_text", "text": "x"}}, "annotations": {"workers/tag": "t"}}
            made = await calls.ok("PATCH", latest, json=body)
            assert made["annotations"]["workers/tag"] == "t"
            assert len(await deployed(calls)) == 1
            refused = await calls.no("PUT", f"{AT}/secrets", json={"name": "T", **body["env"]["S"]})
            assert refused[1] == 10215
            assert (await calls.no("PATCH", latest, json={"main_module": "x"}))[1] == 10021

    run(check())
