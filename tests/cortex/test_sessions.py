"""Sessions: what their records say, also beside deletion and a KV that refuses; what a replay holds."""

from __future__ import annotations

import asyncio
import json
from typing import Any

import pytest

from tests.cortex.worlds import ALL, BEFORE, FIVE, Cortex, playing
from wrangler_compat.lab.person import LAST, Person, Refused


async def listed(person: Person) -> dict[str, Any]:
    """The records of somebody's sessions, by id."""
    return {record["id"]: record for record in await person.call("GET", "/api/sessions/list")}


async def in_kv(world: Cortex, key: str) -> Any:
    text = await world.kv("SESSIONS_KV").get(key)
    return None if text is None else json.loads(text)


# -- the record


@pytest.mark.parametrize("switches", [BEFORE, FIVE, ALL])
def test_the_list_says_what_a_session_does(switches: str) -> None:
    async def play(world: Cortex) -> None:
        ada = await world.person()
        session_id = await ada.session(switches)
        created = (await listed(ada))[session_id]
        assert (created["status"], created["lastActiveAt"]) == ("creating", 0)
        await world.advance("10s")
        before_ms = world.clock.now() * 1000
        await ada.message(session_id, "hello", switches)
        await world.advance("1s")
        record = (await listed(ada))[session_id]
        assert record["status"] == "active"
        assert before_ms <= record["lastActiveAt"] <= world.clock.now() * 1000
        assert record["sdkSessionId"] is not None
        await ada.call("POST", f"/api/sessions/{session_id}/sleep")
        assert (await listed(ada))[session_id]["status"] == "sleeping"
        await world.advance("5s")
        assert (await in_kv(world, f"session:{session_id}"))["status"] == "sleeping"

    playing(play)


def test_a_session_that_gets_ready_ahead_says_so() -> None:
    async def play(world: Cortex) -> None:
        ada = await world.person()
        session_id = await ada.session(FIVE)
        await world.advance("30s")
        assert (await listed(ada))[session_id]["status"] == "active"

    playing(play, network="streaming-seed")


def test_a_sandbox_that_does_not_wake_is_told_and_tried_again() -> None:
    async def play(world: Cortex) -> None:
        ada = await world.person()
        fault = world.faults.add("container_start_fails", text="no capacity")
        session_id = await ada.session(FIVE)
        await world.advance("3m")  # the SDK's own patience
        assert (await listed(ada))[session_id]["status"] == "sleeping"
        fault.stop()
        assert (await ada.message(session_id, "hi", FIVE)).text.startswith("You said: hi")

    playing(play, faults=[])


def test_a_session_that_could_not_be_made_is_not_listed() -> None:
    async def play(world: Cortex) -> None:
        ada = await world.person()
        fault = world.faults.add("crash", of_class="Session", times=1)
        with pytest.raises(Refused) as refusal:
            await ada.session(FIVE)
        assert refusal.value.status == 503
        assert fault is not None
        assert await listed(ada) == {}
        await ada.session(FIVE)

    playing(play, faults=[])


# -- its end


@pytest.mark.parametrize("switches", [BEFORE, FIVE, ALL])
def test_an_answer_that_ends_after_the_session_changes_nothing(switches: str) -> None:
    async def play(world: Cortex) -> None:
        ada = await world.person()
        await ada.call("PUT", "/api/ai-providers", {"scripted": {"tokensPerS": 5}})
        session_id = await ada.session(switches)
        async with ada.connected(session_id, "m1", switches) as socket:
            await socket.send_json({"type": "query", "prompt": "tell me"})
            while (frame := await socket.receive_json())["type"] != "text-delta":
                pass
            await ada.call("DELETE", f"/api/sessions/{session_id}")
            while frame["type"] not in LAST:
                frame = await socket.receive_json()
        await world.advance("1m")
        await gone(world, ada, session_id)
        assert world.containers == []

    playing(play)


def test_a_wake_that_ends_after_the_session_changes_nothing() -> None:
    async def play(world: Cortex) -> None:
        ada = await world.person()
        session_id = await ada.session(ALL)
        await world.advance("500ms")  # the container starts, which takes longer
        await ada.call("DELETE", f"/api/sessions/{session_id}")
        await world.advance("2m")
        await gone(world, ada, session_id)
        assert world.containers == [], "what was started is stopped"

    playing(play, network="streaming-seed")


def test_updates_beside_a_deletion_do_not_list_the_session_again() -> None:
    async def play(world: Cortex) -> None:
        ada = await world.person()
        session_id = await ada.session(FIVE)
        path = f"/api/sessions/{session_id}"
        changes = [ada.call("PUT", path, {"name": f"name {number}"}) for number in range(4)]
        acts = [ada.call("POST", f"{path}/{what}") for what in ("resume", "sleep", "heartbeat")]
        deletions = [ada.call("DELETE", path) for _ in range(2)]
        done = await asyncio.gather(*changes, *deletions, *acts, return_exceptions=True)
        assert {one.status for one in done if isinstance(one, Refused)} <= {404}
        assert not [one for one in done if isinstance(one, Exception) and not isinstance(one, Refused)]
        await world.advance("1m")
        await gone(world, ada, session_id)

    for seed in range(4):
        playing(play, seed=seed, network="edge")


async def gone(world: Cortex, person: Person, session_id: str) -> None:
    """The session is nowhere but in KV, where it waits for its purge."""
    assert await listed(person) == {}
    for method, path, body in (
        ("GET", f"/api/sessions/{session_id}", None),
        ("PUT", f"/api/sessions/{session_id}", {"name": "again"}),
        ("POST", f"/api/sessions/{session_id}/resume", None),
    ):
        with pytest.raises(Refused) as refusal:
            await person.call(method, path, body)
        assert refusal.value.status == 404
    assert (await in_kv(world, f"session:{session_id}"))["status"] == "pending-delete"
    assert await in_kv(world, f"pending-delete:{session_id}") is not None


def test_a_purge_looks_beyond_a_page_of_kv() -> None:
    async def play(world: Cortex) -> None:
        ada = await world.person()
        session_id = await ada.session("")
        await ada.call("DELETE", f"/api/sessions/{session_id}")
        kv = world.kv("SESSIONS_KV")
        old = [f"pending-delete:{number:032x}" for number in range(1002)]
        for key in old:  # before it in the list, but not due yet
            await kv.put(key, str(world.clock.now() * 1000 + 10 * 24 * 3600_000))
        await world.advance("6d")
        assert await kv.get(f"session:{session_id}") is None
        assert await kv.get(old[0]) is not None

    playing(play)


# -- KV takes one write a second for each key


def test_changes_within_a_second_all_succeed_and_the_last_one_wins() -> None:
    async def play(world: Cortex) -> None:
        ada = await world.person()
        session_id = await ada.session("")
        for number in range(5):
            await ada.call("PUT", "/api/user/claude-md", {"content": f"turn {number}"})
            await ada.call("PUT", f"/api/sessions/{session_id}", {"name": f"name {number}"})
            await world.person()  # signs in again
        await asyncio.gather(
            *(ada.call("PUT", f"/api/user/rules/r{number}", {"content": "x"}) for number in range(5))
        )
        user_id = (await listed(ada))[session_id]["userId"]
        await world.advance("5s")
        assert (await in_kv(world, f"user-config:{user_id}:claude-md"))["value"] == {"content": "turn 4"}
        assert sorted((await in_kv(world, f"user-config:{user_id}:rules"))["value"]) == [
            f"r{number}" for number in range(5)
        ]
        assert (await in_kv(world, f"session:{session_id}"))["name"] == "name 4"
        assert (await listed(ada))[session_id]["name"] == "name 4"

    playing(play, network="edge")


def test_a_message_that_is_stored_twice_within_a_second_is_kept() -> None:
    async def play(world: Cortex) -> None:
        ada = await world.person()
        session_id = await ada.session("")
        for text in ("half", "whole"):
            body = {"sessionId": session_id, "messageId": "m", "content": text}
            await ada.call("POST", "/api/sdk/persist", body)
        await world.advance("5s")
        (stored,) = await ada.call("GET", f"/api/sdk/replay/{session_id}")
        assert stored["content"] == "whole"

    playing(play, network="edge")


def test_copies_outlast_an_outage_and_a_restart() -> None:
    async def play(world: Cortex) -> None:
        ada = await world.person()
        session_id = await ada.session("")
        fault = world.faults.add("kv_error", operation="put", status=503)
        await ada.call("PUT", "/api/user/claude-md", {"content": "new"})
        await ada.call("PUT", f"/api/sessions/{session_id}", {"name": "new"})
        await world.reload(world.config)  # every object begins a new life
        await world.advance("10m")
        user_id = (await listed(ada))[session_id]["userId"]
        assert await in_kv(world, f"user-config:{user_id}:claude-md") is None
        fault.stop()
        await world.advance("2m")
        assert (await in_kv(world, f"user-config:{user_id}:claude-md"))["value"] == {"content": "new"}
        assert (await in_kv(world, f"session:{session_id}"))["name"] == "new"

    playing(play, faults=[])


@pytest.mark.parametrize("switches", [BEFORE, FIVE, ALL])
def test_messages_outlast_an_outage_of_kv(switches: str) -> None:
    async def play(world: Cortex) -> None:
        ada = await world.person()
        session_id = await ada.session(switches)
        fault = world.faults.add("kv_error", namespace="cortex-sessions", operation="put", status=503)
        answer = await ada.message(session_id, "remember me", switches)
        assert answer.text.startswith("You said: remember me")
        fault.stop()
        await world.advance("2m")
        stored = await ada.call("GET", f"/api/sdk/replay/{session_id}")
        assert stored[0]["content"] == "remember me"

    playing(play, faults=[])


@pytest.mark.parametrize("switches", ["config_cache", FIVE, ALL])
def test_the_configuration_comes_from_the_truth_while_kv_is_out(switches: str) -> None:
    async def play(world: Cortex) -> None:
        ada = await world.person()
        await ada.call("PUT", "/api/user/commands/greet", {"content": "Greet them."})
        session_id = await ada.session(switches)
        world.faults.add("kv_error", namespace="cortex-sessions", operation="get", status=503)
        answer = await ada.message(session_id, "[command:/greet]\n", switches)
        assert answer.text.startswith("You said: Greet them.")

    playing(play, faults=[])


# -- replay and switches


def test_a_replay_goes_beyond_a_page_of_kv() -> None:
    async def play(world: Cortex) -> None:
        ada = await world.person()
        session_id = await ada.session("")
        kv = world.kv("SESSIONS_KV")
        for number in range(1203):
            record = {"role": "user", "content": str(number), "timestamp": 1203 - number}
            await kv.put(f"message:{session_id}:m{number}:user", json.dumps(record))
        replay = await ada.call("GET", f"/api/sdk/replay/{session_id}")
        assert [message["content"] for message in replay] == [str(number) for number in reversed(range(1203))]

    playing(play)


def test_a_replay_is_read_in_parts_that_kv_gives() -> None:
    async def play(world: Cortex) -> None:
        ada = await world.person()
        session_id = await ada.session("")
        kv = world.kv("SESSIONS_KV")
        for number in range(30):  # more than the 25 MB of one bulk read
            record = {"role": "user", "content": "x" * 1_000_000, "timestamp": number}
            await kv.put(f"message:{session_id}:m{number}:user", json.dumps(record))
        assert len(await ada.call("GET", f"/api/sdk/replay/{session_id}")) == 30

    playing(play)


@pytest.mark.parametrize("own", [BEFORE, FIVE, "resumable", "config_cache,warm_agent", ALL])
def test_without_switches_in_the_address_a_session_has_its_own(own: str) -> None:
    async def play(world: Cortex) -> None:
        ada = await world.person()
        session_id = await ada.session(own)
        path = f"/api/sdk/ws?sessionId={session_id}&messageId=m1"
        async with ada.client.websocket(path, protocols=["cortex", ada.token]) as socket:
            answer = await ada.ask(socket, "hello")
        assert answer.timing["switches"] == sorted(filter(None, own.split(",")))

    playing(play)
