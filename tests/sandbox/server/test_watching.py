"""Changes of files, streamed and asked for."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from sandbox.server import watching
from sandbox.server.snapshot import Filter
from tests.sandbox.server.api import Api, Refused, with_api


async def gather(events: AsyncIterator[dict[str, Any]], count: int) -> list[tuple[str, str, bool]]:
    found = []
    for _ in range(count):
        event = await anext(events)
        assert event["type"] == "event"
        found.append((event["eventType"], event["path"], event["isDirectory"]))
    return found


def test_changes_are_streamed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(watching, "INTERVAL_S", 0.02)

    async def body(api: Api) -> None:
        home = api.instance.place("/workspace")
        (home / "old").write_text("x")
        events = api.events("POST", "watch", path="/workspace")
        first = await anext(events)
        assert (first["type"], first["path"]) == ("watching", "/workspace")
        (home / "dir").mkdir()
        assert await gather(events, 1) == [("create", "/workspace/dir", True)]
        (home / "dir" / "new").write_text("y")
        assert await gather(events, 1) == [("create", "/workspace/dir/new", False)]
        (home / "old").write_text("longer")
        assert await gather(events, 1) == [("modify", "/workspace/old", False)]
        (home / "old").chmod(0o600)
        assert await gather(events, 1) == [("attrib", "/workspace/old", False)]
        (home / "old").rename(home / "moved")
        assert await gather(events, 2) == [
            ("delete", "/workspace/old", False),
            ("create", "/workspace/moved", False),
        ]
        api.instance.place("/workspace").rename(tmp_path / "gone")
        assert (await anext(events))["type"] == "stopped"

    with_api(tmp_path, body)


def test_a_watch_that_is_cancelled_ends(tmp_path: Path) -> None:
    async def body(api: Api) -> None:
        response = await api.send("POST", "/api/watch", {"path": "/workspace"})
        stream = response.take_payload()
        await stream.pull()  # type: ignore[union-attr]
        waiting = asyncio.create_task(stream.pull())  # type: ignore[union-attr]
        await asyncio.sleep(0)
        await stream._cancel(None)  # type: ignore[union-attr]
        async with asyncio.timeout(5):
            await waiting

    with_api(tmp_path, body)


def test_asking_for_changes(tmp_path: Path) -> None:
    async def body(api: Api) -> None:
        async def check(**options: Any) -> Any:
            return await api.post("watch/check", path="/workspace", **options)

        file = api.instance.place("/workspace/a")
        first = await check()
        assert first["status"] == "unchanged"
        assert (await check(since=first["version"]))["status"] == "unchanged"
        file.write_text("x")
        second = await check(since=first["version"])
        assert second["status"] == "changed"
        assert second["version"] != first["version"]
        assert (await check(since=second["version"]))["status"] == "unchanged"
        assert (await check(since=first["version"]))["status"] == "changed"
        assert (await check(since="other:1"))["reason"] == "restart"
        expired = await check(since=first["version"], include=["*.ts"])
        assert (expired["status"], expired["reason"]) == ("resync", "expired")
        file.write_text("more")
        typescript = await check(since=expired["version"], include=["*.ts"])
        assert typescript["status"] == "unchanged"

    with_api(tmp_path, body)


def test_errors(tmp_path: Path) -> None:
    async def body(api: Api) -> None:
        with pytest.raises(Refused, match="include and exclude cannot be used together") as caught:
            await api.post("watch/check", path="/workspace", include=["a"], exclude=["b"])
        assert caught.value.status == 400
        with pytest.raises(Refused) as caught:
            await anext(api.events("POST", "watch", path="/workspace/none"))
        assert (caught.value.status, caught.value.code) == (404, "FILE_NOT_FOUND")

    with_api(tmp_path, body)


def test_filters() -> None:
    assert Filter().passes("a/b")
    assert Filter(include=("*.ts",)).passes("src/a.ts")
    assert not Filter(include=("*.ts",)).passes("src/a.js")
    assert not Filter(exclude=("node_modules",)).passes("node_modules/x/y.js")
    assert Filter(exclude=("node_modules", ".git")).passes("src/.gitignore")
