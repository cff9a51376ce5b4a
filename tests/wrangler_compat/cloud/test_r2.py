"""R2 through the API: buckets, metadata, listings, uploads that are cut off."""

from __future__ import annotations

from pathlib import Path

from tests.loops import run
from tests.wrangler_compat.cloud.calls import calling

R2 = "/r2/buckets"
AT = f"{R2}/first"


def test_the_life_of_a_bucket() -> None:
    async def check() -> None:
        async with calling() as calls:
            for name in ("a", "UPPER", "-dash", None):
                assert (await calls.no("POST", R2, json={"name": name}))[1] == 10005
            made = await calls.ok("POST", R2, json={"name": "first", "locationHint": "weur"})
            assert (made["location"], made["storage_class"]) == ("weur", "Standard")
            changed = await calls.ok("PATCH", AT, headers={"cf-r2-storage-class": "InfrequentAccess"})
            assert changed["storage_class"] == "InfrequentAccess"
            assert (await calls.no("PATCH", AT, headers={"cf-r2-storage-class": "Cold"}))[0] == 400
            await calls.ok("POST", R2, json={"name": "second"})
            found = await calls.ok("GET", R2, params={"name_contains": "sec"})
            assert [bucket["name"] for bucket in found["buckets"]] == ["second"]
            await calls.ok("PUT", f"{AT}/objects/k", content=b"x")
            assert (await calls.no("DELETE", AT))[:2] == (409, 10008)
            await calls.ok("DELETE", f"{AT}/objects/k")
            await calls.ok("DELETE", AT)
            assert (await calls.no("GET", f"{AT}/objects/k"))[:2] == (404, 10006)

    run(check())


def test_metadata_is_kept() -> None:
    async def check() -> None:
        async with calling() as calls:
            await calls.ok("POST", R2, json={"name": "first"})
            headers = {
                "content-type": "text/css",
                "content-language": "de",
                "content-disposition": "inline",
                "content-encoding": "identity",
                "cache-control": "no-store",
                "expires": "Fri, 02 Jan 2026 00:00:00 GMT",
            }
            await calls.ok("PUT", f"{AT}/objects/style.css", content=b"p {}", headers=headers)
            found = await calls.raw("GET", f"{AT}/objects/style.css")
            assert {name: found.headers[name] for name in headers} == headers
            [listed] = await calls.ok("GET", f"{AT}/objects")
            assert listed["http_metadata"]["cacheExpiry"] == "2026-01-02T00:00:00.000000Z"
            assert f'"{listed["etag"]}"' == found.headers["etag"]
            wrong = {"expires": "soon"}
            assert (await calls.no("PUT", f"{AT}/objects/x", content=b"", headers=wrong))[0] == 400

    run(check())


def test_listings() -> None:
    async def check() -> None:
        async with calling() as calls:
            await calls.ok("POST", R2, json={"name": "first"})
            for name in ("a", "dir/b", "dir/c", "e"):
                await calls.ok("PUT", f"{AT}/objects/{name}", content=name.encode())
            page = (await calls.raw("GET", f"{AT}/objects", params={"delimiter": "/"})).json()
            assert [entry["key"] for entry in page["result"]] == ["a", "e"]
            assert page["result_info"]["delimited"] == ["dir/"]
            first = (await calls.raw("GET", f"{AT}/objects", params={"per_page": 3})).json()
            assert first["result_info"]["is_truncated"]
            more = {"cursor": first["result_info"]["cursor"]}
            second = (await calls.raw("GET", f"{AT}/objects", params=more)).json()
            assert [entry["key"] for entry in second["result"]] == ["e"]
            assert (await calls.no("GET", f"{AT}/objects", params={"per_page": 1001}))[1] == 10022

    run(check())


def test_large_objects_are_streamed(tmp_path: Path) -> None:
    async def check() -> None:
        async with calling(tmp_path) as calls:
            await calls.ok("POST", R2, json={"name": "first"})
            content = bytes(range(256)) * 3000
            await calls.ok("PUT", f"{AT}/objects/large", content=content)
            found = await calls.raw("GET", f"{AT}/objects/large")
            assert found.content == content
            assert found.headers["content-length"] == str(len(content))
            assert (await calls.no("GET", f"{AT}/objects/{'k' * 1025}"))[1] == 10020

    run(check())
