"""Browsers that leave in mid-answer, come back, come twice or want what is not there."""

from __future__ import annotations

from typing import Any

import pytest

from tests.cortex.worlds import ALL, FIVE, Cortex, playing
from wrangler_compat.lab.person import LAST, Frame, Person

SPAWNED = f"{FIVE},resumable"


async def until_end(socket: Any, frames: list[Frame]) -> list[Frame]:
    while not frames or frames[-1]["type"] not in LAST:
        frames.append(await socket.receive_json())
    return frames


def text_of(frames: list[Frame]) -> str:
    return "".join(frame["text"] for frame in frames if frame["type"] == "text-delta")


async def talking(person: Person, **pace: float) -> None:
    await person.call("PUT", "/api/ai-providers", {"scripted": pace})


@pytest.mark.parametrize("switches", [SPAWNED, ALL])
def test_a_browser_that_closes_its_connection_does_not_harm_the_run(switches: str) -> None:
    async def play(world: Cortex) -> None:
        ada = await world.person()
        await talking(ada, tokensPerS=200, tokens=200)
        session_id = await ada.session(switches)
        async with ada.connected(session_id, "m1", switches) as stays:
            await stays.send_json({"type": "query", "prompt": "tell me"})
            heard = [await stays.receive_json()]
            for after in (0, 9999) * 10:  # tabs that hear the same, or are refused, each for a moment
                async with ada.connected(session_id, "m1", switches, after=after) as tab:
                    await tab.receive_json()
            await until_end(stays, heard)
        assert heard[-1]["type"] == "done", heard[-1]
        assert text_of(heard) == heard[-1]["fullText"]
        assert [frame["seq"] for frame in heard] == list(range(1, len(heard) + 1))

    playing(play, network="edge")


@pytest.mark.parametrize("switches", [SPAWNED, ALL])
def test_of_a_long_answer_nothing_is_lost_although_the_browser_was_away(switches: str) -> None:
    async def play(world: Cortex) -> None:
        ada = await world.person()
        await talking(ada, tokens=2500)
        session_id = await ada.session(switches)
        async with ada.connected(session_id, "m1", switches) as socket:
            await socket.send_json({"type": "query", "prompt": "everything"})
            frames = [await socket.receive_json() for _ in range(10)]
        await world.advance("5m")
        async with ada.connected(session_id, "m1", switches, after=frames[-1]["seq"]) as socket:
            await until_end(socket, frames)
        assert [frame["seq"] for frame in frames] == list(range(1, len(frames) + 1))
        assert text_of(frames) == frames[-1]["fullText"]
        assert len(frames) > 2500

    playing(play)


@pytest.mark.parametrize("switches", [SPAWNED, ALL])
def test_what_is_not_there_is_told_at_once(switches: str) -> None:
    async def first(person: Person, session_id: str, message_id: str, after: int) -> tuple[str, int | None]:
        async with person.connected(session_id, message_id, switches, after=after) as socket:
            frame = await socket.receive_json("1s")
        return frame["type"], frame.get("status")

    async def play(world: Cortex) -> None:
        ada = await world.person()
        session_id = await ada.session(switches)
        last = (await ada.message(session_id, "hello", switches)).last["seq"]
        assert await first(ada, session_id, "ada-1", last - 1) == ("done", None)
        assert await first(ada, session_id, "ada-1", 9999) == ("error", 409)
        assert await first(ada, session_id, "never", 7) == ("error", 404)
        for number in range(20):
            await ada.message(session_id, f"later {number}", switches)
        assert await first(ada, session_id, "ada-1", 3) == ("error", 404)
        replay = await ada.call("GET", f"/api/sdk/replay/{session_id}")
        assert sum(message["role"] == "user" for message in replay) == 21

    playing(play)


@pytest.mark.parametrize("switches", [SPAWNED, ALL])
def test_a_message_that_is_sent_twice_is_answered_once(switches: str) -> None:
    async def play(world: Cortex) -> None:
        ada = await world.person()
        session_id = await ada.session(switches)
        for _ in range(2):  # the second browser knows nothing of the first
            async with ada.connected(session_id, "m1", switches) as socket:
                answer = await ada.ask(socket, "hello")
            assert answer.text == answer.last["fullText"]
        async with ada.connected(session_id, "m1", switches) as socket:
            await socket.send_json({"type": "query", "prompt": "another"})
            frames: list[Frame] = []
            while not frames or frames[-1].get("status") != 409:
                frames.append(await socket.receive_json("1s"))
        replay = await ada.call("GET", f"/api/sdk/replay/{session_id}")
        assert [message["role"] for message in replay] == ["user", "assistant"]

    playing(play)


@pytest.mark.parametrize("switches", ["", FIVE, SPAWNED, "warm_agent", ALL])
def test_a_stop_before_the_first_token_ends_the_message_at_once(switches: str) -> None:
    async def play(world: Cortex) -> None:
        ada = await world.person()
        await talking(ada, tokensPerS=10, tokens=1000)
        session_id = await ada.session(switches)
        for message_id in ("cold", "warm"):
            async with ada.connected(session_id, message_id, switches) as socket:
                await socket.send_json({"type": "query", "prompt": "a long story"})
                await socket.send_json({"type": "stop"})
                await socket.send_json({"type": "stop"})
                frames = await until_end(socket, [])
            assert (frames[-1]["type"], frames[-1].get("stopped")) == ("done", True)
            assert text_of(frames) == ""
        await talking(ada)
        assert (await ada.message(session_id, "next", switches)).text.startswith("You said: next")
        await world.advance("5s")
        replay = await ada.call("GET", f"/api/sdk/replay/{session_id}")
        assert [one["content"] for one in replay if one["role"] == "user"] == ["a long story"] * 2 + ["next"]

    playing(play, network="streaming-seed")


@pytest.mark.parametrize("switches", [FIVE, SPAWNED, ALL])
def test_a_sandbox_that_is_put_to_sleep_in_mid_answer_is_not_woken_by_it(switches: str) -> None:
    async def play(world: Cortex) -> None:
        ada = await world.person()
        await talking(ada, tokensPerS=5)
        session_id = await ada.session(switches)
        async with ada.connected(session_id, "m1", switches) as socket:
            await socket.send_json({"type": "query", "prompt": "tell me"})
            while (await socket.receive_json())["type"] != "text-delta":
                pass
            await ada.call("POST", f"/api/sessions/{session_id}/sleep")
            frames = await until_end(socket, [])
            assert frames[-1]["type"] == "error", frames[-1]
        started = len(world.containers)
        await world.advance("2m")
        assert len(world.containers) == started
        await talking(ada)
        answer = await ada.message(session_id, "awake", switches)
        assert answer.text.startswith("You said: awake")
        assert answer.total_ms < 60_000

    playing(play, network="streaming-seed")


@pytest.mark.parametrize("switches", [SPAWNED, ALL])
def test_an_answer_comes_before_what_is_said_to_it(switches: str) -> None:
    async def play(world: Cortex) -> None:
        ada = await world.person()
        session_id = await ada.session(switches)
        for number in range(3):
            await ada.message(session_id, str(number), switches)
        await world.advance("5s")
        replay = await ada.call("GET", f"/api/sdk/replay/{session_id}")
        assert [message["role"] for message in replay] == ["user", "assistant"] * 3

    playing(play, network="edge")
