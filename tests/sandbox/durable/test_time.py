"""What takes its time: sleeping, staying awake, starting again and again (spec sections 4 and 7)."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from edge.containers.engine import NoInstance, StartFailed
from edge.http.headers import Headers
from edge.http.request import Request
from edge.http.response import Response
from edge.kernel.clock import VirtualClock
from tests.edge.containers.double import DoubleEngine
from tests.sandbox.sdk.house import SdkHouse, Suited

Answer = tuple[int, Any]


class Scripted:
    """What listens on port 3000: says `exec` went well, or what the test put in its place."""

    def __init__(self) -> None:
        self.answers: list[Answer] = []
        self.asked: list[tuple[float, str]] = []
        self.clock = VirtualClock()

    async def __call__(self, request: Request) -> Response:
        path = request.url.removeprefix("http://localhost:3000")
        if not path.startswith("/api/execute"):
            return reply(200, {"success": True})
        self.asked.append((round(self.clock.now() - self.clock_start_s, 3), path))
        status, body = self.answers.pop(0) if self.answers else (200, {"success": True, "exitCode": 0})
        return reply(status, body)

    def start(self) -> None:
        self.clock_start_s = self.clock.now()


def reply(status: int, body: Any) -> Response:
    data = body.encode() if isinstance(body, str) else json.dumps(body).encode()
    return Response.make(data, status, headers=Headers([("content-type", "application/json")]))


@pytest.fixture
def server() -> Scripted:
    return Scripted()


@pytest.fixture
def engine(server: Scripted) -> DoubleEngine:
    engine = DoubleEngine()
    engine.services[3000] = server
    return engine


@pytest.fixture
def sdk(
    tmp_path: Path, engine: DoubleEngine, server: Scripted, monkeypatch: pytest.MonkeyPatch
) -> Iterator[SdkHouse]:
    monkeypatch.setattr("tests.sandbox.sdk.house.Supervised", lambda engine, _: engine)
    house = SdkHouse(Suited(lambda _: engine, lambda: server.clock), tmp_path)
    server.start()
    yield house
    house.close()


def test_it_sleeps_after_ten_minutes_without_a_call(sdk: SdkHouse, engine: DoubleEngine) -> None:
    async def body() -> None:
        box = sdk.box()
        await box.exec("true")
        await sdk.world.advance("9m")
        await box.exec("true")
        await sdk.world.advance("9m")
        assert engine.instances[0].signals == []
        await sdk.world.advance("2m")
        assert engine.instances[0].signals == [15]
        await box.exec("true")
        assert len(engine.instances) == 2

    sdk.run(body)


def test_sleep_after_is_kept(sdk: SdkHouse, engine: DoubleEngine) -> None:
    async def body() -> None:
        box = sdk.box(sleep_after="30s")
        await box.exec("true")
        await sdk.world.advance("35s")
        assert engine.instances[0].signals == [15]
        await box.set_sleep_after("1h")
        await box.exec("true")
        await sdk.world.advance("50m")
        assert engine.instances[1].signals == []

    sdk.run(body)


def test_kept_alive_until_told_otherwise(sdk: SdkHouse, engine: DoubleEngine) -> None:
    async def body() -> None:
        box = sdk.box(keep_alive=True)
        await box.exec("true")
        await sdk.world.advance("5h")
        assert engine.instances[0].signals == []
        await box.set_keep_alive(False)
        await sdk.world.advance("11m")
        assert engine.instances[0].signals == [15]

    sdk.run(body)


def test_503_is_tried_again(sdk: SdkHouse, server: Scripted) -> None:
    async def body() -> None:
        server.answers = [(503, {"code": "INTERNAL_ERROR", "message": "not yet"})] * 3
        await sdk.box().exec("true")
        times_s = [time_s for time_s, _ in server.asked]
        assert [later - earlier for earlier, later in zip(times_s, times_s[1:], strict=False)] == [3, 6, 12]

    sdk.run(body)


def test_503_for_ever_is_given_up(sdk: SdkHouse, server: Scripted) -> None:
    async def body() -> None:
        server.answers = [(503, {"code": "INTERNAL_ERROR", "message": "Never."})] * 100
        with pytest.raises(sdk.sandbox.SandboxError, match="Never."):
            await sdk.box().exec("true")
        assert 120 <= server.asked[-1][0] <= 150

    sdk.run(body)


@pytest.mark.parametrize(
    ("answer", "code", "message"),
    [
        ((404, {"code": "FILE_NOT_FOUND", "message": "gone"}), "FILE_NOT_FOUND", "gone"),
        ((500, "<html>"), "INTERNAL_ERROR", "HTTP error! status: 500"),
        ((500, ["list"]), "INTERNAL_ERROR", "HTTP error! status: 500"),
        ((200, "no json"), "INVALID_JSON_RESPONSE", "Response was not valid JSON"),
    ],
)
def test_other_answers_are_errors_at_once(
    sdk: SdkHouse, server: Scripted, answer: Answer, code: str, message: str
) -> None:
    async def body() -> None:
        server.answers = [answer]
        with pytest.raises(sdk.sandbox.SandboxError) as failed:
            await sdk.box().exec("true")
        assert (failed.value.code, str(failed.value)) == (code, message)
        assert len(server.asked) == 1

    sdk.run(body)


def test_no_instance_is_waited_for(sdk: SdkHouse, engine: DoubleEngine) -> None:
    async def body() -> None:
        engine.start_failure = NoInstance("all run")
        began_s = sdk.world.clock.now()
        with pytest.raises(sdk.sandbox.errors.ContainerUnavailableError) as failed:
            await sdk.box().exec("true")
        error = failed.value
        assert (error.code, error.http_status) == ("CONTAINER_UNAVAILABLE", 503)
        assert error.context["retryable"] is True
        assert sdk.world.clock.now() - began_s >= 120

    sdk.run(body)


def test_an_instance_that_comes_late(sdk: SdkHouse, engine: DoubleEngine) -> None:
    async def body() -> None:
        engine.start_failure = StartFailed("the host had no room")

        def relent() -> None:
            engine.start_failure = None

        sdk.world.clock.call_at(sdk.world.clock.now() + 20, relent)
        assert (await sdk.box().exec("true")).success

    sdk.run(body)
