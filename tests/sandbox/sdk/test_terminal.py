"""Terminals and WebSockets (spec section 5.9)."""

from __future__ import annotations

import json

import pytest

from tests.sandbox.sdk.house import SdkHouse


@pytest.mark.capability("terminals")
def test_a_terminal_of_the_session(sdk: SdkHouse) -> None:
    async def body() -> None:
        await sdk.box().exec("cd /tmp; export SHOWN=1")
        async with sdk.world.client.websocket("/terminal") as socket:
            while True:
                message = await socket.receive()
                if isinstance(message, str) and json.loads(message)["type"] == "ready":
                    break
            await socket.send(b"stty size; echo sho'wn' $SHOWN $PWD $TERM; exit 3\n")
            shown = b""
            while True:
                message = await socket.receive()
                if isinstance(message, bytes):
                    shown += message
                    continue
                control = json.loads(message)
                if control["type"] == "exit":
                    break
            assert b"30 100" in shown
            assert b"shown 1 /tmp xterm-256color" in shown
            assert control["code"] == 3

    sdk.run(body)


def test_only_upgrades_get_a_terminal(sdk: SdkHouse) -> None:
    async def body() -> None:
        with pytest.raises(Exception, match=r"terminal\(\) requires a WebSocket upgrade request"):
            await sdk.world.client.get("/terminal")

    sdk.run(body)
