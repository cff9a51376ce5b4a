"""The API over one WebSocket."""

from __future__ import annotations

import asyncio
import base64
import json
from pathlib import Path

from tests.sandbox.server.api import Api, with_api
from tests.sandbox.server.socket_client import Client


def request(id: str, method: str, path: str, /, **body: object) -> dict[str, object]:
    frame: dict[str, object] = {"type": "request", "id": id, "method": method, "path": path}
    return {**frame, "body": body} if body else frame


def test_calls_are_answered_by_id(tmp_path: Path) -> None:
    async def body(api: Api) -> None:
        client = await Client.connect(api, "/ws")
        client.send_json(
            request("slow", "POST", "/api/execute", command="sleep 0.2; echo slow", sessionId="a")
        )
        client.send_json(request("fast", "GET", "/api/ping"))
        client.send_json(request("wrong", "POST", "/api/read", path="/workspace/none"))
        frames = {frame["id"]: frame for frame in [await client.json() for _ in range(3)]}
        assert list(frames)[-1] == "slow"
        assert frames["slow"]["body"]["stdout"] == "slow\n"
        assert frames["fast"]["type"] == "response"
        assert frames["fast"]["status"] == 200
        assert frames["fast"]["done"] is True
        assert frames["wrong"]["status"] == 404
        assert frames["wrong"]["body"]["code"] == "FILE_NOT_FOUND"

    with_api(tmp_path, body)


def test_streams_come_event_by_event(tmp_path: Path) -> None:
    async def body(api: Api) -> None:
        client = await Client.connect(api, "/ws")
        client.send_json(request("s", "POST", "/api/execute/stream", command="echo hi"))
        frames = []
        while (frame := await client.json())["type"] == "stream":
            frames.append(json.loads(frame["data"]))
        assert [event["type"] for event in frames] == ["start", "stdout", "complete"]
        assert frame == {"type": "response", "id": "s", "status": 200, "done": True}
        await api.post("write", path="/workspace/f", content="raw")
        client.send_json(request("raw", "POST", "/api/read", path="/workspace/f", encoding="none"))
        assert base64.b64decode((await client.json())["data"]) == b"raw"

    with_api(tmp_path, body)


def test_a_stream_is_cancelled(tmp_path: Path) -> None:
    async def body(api: Api) -> None:
        client = await Client.connect(api, "/ws")
        client.send_json(request("w", "POST", "/api/watch", path="/workspace"))
        assert json.loads((await client.json())["data"])["type"] == "watching"
        client.send_json({"type": "cancel", "id": "w"})
        assert (await client.json())["done"] is True
        client.send_json(request("w2", "POST", "/api/watch", path="/workspace"))
        await client.json()
        client.close()
        assert await client.frame() == 1000

    with_api(tmp_path, body)


def test_frames_that_are_no_requests(tmp_path: Path) -> None:
    async def body(api: Api) -> None:
        client = await Client.connect(api, "/ws")
        for frame in ("{", "[]", '{"id": "x"}', '{"type": "request", "id": "x", "method": "GET"}'):
            client.send(frame)
            error = await client.json()
            assert (error["type"], error["code"], error["status"]) == ("error", "VALIDATION_FAILED", 400)
        assert error["id"] == "x"

    with_api(tmp_path, body)


def test_a_container_that_goes_is_told(tmp_path: Path) -> None:
    async def body(api: Api) -> None:
        client = await Client.connect(api, "/ws")
        client.send_json(request("e", "POST", "/api/execute", command="touch begun; sleep 60", sessionId="a"))
        begun = api.instance.place("/workspace/begun")
        while not begun.exists():
            await asyncio.sleep(0.01)
        await api.instance.destroy()
        error = await client.json()
        assert (error["id"], error["code"], error["status"]) == ("e", "OPERATION_INTERRUPTED", 409)
        assert error["message"] == "Network connection lost."

    with_api(tmp_path, body)
