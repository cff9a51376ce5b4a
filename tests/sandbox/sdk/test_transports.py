"""What calls cost, and how they travel (spec section 7)."""

from __future__ import annotations

import asyncio
from collections import Counter
from typing import Any

import pytest

from tests.sandbox.sdk.house import SdkHouse


class Counts:
    """How many calls reached the object, and how many requests the container."""

    def __init__(self, sdk: SdkHouse, patch: pytest.MonkeyPatch) -> None:
        self.calls: Counter[str] = Counter()
        self.requests: Counter[str] = Counter()
        self._count_calls(patch)
        self._count_requests(sdk, patch)

    def _count_calls(self, patch: pytest.MonkeyPatch) -> None:
        from edge.durable.stub import DurableObjectStub

        start, calls = DurableObjectStub._start_rpc, self.calls

        def counted(stub: DurableObjectStub, method: str, args: Any) -> Any:
            calls[method] += 1
            return start(stub, method, args)

        patch.setattr(DurableObjectStub, "_start_rpc", counted)

    def _count_requests(self, sdk: SdkHouse, patch: pytest.MonkeyPatch) -> None:
        from edge.containers.port import ContainerPort

        fetch, requests = ContainerPort._fetch, self.requests

        async def counted(port: ContainerPort, request: Any) -> Any:
            requests[request.url.removeprefix("http://localhost:3000")] += 1
            return await fetch(port, request)

        patch.setattr(ContainerPort, "_fetch", counted)


def test_sixty_polls_cost_sixty_subrequests(sdk: SdkHouse, monkeypatch: pytest.MonkeyPatch) -> None:
    """What the design behind Cortex did at first: look for a port by `exec`, over and over."""
    counts = Counts(sdk, monkeypatch)

    async def body() -> None:
        box = sdk.box()
        for _ in range(60):
            await box.exec("true")
        assert counts.calls == {"configure": 1, "exec": 60}
        # One to make the session, and those that looked whether the container is up.
        asked = {path: count for path, count in counts.requests.items() if path.startswith("/api")}
        assert asked == {"/api/session/create": 1, "/api/execute": 60}

    sdk.run(body)


@pytest.mark.capability("real programs")
def test_waiting_for_a_port_costs_one(sdk: SdkHouse, monkeypatch: pytest.MonkeyPatch) -> None:
    counts = Counts(sdk, monkeypatch)

    async def body() -> None:
        box = sdk.box()
        process = await box.start_process(
            "sleep 0.3; exec python3 -m http.server 8123", env={"PYTHONUNBUFFERED": "1"}
        )
        await process.wait_for_port(8123, interval=20, timeout=20_000)
        await process.wait_for_port(8123, mode="tcp", timeout=20_000)
        assert counts.calls["waitForProcessPort"] == 2
        assert counts.requests["/api/port-watch"] == 2

    sdk.run(body)


def test_one_websocket_carries_all_calls(sdk: SdkHouse, monkeypatch: pytest.MonkeyPatch) -> None:
    counts = Counts(sdk, monkeypatch)

    async def body() -> None:
        box, errors = sdk.box(transport="websocket"), sdk.sandbox.errors
        results = await asyncio.gather(*(box.exec(f"echo {n}") for n in range(20)))
        assert [result.stdout for result in results] == [f"{n}\n" for n in range(20)]
        stream = await box.exec_stream("echo streamed; exit 2")
        events = [event async for event in sdk.sandbox.parse_sse_stream(stream)]
        assert [(event.type, event.get("data")) for event in events] == [
            ("start", None),
            ("stdout", "streamed\n"),
            ("complete", None),
        ]
        with pytest.raises(errors.FileNotFoundError, match="File not found: /nowhere"):
            await box.read_file("/nowhere")
        with pytest.raises(errors.FileNotFoundError):
            await box.read_file_stream("/nowhere")
        await box.write_file("/workspace/x", b"\x00\x01")
        whole = await sdk.sandbox.collect_file(await box.read_file_stream("/workspace/x"))
        assert whole.content == b"\x00\x01"
        assert counts.requests["/ws"] == 1
        assert not [path for path in counts.requests if path.startswith("/api")]
        endless = await box.exec_stream("while :; do echo more; done")
        async for event in sdk.sandbox.parse_sse_stream(endless):
            if event.type == "stdout":
                break
        assert (await box.exec("echo on")).stdout == "on\n"

    sdk.run(body)


def test_a_container_that_ends_breaks_the_websocket(sdk: SdkHouse, monkeypatch: pytest.MonkeyPatch) -> None:
    counts = Counts(sdk, monkeypatch)

    async def body() -> None:
        box = sdk.box(transport="websocket")
        begun = asyncio.Event()
        running = asyncio.ensure_future(
            box.exec("echo begun; sleep 30", stream=True, on_output=lambda *_: begun.set())
        )
        await begun.wait()
        waiting = asyncio.ensure_future(box.exec("sleep 30"))
        while counts.calls["exec"] < 1:
            await asyncio.sleep(0.01)
        await sdk.kill()
        with pytest.raises(Exception, match="."):
            await running
        with pytest.raises(sdk.sandbox.errors.OperationInterruptedError):
            await waiting
        assert (await box.exec("echo back")).stdout == "back\n"

    sdk.run(body)
