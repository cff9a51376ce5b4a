"""Packages at the agent server: archives that come in, and those that are built for others."""

from __future__ import annotations

import asyncio
import hashlib
import json
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest

from tests.cortex.container.doubles import MemoryHost
from tests.cortex.container.test_agent_server import server_on
from tests.cortex.container.test_ws_agent_server import Served, served

from machine import RealHost  # isort: skip
from package_archive import Entry, packed  # isort: skip

__all__ = ["served"]
SPEC = "@scope/tool@1.0.0"


def archive_of(name: str = "@scope/tool") -> tuple[str, bytes]:
    archive = packed([Entry(f"lib/node_modules/{name}/package.json", json.dumps({"name": name}).encode())])
    return hashlib.sha256(archive).hexdigest(), archive


def put(sha256: str, spec: str) -> tuple[str, str]:
    return "PUT", f"/packages/{sha256}/{quote(spec, safe='')}"


def asked(host: MemoryHost, *requests: tuple[str, str, Any]) -> list[tuple[int, Any]]:
    async def scenario() -> list[tuple[int, Any]]:
        server = server_on(host)
        return [await server.http(*request) for request in requests]

    return asyncio.run(scenario())


def test_an_archive_that_comes_in_is_a_package_that_is_installed() -> None:
    host = MemoryHost()
    sha256, archive = archive_of()
    wanted = {"packages": [SPEC], "cached": True}
    before, taken, after, health = asked(
        host,
        ("POST", "/prepare", wanted),
        (*put(sha256, SPEC), archive),
        ("POST", "/prepare", wanted),
        ("GET", "/health", None),
    )
    assert (before[1]["missing"], after[1]["missing"]) == ([SPEC], [])
    assert taken == (200, {"installed": [SPEC]})
    assert health[1]["installed"] == [SPEC]
    assert host.ran == [], "npm had nothing to do"


def test_an_archive_that_is_not_what_its_hash_says_is_not_unpacked() -> None:
    host = MemoryHost()
    sha256, archive = archive_of()
    for content in (archive + b"\0", archive[:-1], b"", {"no": "bytes"}):
        ((status, answer),) = asked(host, (*put(sha256, SPEC), content))
        assert (status, "hash" in answer["error"]) == (422, True)
    assert host.files == {}


def test_an_archive_of_another_package_is_not_unpacked() -> None:
    host = MemoryHost()
    sha256, archive = archive_of("npm")
    ((status, answer),) = asked(host, (*put(sha256, SPEC), archive))
    assert (status, "is no path of @scope/tool" in answer["error"]) == (422, True)
    assert host.files == {}


@pytest.mark.parametrize("spec", ["--global-style", "a b", "../etc", "x" * 215])
def test_what_is_no_package_is_refused(spec: str) -> None:
    host = MemoryHost()
    sha256, archive = archive_of()
    answers = asked(
        host, (*put(sha256, spec), archive), ("POST", "/packages/build", {"package": spec}),
        ("POST", "/packages", {"packages": [spec]}), ("POST", "/packages/build", None),
    )  # fmt: skip
    assert [status for status, _ in answers] == [400] * 4
    assert (host.files, host.ran) == ({}, [])


def test_a_package_is_built_apart_and_fetched_by_its_hash() -> None:
    host = MemoryHost()

    async def scenario() -> tuple[Any, Any, Any]:
        server = server_on(host)
        status, made = await server.http("POST", "/packages/build", {"package": SPEC})
        assert status == 200
        fetched = await server.http("GET", f"/packages/{made['sha256']}", None)  # type: ignore[index]
        return made, fetched, await server.http("GET", f"/packages/{'0' * 64}", None)

    made, (status, archive), (unknown, _) = asyncio.run(scenario())
    assert (status, unknown) == (200, 404)
    assert hashlib.sha256(archive).hexdigest() == made["sha256"]
    assert (made["version"], made["bytes"]) == ("1.0.0", len(archive))
    assert asked(host, ("GET", "/packages", None)) == [(200, {"installed": []})], "built, not installed"
    other = MemoryHost()
    assert asked(other, (*put(made["sha256"], SPEC), archive))[0][0] == 200


def test_a_package_that_cannot_be_built_says_so() -> None:
    host = MemoryHost()
    host.run_code = 1
    ((status, answer),) = asked(host, ("POST", "/packages/build", {"package": SPEC}))
    assert (status, answer) == (502, {"error": "npm ended with 1"})


def test_another_version_takes_the_place_of_the_first() -> None:
    host = MemoryHost()
    sha256, archive = archive_of()
    asked(
        host, (*put(sha256, "@scope/tool@1.0.0"), archive), (*put(sha256, "@scope/tool@2.0.0"), archive),
    )  # fmt: skip
    assert asked(host, ("GET", "/packages", None)) == [(200, {"installed": ["@scope/tool@2.0.0"]})]


def test_what_the_container_remembers_but_has_not_is_missing() -> None:
    host = MemoryHost()
    host.files["/tmp/vf-state.json"] = json.dumps({"npmPackagesInstalled": [SPEC]})
    ((_, answer),) = asked(host, ("POST", "/prepare", {"packages": [SPEC], "cached": True}))
    assert answer["missing"] == [SPEC]


def test_npm_is_asked_for_what_the_cache_has_not() -> None:
    host = MemoryHost()
    now, later = asked(
        host, ("POST", "/packages", {"packages": ["a"]}), ("POST", "/packages", {"packages": ["a"]})
    )
    assert (now[1]["installed"], later[1]["installed"]) == (["a"], [])
    assert host.ran == [["npm", "install", "-g", "--prefer-offline", "--", "a"]]


def test_the_real_server_takes_an_archive_by_http_and_refuses_a_wrong_one(served: Served) -> None:
    sha256, archive = archive_of("npm")
    assert served.send(*put("0" * 64, SPEC), archive)[1]["error"] == "the archive is not what its hash says"
    status, answer = served.send(*put(sha256, SPEC), archive)
    assert (status, "is no path of @scope/tool" in answer["error"]) == (422, True)
    assert served.send("GET", f"/packages/{sha256}", b"", "application/json")[0] == 404


def test_the_real_machine_unpacks_into_npms_prefix(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("npm_config_prefix", str(tmp_path / "prefix"))
    _, archive = archive_of()
    asyncio.run(RealHost().unpack(archive, "@scope/tool"))
    assert (tmp_path / "prefix/lib/node_modules/@scope/tool/package.json").exists()
    assert asyncio.run(RealHost().pack(str(tmp_path / "prefix"), "@scope/tool")) == archive
