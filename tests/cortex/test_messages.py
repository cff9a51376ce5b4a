"""Messages: every combination of switches answers, and what must never happen does not."""

from __future__ import annotations

import asyncio
import itertools
import json
from dataclasses import replace
from typing import Any

import pytest

from edge.config import WorldConfig
from edge.simulator.user import LOST
from tests.cortex.worlds import ALL, BEFORE, CONFIG, FIVE, MCP, Cortex, playing
from wrangler_compat.lab.person import LAST, Answer, Person

EACH = [*(name for name in ALL.split(",")), BEFORE, FIVE, ALL]


@pytest.mark.parametrize("switches", EACH)
def test_every_switch_answers_and_tells_its_waterfall(switches: str) -> None:
    async def play(world: Cortex) -> None:
        ada = await world.person()
        await ada.call("POST", "/api/mcp", MCP)
        session_id = await ada.session(switches)
        for prompt in ("one", "two"):
            answer = await ada.message(session_id, prompt, switches)
            assert answer.last["type"] in ("done", "process-exit"), answer.last
            assert answer.text.startswith(f"You said: {prompt}")
            assert answer.timing["switches"] == sorted(filter(None, switches.split(",")))
            assert answer.timing["firstTokenMs"] >= 0
            assert {step["step"] for step in answer.timing["steps"]} >= {1, 3, 11}

    playing(play)


@pytest.mark.parametrize("switches", [BEFORE, ALL])
def test_nothing_relies_on_what_is_forgiven_at_the_boundary(switches: str) -> None:
    async def play(world: Cortex) -> None:
        ada = await world.person()
        session_id = await ada.session(switches)
        for prompt in ("one", "two"):
            answer = await ada.message(session_id, prompt, switches)
            assert answer.text.startswith(f"You said: {prompt}"), answer.last

    strict = tuple(replace(worker, strict_ffi="calls") for worker in CONFIG.workers)
    playing(play, config=WorldConfig(strict))


def test_pairs_of_switches_answer_too() -> None:
    async def play(world: Cortex) -> None:
        ada = await world.person()
        for pair in itertools.combinations(ALL.split(","), 2):
            switches = ",".join(pair)
            session_id = await ada.session(switches)
            answer = await ada.message(session_id, "hi", switches)
            assert answer.text.startswith("You said: hi"), (pair, answer.last)

    playing(play)


def test_before_is_the_chain_of_the_design_step_by_step() -> None:
    async def play(world: Cortex) -> Answer:
        ada = await world.person()
        await ada.call("POST", "/api/mcp", MCP)
        session_id = await ada.session(BEFORE)
        await ada.message(session_id, "first", BEFORE)
        return await ada.message(session_id, "second", BEFORE)

    answer = playing(play, network="streaming-seed")
    steps = answer.timing["steps"]
    assert [step["step"] for step in steps] == [1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 11]
    ends = [step["endMs"] for step in steps]
    assert ends == sorted(ends)
    assert all(step["lane"] == 0 for step in steps), "nothing runs side by side"
    assert 8000 <= answer.timing["firstTokenMs"] <= 10000


def test_after_is_what_the_design_promises() -> None:
    def measured(switches: str, network: Any) -> float:
        async def play(world: Cortex) -> float:
            ada = await world.person()
            await ada.call("POST", "/api/mcp", MCP)
            session_id = await ada.session(switches)
            await ada.message(session_id, "first", switches)
            return float((await ada.message(session_id, "second", switches)).timing["firstTokenMs"])

        return float(playing(play, network=network))

    assert measured(FIVE, "streaming-seed") <= 1500
    assert measured(ALL, "streaming-seed") <= 1100


def test_a_change_of_the_profile_moves_the_figures(tmp_path: Any) -> None:
    from importlib.resources import files

    text = (files("edge.network") / "profiles" / "streaming-seed.toml").read_text()
    slower = tmp_path / "slower.toml"
    slower.write_text(text.replace("first_token = 1000.0", "first_token = 1700.0"))

    async def play(world: Cortex) -> float:
        ada = await world.person()
        session_id = await ada.session(ALL)
        await ada.message(session_id, "first", ALL)
        return float((await ada.message(session_id, "second", ALL)).timing["firstTokenMs"])

    difference_ms = playing(play, network=slower) - playing(play, network="streaming-seed")
    assert difference_ms == pytest.approx(700, abs=20)


# -- the configuration cache


@pytest.mark.parametrize("switches", [FIVE, ALL])
def test_no_message_runs_with_what_was_before_an_acknowledged_change(switches: str) -> None:
    async def play(world: Cortex) -> None:
        ada = await world.person()
        session_id = await ada.session(switches)
        seen = [await config_of(ada, session_id, switches)]
        for turn in range(5):
            await ada.call("PUT", "/api/user/claude-md", {"content": f"turn {turn}"})
            seen.append(await config_of(ada, session_id, switches))
        assert len(set(seen)) == len(seen), "each message saw its own change"

    for seed in range(5):
        playing(play, seed=seed, network="edge")


async def config_of(person: Person, session_id: str, switches: str) -> str:
    answer = await person.message(session_id, "which configuration?", switches)
    return next(str(frame["configHash"]) for frame in answer.frames if frame["type"] == "session-init")


def test_two_messages_at_once_assemble_once() -> None:
    async def play(world: Cortex) -> int:
        ada = await world.person()
        session_id = await ada.session("config_cache")
        kv = world.kv_namespaces["cortex-sessions"]._namespace
        reads = 0
        original = kv.get

        def counting(*args: Any, **options: Any) -> Any:
            nonlocal reads
            reads += str(args[0]).startswith("user-config:") and str(args[0]).endswith(":claude-md")
            return original(*args, **options)

        kv.get = counting  # type: ignore[method-assign]
        await asyncio.gather(*(ada.message(session_id, f"m{i}", "config_cache") for i in range(4)))
        return reads

    assert playing(play) <= 1


# -- what a connection may do


def test_two_messages_in_flight_do_not_read_each_others_context() -> None:
    async def play(world: Cortex) -> None:
        ada = await world.person()
        session_id = await ada.session(FIVE)
        await ada.message(session_id, "first", FIVE)
        answers = await asyncio.gather(*(ada.message(session_id, f"prompt{i}", FIVE) for i in range(6)))
        for number, answer in enumerate(answers):
            assert answer.text.startswith(f"You said: prompt{number}."), answer.text

    playing(play, network="streaming-seed")


@pytest.mark.parametrize("after_frames", [1, 5, 20])
def test_a_lost_connection_is_taken_up_without_loss_or_repeat(after_frames: int) -> None:
    async def play(world: Cortex) -> None:
        ada = await world.person()
        await ada.call("PUT", "/api/ai-providers", {"scripted": {"tokensPerS": 20}})
        session_id = await ada.session(ALL)
        frames: list[dict[str, Any]] = []
        async with ada.connected(session_id, "m1", ALL) as socket:
            await socket.send_json({"type": "query", "prompt": "tell me"})
            for _ in range(after_frames):
                frames.append(await socket.receive_json())
            socket.drop()
        await world.advance("700ms")  # the run goes on meanwhile
        async with ada.connected(session_id, "m1", ALL, after=frames[-1]["seq"]) as socket:
            while not frames or frames[-1]["type"] not in LAST:
                frames.append(await socket.receive_json())
        assert [frame["seq"] for frame in frames] == list(range(1, len(frames) + 1))
        text = "".join(frame["text"] for frame in frames if frame["type"] == "text-delta")
        assert text == frames[-1]["fullText"]

    playing(play)


@pytest.mark.parametrize("switches", [FIVE, f"{FIVE},one_round_trip"])
def test_who_waits_for_his_turn_does_not_keep_new_code_from_beginning(switches: str) -> None:
    async def play(world: Cortex) -> list[Answer]:
        ada = await world.person()
        session_id = await ada.session(switches)
        await ada.message(session_id, "first", switches)
        await ada.call("POST", "/api/mcp", MCP)  # both have something to write
        asked = asyncio.gather(*(ada.message(session_id, prompt, switches) for prompt in ("one", "two")))
        await world.clock.sleep(0.1)  # one writes, the other one waits
        await world.reload(world.config)
        return await asked

    for answer in playing(play, network="streaming-seed"):
        assert answer.last["type"] == "done"
        assert answer.total_ms < 6000


def test_a_run_is_taken_up_after_its_object_was_restarted() -> None:
    async def play(world: Cortex) -> None:
        ada = await world.person()
        await ada.call("PUT", "/api/ai-providers", {"scripted": {"tokensPerS": 5}})
        session_id = await ada.session(ALL)
        frames: list[dict[str, Any]] = []
        async with ada.connected(session_id, "m1", ALL) as socket:
            await socket.send_json({"type": "query", "prompt": "tell me"})
            while len(frames) < 6:
                frames.append(await socket.receive_json())
            socket.drop()
        await world.reload(world.config)  # every object begins a new life
        async with ada.connected(session_id, "m1", ALL, after=frames[-1]["seq"]) as socket:
            while frames[-1]["type"] not in LAST:
                frames.append(await socket.receive_json())
        assert frames[-1]["type"] == "done"
        assert [frame["seq"] for frame in frames] == list(range(1, len(frames) + 1))
        assert "".join(f["text"] for f in frames if f["type"] == "text-delta") == frames[-1]["fullText"]

    playing(play)


def test_an_answer_is_stored_whole_although_its_object_was_restarted() -> None:
    async def play(world: Cortex) -> None:
        ada = await world.person()
        await ada.call("PUT", "/api/ai-providers", {"scripted": {"tokensPerS": 5}})
        session_id = await ada.session(ALL)
        async with ada.connected(session_id, "m1", ALL) as socket:
            await socket.send_json({"type": "query", "prompt": "tell me"})
            frames = [await socket.receive_json() for _ in range(6)]
            socket.drop()
        world.faults.add("crash", of_class="Session", times=1)
        await world.advance("1s")
        for _ in range(2):  # the first finds the object that crashes
            try:
                async with ada.connected(session_id, "m1", ALL, after=frames[-1]["seq"]) as socket:
                    while frames[-1]["type"] not in LAST:
                        frames.append(await socket.receive_json())
            except LOST:
                continue
        assert [frame["seq"] for frame in frames] == list(range(1, len(frames) + 1))
        await world.advance("3s")
        replay = await ada.call("GET", f"/api/sdk/replay/{session_id}")
        assert [message["content"] for message in replay] == ["tell me", frames[-1]["fullText"]]

    playing(play, faults=[])


def test_a_query_that_got_lost_with_the_object_is_asked_again() -> None:
    async def play(world: Cortex) -> None:
        ada = await world.person()
        session_id = await ada.session(ALL)
        await ada.message(session_id, "first", ALL)
        world.faults.add("crash", of_class="Session", times=1)
        answers = []
        for _ in range(3):
            try:
                async with ada.connected(session_id, "m2", ALL, after=0) as socket:
                    answers.append(await ada.ask(socket, "second"))
            except LOST:
                continue
        assert [answer.text[:16] for answer in answers] == ["You said: second"] * len(answers)
        assert len(answers) >= 2
        replay = await ada.call("GET", f"/api/sdk/replay/{session_id}")
        assert [one["content"] for one in replay if one["role"] == "user"] == ["first", "second"]

    playing(play, faults=[])


def test_a_run_is_stopped_and_the_next_one_works() -> None:
    async def play(world: Cortex) -> None:
        ada = await world.person()
        await ada.call("PUT", "/api/ai-providers", {"scripted": {"tokensPerS": 2, "tokens": 1000}})
        session_id = await ada.session(ALL)
        async with ada.connected(session_id, "m1", ALL) as socket:
            await socket.send_json({"type": "query", "prompt": "a long story"})
            while (frame := await socket.receive_json())["type"] != "text-delta":
                pass
            await socket.send_json({"type": "stop"})
            while (frame := await socket.receive_json())["type"] not in LAST:
                pass
            assert frame["stopped"] is True
        await ada.call("PUT", "/api/ai-providers", {"scripted": {}})
        assert (await ada.message(session_id, "short", ALL)).last["type"] == "done"

    playing(play)


def test_a_tool_asks_the_browser_when_the_session_says_so() -> None:
    async def play(world: Cortex) -> None:
        ada = await world.person()
        session_id = await ada.session(ALL, mode="ask")
        async with ada.connected(session_id, "m1", ALL) as socket:
            await socket.send_json({"type": "query", "prompt": "look\n[tool:run echo 42]"})
            while (frame := await socket.receive_json())["type"] != "confirmation":
                pass
            await socket.send_json({"type": "confirm", "approvalId": frame["approvalId"], "allow": True})
            while (frame := await socket.receive_json())["type"] != "tool-result":
                pass
            assert frame["output"] == "42\n"

    playing(play)


# -- bad days


def test_prompts_that_are_none_or_too_long() -> None:
    async def play(world: Cortex) -> None:
        ada = await world.person()
        for switches in (BEFORE, ALL):
            session_id = await ada.session(switches)
            for number, prompt in enumerate(("", " ", None, 7, "x" * 1_000_000)):
                async with ada.connected(session_id, f"bad{number}", switches) as socket:
                    await socket.send_json({"type": "query", "prompt": prompt})
                    assert "prompt" in (await socket.receive_json())["error"]
            assert (await ada.message(session_id, "good", switches)).text.startswith("You said: good")

    playing(play)


@pytest.mark.parametrize("switches", [FIVE, ALL])
def test_a_sandbox_that_dies_in_mid_answer_is_told_and_replaced(switches: str) -> None:
    async def play(world: Cortex) -> None:
        ada = await world.person()
        await ada.call("PUT", "/api/ai-providers", {"scripted": {"tokensPerS": 5}})
        session_id = await ada.session(switches)
        await ada.message(session_id, "first", switches)
        async with ada.connected(session_id, "m1", switches) as socket:
            await socket.send_json({"type": "query", "prompt": "tell me"})
            while (frame := await socket.receive_json())["type"] != "text-delta":
                pass
            world.containers[0].crash()
            while frame["type"] not in LAST:
                frame = await socket.receive_json()
            assert frame["type"] == "error"
        await ada.call("PUT", "/api/ai-providers", {"scripted": {}})
        await world.advance("3m")  # whoever comes later looks whether the sandbox is still there
        assert (await ada.message(session_id, "again", switches)).text.startswith("You said: again")

    playing(play)


@pytest.mark.parametrize(("switches", "limit_s"), [(ALL, 10), (FIVE, 30)])
def test_a_sandbox_that_died_between_messages_is_noticed_soon(switches: str, limit_s: float) -> None:
    async def play(world: Cortex) -> Answer:
        ada = await world.person()
        session_id = await ada.session(switches)
        await ada.message(session_id, "first", switches)
        world.containers[0].crash()
        return await ada.message(session_id, "second", switches)

    answer = playing(play, network="streaming-seed")
    assert answer.last["type"] == "done"
    assert answer.total_ms < limit_s * 1000


def test_no_secret_reaches_another_users_container_or_a_log(caplog: pytest.LogCaptureFixture) -> None:
    async def play(world: Cortex) -> None:
        ada, eve = await world.person(), await world.person("eve")
        for person, secret in ((ada, "ada-hunter2"), (eve, "eve-hunter2")):
            await person.call("PUT", "/api/secrets/API_KEY", {"value": secret})
            for switches in (BEFORE, FIVE, ALL):
                session_id = await person.session(switches)
                await person.message(session_id, "env\n[tool:run env]", switches)
        for container in world.containers:
            stored = json.dumps(
                [
                    container.tree.read(entry.path).decode(errors="replace")
                    for entry in container.tree.list("/", recursive=True)
                    if entry.kind == "file"
                ]
            )
            assert not ("ada-hunter2" in stored and "eve-hunter2" in stored)
            assert "hunter2" not in stored, "context files are deleted when they were read"

    playing(play)
    assert "hunter2" not in caplog.text
