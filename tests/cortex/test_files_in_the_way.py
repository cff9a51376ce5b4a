"""Credential files whose places are taken: by each other, or by what somebody made in the container."""

from __future__ import annotations

from typing import Any

import pytest

from tests.cortex.worlds import BEFORE, FIVE, Cortex, playing

SWITCHES = pytest.mark.parametrize("switches", [BEFORE, FIVE, f"{FIVE},one_round_trip"])


def server(path: str, content: str) -> dict[str, Any]:
    return {"name": "s", "command": "ls", "credentialFiles": [{"path": path, "content": content}]}


@SWITCHES
def test_a_file_gives_way_to_a_directory_and_back(switches: str) -> None:
    async def play(world: Cortex) -> None:
        ada = await world.person()
        session_id = await ada.session(switches)
        for path in ("/root/keys", "/root/keys/github", "/root/other"):
            await ada.call("POST", "/api/mcp", server(path, f"for {path}"))
            answer = await ada.message(session_id, "hello", switches)
            assert answer.text.startswith("You said: hello"), answer.last
            files = world.containers[0].tree
            assert files.read(path).decode() == f"for {path}"
        with pytest.raises(FileNotFoundError):
            files.read("/root/keys/github")

    playing(play)


@SWITCHES
def test_a_directory_in_the_place_of_a_file_that_goes_stays(switches: str) -> None:
    async def play(world: Cortex) -> None:
        ada = await world.person()
        session_id = await ada.session(switches)
        await ada.call("POST", "/api/mcp", server("/workspace/key", "x"))
        await ada.message(session_id, "hello", switches)
        await ada.message(
            session_id,
            "[tool:run rm /workspace/key; mkdir /workspace/key; echo mine > /workspace/key/own]",
            switches,
        )
        await ada.call("DELETE", "/api/mcp/s")
        answer = await ada.message(session_id, "again", switches)
        assert answer.text.startswith("You said: again"), answer.last
        assert world.containers[0].tree.read("/workspace/key/own") == b"mine\n"

    playing(play)
