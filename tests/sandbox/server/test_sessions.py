"""Sessions: created, listed, deleted, and gone."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from edge.containers.engine import ContainerGone
from tests.sandbox.server.api import Api, Refused, with_api


def test_sessions_are_created_listed_and_deleted(tmp_path: Path) -> None:
    async def body(api: Api) -> None:
        made = await api.post("session/create", id="a", env={"X": "1", "Y": None}, cwd="/tmp")
        assert (made["success"], made["id"]) == (True, "a")
        assert (await api.exec("echo $X; pwd", "a"))["stdout"] == "1\n/tmp\n"
        with pytest.raises(Refused, match="Session 'a' already exists") as caught:
            await api.post("session/create", id="a")
        assert (caught.value.status, caught.value.code) == (409, "SESSION_ALREADY_EXISTS")
        assert (await api.post("session/create"))["id"].startswith("session-")
        assert (await api.get("session/list"))["sessions"][0] == "a"
        assert (await api.post("session/delete", sessionId="a"))["sessionId"] == "a"
        with pytest.raises(Refused, match="Session 'a' not found"):
            await api.post("session/delete", sessionId="a")

    with_api(tmp_path, body)


def test_a_session_has_its_own_timeout(tmp_path: Path) -> None:
    async def body(api: Api) -> None:
        await api.post("session/create", id="short", commandTimeoutMs=50)
        with pytest.raises(Refused, match="Command timeout after 50ms"):
            await api.exec("sleep 0.3", "short")
        await api.exec("sleep 0.1", "short", timeoutMs=30_000)

    with_api(tmp_path, body)


def test_an_unknown_session_is_opened_once(tmp_path: Path) -> None:
    async def body(api: Api) -> None:
        pids = await asyncio.gather(*(api.exec("echo $$", "new") for _ in range(4)))
        assert len({result["stdout"] for result in pids}) == 1

    with_api(tmp_path, body)


def test_a_session_in_a_directory_that_is_missing(tmp_path: Path) -> None:
    async def body(api: Api) -> None:
        with pytest.raises(Refused, match="Failed to create session 'a': No such file or directory"):
            await api.post("session/create", id="a", cwd="/not/here")
        await api.post("session/create", id="a")

    with_api(tmp_path, body)


def test_deleting_a_session_ends_its_command(tmp_path: Path) -> None:
    async def body(api: Api) -> None:
        begun = api.instance.place("/workspace/begun")
        running = asyncio.create_task(api.exec(f"touch {begun}; sleep 60", "a"))
        while not begun.exists():
            await asyncio.sleep(0.01)
        await api.post("session/delete", sessionId="a")
        with pytest.raises(Refused, match="Session 'a' was destroyed") as caught:
            await running
        assert (caught.value.status, caught.value.code) == (410, "SESSION_DESTROYED")

    with_api(tmp_path, body)


def test_a_caller_that_goes_away_changes_nothing(tmp_path: Path) -> None:
    async def body(api: Api) -> None:
        begun = api.instance.place("/workspace/begun")
        running = asyncio.create_task(api.exec(f"touch {begun}; sleep 0.2; KEPT=yes"))
        while not begun.exists():
            await asyncio.sleep(0.01)
        running.cancel()
        assert (await api.exec("echo $KEPT"))["stdout"] == "yes\n"

    with_api(tmp_path, body)


def test_a_container_that_goes_ends_every_call(tmp_path: Path) -> None:
    async def body(api: Api) -> None:
        begun = api.instance.place("/workspace/begun")
        calls = [
            asyncio.create_task(api.exec(f"touch {begun}; sleep 60")),
            asyncio.create_task(api.exec("echo queued")),
            asyncio.create_task(api.exec("sleep 60", None)),
        ]
        while not begun.exists():
            await asyncio.sleep(0.01)
        await asyncio.sleep(0.05)
        await api.instance.destroy()
        for error in await asyncio.gather(*calls, return_exceptions=True):
            assert isinstance(error, ContainerGone)

    with_api(tmp_path, body)
