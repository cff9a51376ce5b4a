"""Namespaces, and what removing one leaves behind."""

from __future__ import annotations

from pathlib import Path

from tests.loops import run
from tests.wrangler_compat.cloud.calls import calling

KV = "/storage/kv/namespaces"


def test_the_life_of_a_namespace(tmp_path: Path) -> None:
    async def check() -> None:
        async with calling(tmp_path) as calls:
            made = await calls.ok("POST", KV, json={"title": "first"})
            at = f"{KV}/{made['id']}"
            assert await calls.ok("GET", at) == {**made, "supports_url_encoding": True}
            assert (await calls.ok("PUT", at, json={"title": "renamed"}))["title"] == "renamed"
            other = await calls.ok("POST", KV, json={"title": "first"})
            taken = "a namespace with this account ID and title already exists"
            renaming = await calls.no("PUT", f"{KV}/{other['id']}", json={"title": "renamed"})
            assert renaming == (400, 10014, taken)

            await calls.ok("PUT", f"{at}/values/key", content=b"x" * 100_000)
            assert [path for path in tmp_path.rglob("*") if made["id"] in path.name] != []
            await calls.ok("DELETE", at)
            assert [path for path in tmp_path.rglob("*") if made["id"] in path.name] == []
            assert await calls.no("GET", f"{at}/keys") == (404, 10013, "namespace not found")
            assert [found["title"] for found in await calls.ok("GET", KV)] == ["first"]

    run(check())


def test_a_namespace_is_its_accounts_own() -> None:
    async def check() -> None:
        async with calling() as calls:
            made = await calls.ok("POST", KV, json={"title": "first"})
            calls.account = calls.cloud.accounts.ensure("other")
            calls.client.headers["authorization"] = f"Bearer {calls.account.token}"
            assert await calls.ok("GET", KV) == []
            assert (await calls.no("GET", f"{KV}/{made['id']}/values/k"))[1] == 10013
            await calls.ok("POST", KV, json={"title": "first"})

    run(check())


def test_everything_is_kept(tmp_path: Path) -> None:
    async def check() -> None:
        async with calling(tmp_path) as calls:
            made = await calls.ok("POST", KV, json={"title": "first"})
            await calls.ok("PUT", f"{KV}/{made['id']}/values/key", content=b"kept")
            token = calls.account.token
        async with calling(tmp_path) as calls:
            assert calls.account.token == token
            assert (await calls.raw("GET", f"{KV}/{made['id']}/values/key")).content == b"kept"

    run(check())


def test_titles_and_pages_that_are_wrong() -> None:
    async def check() -> None:
        async with calling() as calls:
            for title in ("", 7, None, "t" * 513):
                assert (await calls.no("POST", KV, json={"title": title}))[0] == 400
            assert (await calls.no("GET", KV, params={"page": "x"}))[0] == 400

    run(check())
