"""Containers: what is believed of them is so, whatever was changed, switched or killed meanwhile."""

from __future__ import annotations

import asyncio
import json
import random

import pytest

from tests.cortex.worlds import ALL, BEFORE, FIVE, MCP, Cortex, playing
from wrangler_compat.lab.person import LAST, Person

EACH = [*(name for name in ALL.split(",")), BEFORE, FIVE, f"{FIVE},one_round_trip", f"{FIVE},resumable", ALL]


def server_pid(world: Cortex) -> int:
    """The agent server's, in the one container there is."""
    (container,) = world.containers
    return next(
        pid for pid, one in container.processes.items() if one.running and "ws_agent_server" in str(one.argv)
    )


async def forgotten(world: Cortex, session_id: str) -> None:
    """The session's object loses its memory."""
    await world.advance("1s")
    await world.durable("SESSIONS").evict(session_id)


# -- a server or a container that is gone


@pytest.mark.parametrize("switches", EACH)
def test_a_message_after_a_crash_is_answered(switches: str) -> None:
    async def play(world: Cortex) -> None:
        ada = await world.person()
        await ada.call("PUT", "/api/user/claude-md", {"content": "Be brief."})
        session_id = await ada.session(switches)
        await ada.message(session_id, "first", switches)
        for number in range(2):
            world.containers[0].crash()
            await world.advance("5s")
            answer = await ada.message(session_id, f"again {number}", switches)
            assert answer.text.startswith(f"You said: again {number}"), answer.last
            (container,) = world.containers
            assert container.tree.read("/root/.claude/CLAUDE.md") == b"Be brief."

    playing(play)


@pytest.mark.parametrize("switches", EACH)
def test_a_message_after_its_server_was_killed_is_answered(switches: str) -> None:
    async def play(world: Cortex) -> None:
        ada = await world.person()
        session_id = await ada.session(switches)
        await ada.message(session_id, "first", switches)
        await world.advance("1s")
        before = server_pid(world)
        world.containers[0].processes[before].signal(9)
        await world.advance("1s")
        answer = await ada.message(session_id, "again", switches)
        assert answer.text.startswith("You said: again"), answer.last
        assert server_pid(world) != before

    playing(play)


def test_a_container_that_crashes_while_a_message_is_prepared_is_prepared_again() -> None:
    async def play(world: Cortex) -> None:
        ada = await world.person()
        session_id = await ada.session(FIVE)
        await ada.message(session_id, "first", FIVE)
        await ada.call("PUT", "/api/user/claude-md", {"content": "changed"})
        asked = asyncio.ensure_future(ada.message(session_id, "second", FIVE))
        await world.advance("160ms")
        world.containers[0].crash()
        answer = await asked
        assert answer.text.startswith("You said: second"), answer.last
        assert [step["step"] for step in answer.timing["steps"]].count(2) == 2, "it looked again"
        assert world.containers[0].tree.read("/root/.claude/CLAUDE.md") == b"changed"

    playing(play, network="streaming-seed")


@pytest.mark.parametrize("switches", [FIVE, ALL])
def test_what_is_known_survives_the_object_but_not_the_container(switches: str) -> None:
    async def play(world: Cortex) -> None:
        ada = await world.person()
        session_id = await ada.session(switches)
        await ada.message(session_id, "first", switches)
        await forgotten(world, session_id)
        answer = await ada.message(session_id, "second", switches)
        assert all(step["skipped"] for number in (4, 5, 6, 7) for step in answer.step(number))
        await ada.call("POST", f"/api/sessions/{session_id}/sleep")
        assert world.containers == []
        assert (await ada.message(session_id, "third", switches)).text.startswith("You said: third")
        assert world.containers[0].tree.exists("/root/.claude.json")

    playing(play)


# -- files


class Settings:
    """A user's settings, and what the files of a container have to hold with them."""

    def __init__(self, person: Person) -> None:
        self.person = person
        self.claude_md = ""
        self.rules: dict[str, str] = {}
        self.credentials: dict[str, str] = {}

    async def change(self, chance: random.Random) -> None:
        name, content = chance.choice("abc"), chance.choice(["one", "two"])
        match chance.choice(["text", "rule", "no rule", "credential", "no credential"]):
            case "text":
                self.claude_md = content
                await self.person.call("PUT", "/api/user/claude-md", {"content": content})
            case "rule":
                self.rules[name] = content
                await self.person.call("PUT", f"/api/user/rules/{name}", {"content": content})
            case "no rule" if name in self.rules:
                del self.rules[name]
                await self.person.call("DELETE", f"/api/user/rules/{name}")
            case "credential":
                self.credentials = {**self.credentials, f"/root/{name} it's $x": content}
                await self._tell_server()
            case "no credential":
                self.credentials = dict(list(self.credentials.items())[1:])
                await self._tell_server()

    async def _tell_server(self) -> None:
        listed = [{"path": path, "content": text} for path, text in self.credentials.items()]
        await self.person.call("POST", "/api/mcp", {**MCP, "credentialFiles": listed})

    def check(self, world: Cortex) -> None:
        """All files of the configuration hold what they should, and there are no others."""
        (container,) = world.containers
        wanted = {"/root/.claude/CLAUDE.md": self.claude_md, **self.credentials}
        wanted |= {f"/root/.claude/rules/{name}.md": text for name, text in self.rules.items()}
        found = {
            entry.path: container.tree.read(entry.path).decode()
            for entry in container.tree.list("/root", recursive=True)
            if entry.kind == "file" and entry.path != "/root/.claude.json"
        }
        assert found == wanted


#: All that keeps settings fresh without a wait: KV alone may be as stale as KV is.
CURRENT = [
    FIVE,
    ALL,
    "config_cache",
    "config_cache,skip_redundant",
    "config_cache,parallel",
    "config_cache,parallel,one_round_trip",
    "config_cache,skip_redundant,warm_agent",
    "config_cache,skip_redundant,resumable",
]


@pytest.mark.parametrize("seed", range(8))
def test_files_are_as_configured_whatever_came_before(seed: int) -> None:
    async def play(world: Cortex) -> None:
        chance = random.Random(seed)
        ada = await world.person()
        settings = Settings(ada)
        session_id = await ada.session(chance.choice(CURRENT))
        for turn in range(12):
            for _ in range(chance.randrange(3)):
                await settings.change(chance)
            match chance.randrange(8):
                case 0:
                    world.containers[0].crash() if world.containers else None
                case 1:
                    await ada.call("POST", f"/api/sessions/{session_id}/sleep")
                case 2:
                    await world.advance("3m")
                case 3:
                    await forgotten(world, session_id)
            answer = await ada.message(session_id, f"turn {turn}", chance.choice(CURRENT))
            assert answer.text.startswith(f"You said: turn {turn}"), answer.last
            settings.check(world)

    playing(play, seed=seed)


#: With a context file for each message, or none: messages at once do not read each other's.
AT_ONCE = [
    FIVE,
    ALL,
    f"{FIVE},one_round_trip",
    f"{FIVE},resumable",
    "config_cache,no_delays",
    "config_cache,skip_redundant,warm_agent",
]


@pytest.mark.parametrize("seed", range(4))
def test_files_are_right_after_messages_and_changes_at_once(seed: int) -> None:
    async def play(world: Cortex) -> None:
        chance = random.Random(seed)
        ada = await world.person()
        settings = Settings(ada)
        session_id = await ada.session(ALL)
        for turn in range(4):
            messages = [
                ada.message(session_id, f"turn {turn} {number}", chance.choice(AT_ONCE))
                for number in range(4)
            ]
            *answers, _ = await asyncio.gather(*messages, settings.change(chance))
            for answer in answers:
                assert answer.text.startswith(f"You said: turn {turn}"), answer.last
            await ada.message(session_id, "and now?", chance.choice(CURRENT))
            settings.check(world)

    playing(play, seed=seed, network="edge")


def test_a_setting_that_was_changed_and_changed_back_under_other_switches() -> None:
    async def play(world: Cortex) -> None:
        ada = await world.person()
        session_id = await ada.session(ALL)
        for content, switches in (("old", ALL), ("new", FIVE), ("old", ALL), ("new", "config_cache")):
            await ada.call("PUT", "/api/user/claude-md", {"content": content})
            await ada.message(session_id, "hello", switches)
            assert world.containers[0].tree.read("/root/.claude/CLAUDE.md") == content.encode()

    playing(play)


# -- a browser that leaves, and a KV that is out, while a message is prepared


@pytest.mark.parametrize("switches", [BEFORE, "parallel", FIVE])
@pytest.mark.parametrize("after", ["0ms", "300ms", "1s", "3s", "6s"])
def test_a_browser_that_leaves_during_the_preparation_leaves_no_agent(switches: str, after: str) -> None:
    async def play(world: Cortex) -> None:
        ada = await world.person()
        session_id = await ada.session(switches)
        async with ada.connected(session_id, "m1", switches) as socket:
            await socket.send_json({"type": "query", "prompt": "work\n[tool:run touch /workspace/worked]"})
            await world.advance(after)
            socket.drop()
        await world.advance("2m")
        (container,) = world.containers
        assert not container.tree.exists("/workspace/worked")
        left = [entry.path for entry in container.tree.list("/tmp", recursive=True) if "query" in entry.path]
        assert left == [], "the context holds secrets"
        assert (await ada.message(session_id, "back", switches)).text.startswith("You said: back")

    playing(play, network="streaming-seed")


@pytest.mark.parametrize("switches", EACH)
def test_a_message_while_kv_is_out_is_answered_or_refused_and_not_lost(switches: str) -> None:
    async def play(world: Cortex) -> None:
        ada = await world.person()
        session_id = await ada.session(switches)
        await ada.message(session_id, "first", switches)
        fault = world.faults.add("kv_error", namespace="cortex-sessions", status=503)
        async with ada.connected(session_id, "m2", switches) as socket:
            await socket.send_json({"type": "query", "prompt": "second"})
            frame = await socket.receive_json("1m")
            while frame["type"] not in LAST:
                frame = await socket.receive_json("1m")
        if "config_cache" in switches:
            assert frame["type"] in ("done", "process-exit")
        else:
            assert (frame["type"], frame["status"]) == ("error", 503)
        fault.stop()
        await world.advance("3m")
        assert (await ada.message(session_id, "third", switches)).text.startswith("You said: third")
        if "config_cache" in switches:
            replay = await ada.call("GET", f"/api/sdk/replay/{session_id}")
            assert "second" in [message["content"] for message in replay]

    playing(play, faults=[])


def test_a_session_object_that_is_reset_does_not_keep_a_browser_waiting() -> None:
    async def play(world: Cortex) -> None:
        ada = await world.person()
        session_id = await ada.session(FIVE)
        await ada.message(session_id, "first", FIVE)
        async with ada.connected(session_id, "m2", FIVE) as socket:
            world.faults.add("crash", of_class="Session", times=1)
            await socket.send_json({"type": "query", "prompt": "second"})
            frames = [await socket.receive_json("1m")]
            while frames[-1]["type"] not in LAST:
                frames.append(await socket.receive_json("1m"))
        assert frames[-1]["type"] in ("error", "done", "process-exit"), json.dumps(frames[-1])

    playing(play, faults=[])
