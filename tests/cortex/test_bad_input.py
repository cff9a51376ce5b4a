"""What users send that cannot be: one status and one clear message each, and nothing is broken by it."""

from __future__ import annotations

import json
from typing import Any

import pytest

from tests.cortex.worlds import ALL, BEFORE, FIVE, Cortex, playing
from wrangler_compat.lab.person import Person

HALF = "\\ud800"  # as JSON writes it


async def sent(person: Person, method: str, path: str, content: str | bytes) -> tuple[int, str]:
    """Status and error of a body that is sent as it is."""
    headers = {"authorization": f"Bearer {person.token}", "content-type": "application/json"}
    reply = await person.client.request(method, path, headers=headers, content=content)
    answer = json.loads(reply.text)
    assert answer["success"] is (reply.status < 400)
    return reply.status, answer.get("error", "")


@pytest.mark.parametrize(
    ("content", "words"),
    [
        ('{"a": NaN}', "NaN"),
        ('{"a": [1, -Infinity]}', "-Infinity"),
        ('{"a": 1e999}', "too large"),
        (f'{{"a": "{HALF}"}}', "surrogate"),
        (f'{{"{HALF}": 1}}', "surrogate"),
        ("[" * 100_000 + "]" * 100_000, "nested too deeply"),
        ('{"a":' * 40 + "1" + "}" * 40, "nested too deeply"),
        (b'{"a": "\xff"}', "UTF-8"),
        ("{", "no JSON"),
        ("[]", "must be an object"),
        ('"text"', "must be an object"),
    ],
)
def test_bodies_that_are_no_plain_json(content: str | bytes, words: str) -> None:
    async def play(world: Cortex) -> None:
        ada = await world.person()
        status, error = await sent(ada, "PUT", "/api/user/preferences", content)
        assert (status, words in error) == (400, True), error
        assert await ada.call("GET", "/api/user/preferences") == {}

    playing(play)


def test_what_is_unusual_but_json_is_kept() -> None:
    preferences = {"emoji": "😀", "nul": "\0", "deep": {"a": [[[1.5]]]}, "none": None, "long": 10**30}

    async def play(world: Cortex) -> None:
        ada = await world.person()
        await ada.call("PUT", "/api/user/preferences", preferences)
        assert await ada.call("GET", "/api/user/preferences") == preferences

    playing(play)


def test_a_body_and_a_setting_have_a_size() -> None:
    async def play(world: Cortex) -> None:
        ada = await world.person()
        body = json.dumps({"a": "x" * (2 * 1024 * 1024)})
        status, error = await sent(ada, "PUT", "/api/user/preferences", body)
        assert (status, "too large" in error) == (413, True)
        # Characters of three bytes: the size counts as UTF-8, not as characters.
        body = json.dumps({"a": "€" * 700_000}, ensure_ascii=False)
        assert (await sent(ada, "PUT", "/api/user/preferences", body.encode()))[0] == 413
        for number in range(30):
            rule = json.dumps({"content": "x" * 100_000})
            status, error = await sent(ada, "PUT", f"/api/user/rules/r{number}", rule)
            if status != 200:
                break
        assert (number, status, "rules would be too large" in error) == (19, 413, True)
        assert len(await ada.call("GET", "/api/user/rules")) == 19
        await ada.call("DELETE", "/api/user/rules/r0")
        assert (await sent(ada, "PUT", "/api/user/rules/again", rule))[0] == 200

    playing(play)


@pytest.mark.parametrize(
    ("method", "path", "body"),
    [
        ("PUT", "/api/user/claude-md", {"content": None}),
        ("PUT", "/api/user/claude-md", {"content": ["x"]}),
        ("PUT", "/api/user/claude-md", {"content": "a\0b"}),
        ("PUT", "/api/user/rules/.hidden", {"content": "x"}),
        ("PUT", "/api/user/rules/%FF", {"content": "x"}),
        ("PUT", "/api/secrets/OK", {"value": "a\0b"}),
        ("PUT", "/api/secrets/OK", {"value": True}),
        ("PUT", "/api/secrets/CORTEX_AGENT", {"value": "x"}),
        ("POST", "/api/mcp", {"name": ["x"], "command": "ls"}),
        ("POST", "/api/mcp", {"name": "x", "command": 7}),
        ("POST", "/api/mcp", {"name": "x", "command": "ls", "args": "a b"}),
        ("POST", "/api/mcp", {"name": "x", "command": "ls", "args": [1]}),
        ("POST", "/api/mcp", {"name": "x", "command": "ls", "enabled": "no"}),
        ("POST", "/api/mcp", {"name": "x", "command": "ls", "env": {"A": 1}}),
        ("POST", "/api/mcp", {"name": "x", "command": "ls", "env": ["A"]}),
        ("POST", "/api/mcp", {"name": "x", "transport": {}, "command": "ls"}),
        ("POST", "/api/mcp", {"name": "x", "command": "npx -y --package"}),
        ("POST", "/api/mcp", {"name": "x", "command": "npx", "args": ["-y", "a b"]}),
        ("POST", "/api/mcp", {"name": "x", "command": "npx", "args": ["../../etc"]}),
        ("POST", "/api/mcp", {"name": "x", "transport": "http", "url": "https://x", "headers": {"A": None}}),
        *(
            ("POST", "/api/mcp", {"name": "x", "command": "ls", "credentialFiles": files})
            for files in (
                "x",
                ["x"],
                [{"path": "/root/x"}],
                [{"content": "x"}],
                [{"path": ["/root/x"], "content": ""}],
                [{"path": "/etc/passwd", "content": ""}],
                [{"path": "/root/../etc/passwd", "content": ""}],
                [{"path": "/root//x", "content": ""}],
                [{"path": "/root/", "content": ""}],
                [{"path": "root/x", "content": ""}],
                [{"path": "/root/a\0b", "content": ""}],
                [{"path": "/root/.claude.json", "content": "{}"}],
                [{"path": "/tmp/vf-state.json", "content": "{}"}],
                [{"path": f"/root/{'x' * 256}", "content": ""}],
            )
        ),
        ("PUT", "/api/ai-providers", {"scripted": [1]}),
        ("PUT", "/api/ai-providers", {"scripted": {"tokens": "7"}}),
        ("PUT", "/api/ai-providers", {"scripted": {"tokens": True}}),
        ("PUT", "/api/ai-providers", {"mcpServers": {"name": "x"}}),
        ("PUT", "/api/ai-providers", {"mcpServers": ["x"]}),
        ("PUT", "/api/ai-providers", {"token": 7}),
        ("PUT", "/api/ai-providers", {"agent": ["claude"]}),
        ("PUT", "/api/plugins/x", {"enabled": 1}),
        ("PUT", "/api/plugins/x", {"rules": {"a": 1}}),
        ("PUT", "/api/plugins/x", {"mcpServers": [7]}),
        ("POST", "/api/auth/setup", {"name": {"a": 1}}),
        ("POST", "/api/sessions/create", {"name": 7}),
        ("POST", "/api/sessions/create", {"mode": "yolo"}),
        ("POST", "/api/sessions/create", {"mode": []}),
        ("POST", "/api/sessions/create", {"switches": ["parallel"]}),
        ("POST", "/api/sessions/create", {"switches": "parallel,warm-agent"}),
        ("POST", "/api/sessions/create", {"projectPath": "workspace"}),
        ("POST", "/api/sessions/create", {"projectPath": "/workspace/../etc"}),
        ("POST", "/api/sessions/create", {"gitRepo": {}}),
    ],
)
def test_values_of_a_wrong_kind(method: str, path: str, body: Any) -> None:
    async def play(world: Cortex) -> None:
        ada = await world.person()
        status, error = await sent(ada, method, path, json.dumps(body))
        assert (status, bool(error)) == (400, True)
        assert await ada.call("GET", "/api/sessions/list") == []
        assert await ada.call("GET", "/api/mcp") == []

    playing(play)


def test_ids_that_are_none() -> None:
    async def play(world: Cortex) -> None:
        ada = await world.person()
        for session_id in ("x", "a" * 32, "A" * 32, "x" * 3000, "%00"):
            assert (await sent(ada, "PUT", f"/api/sessions/{session_id}", "{}"))[0] == 404
        session_id = await ada.session("")
        for body in ({"sessionId": [session_id]}, {"sessionId": None}, {}):
            content = json.dumps({**body, "messageId": "m", "content": "x"})
            assert (await sent(ada, "POST", "/api/sdk/persist", content))[0] == 404
        for message_id in ("", "a/b", "x" * 65, ["m"], None):
            content = json.dumps({"sessionId": session_id, "messageId": message_id, "content": "x"})
            assert (await sent(ada, "POST", "/api/sdk/persist", content))[0] == 400
        for switches in ("nonsense", "warm-agent,parallel"):
            path = f"/api/sdk/ws?sessionId={session_id}&messageId=m&switches={switches}"
            headers = {"authorization": f"Bearer {ada.token}", "upgrade": "websocket"}
            assert (await ada.client.get(path, headers=headers)).status == 400
        for record_id in ("x", "x" * 900, "%00"):
            assert (await sent(ada, "DELETE", f"/api/knowledge/{record_id}", ""))[0] == 404
        for after in ("-1", "x", "", "9" * 30):
            path = f"/api/sdk/ws?sessionId={session_id}&messageId=m&after={after}&switches={ALL}"
            headers = {"authorization": f"Bearer {ada.token}", "upgrade": "websocket"}
            assert (await ada.client.get(path, headers=headers)).status == 400

    playing(play)


@pytest.mark.parametrize("switches", [BEFORE, FIVE, ALL])
@pytest.mark.parametrize(
    ("prompt", "status", "words"),
    [
        ("", 400, "a prompt is needed"),
        (" \n", 400, "a prompt is needed"),
        (None, 400, "a prompt is needed"),
        (["x"], 400, "a prompt is needed"),
        ("half \ud800", 400, "surrogate"),
        ("x" * 1_000_000, 413, "1000000 characters, at most 400000"),
    ],
)
def test_prompts_that_are_none(switches: str, prompt: Any, status: int, words: str) -> None:
    async def play(world: Cortex) -> None:
        ada = await world.person()
        session_id = await ada.session(switches)
        async with ada.connected(session_id, "bad", switches) as socket:
            await socket.send_json({"type": "query", "prompt": prompt})
            frame = await socket.receive_json()
        assert (frame["type"], frame["status"], words in frame["error"]) == ("error", status, True)
        assert await ada.call("GET", f"/api/sdk/replay/{session_id}") == []

    playing(play)


@pytest.mark.parametrize("switches", [BEFORE, ALL])
def test_the_longest_prompt_is_answered(switches: str) -> None:
    async def play(world: Cortex) -> None:
        ada = await world.person()
        session_id = await ada.session(switches)
        answer = await ada.message(session_id, "€" * 400_000, switches)
        assert answer.text.startswith("You said: €€")
        stored = await ada.call("GET", f"/api/sdk/replay/{session_id}")
        assert stored[0]["content"] == "€" * 400_000

    playing(play)


@pytest.mark.parametrize("switches", [BEFORE, ALL])
def test_frames_that_are_none_do_not_disturb_a_run(switches: str) -> None:
    async def play(world: Cortex) -> None:
        ada = await world.person()
        await ada.call("PUT", "/api/ai-providers", {"scripted": {"tokensPerS": 50}})
        session_id = await ada.session(switches)
        async with ada.connected(session_id, "m1", switches) as socket:
            await socket.send_json({"type": "query", "prompt": "hello"})
            frames = [await socket.receive_json()]
            deep = "[" * 50_000 + "]" * 50_000
            confirm = f'{{"type": "confirm", "approvalId": {deep}}}'
            for text in ("x", "[]", "{}", '{"type": 7}', deep, confirm):
                await socket.send(text)
            await socket.send_json({"type": "attach", "messageId": "another", "after": 0})
            await socket.send_json({"type": "confirm", "approvalId": {"a": 1}, "allow": "yes"})
            while frames[-1]["type"] not in ("done", "process-exit"):
                frames.append(await socket.receive_json())
        answer = "".join(frame["text"] for frame in frames if frame["type"] == "text-delta")
        assert answer == next(frame["fullText"] for frame in frames if frame["type"] == "done")

    playing(play)


@pytest.mark.parametrize("operation", ["get", "put", "list"])
def test_while_kv_is_out_answers_stay_in_the_envelope(operation: str) -> None:
    async def play(world: Cortex) -> None:
        ada = await world.person()
        session_id = await ada.session("")
        fault = world.faults.add("kv_error", namespace="cortex-sessions", operation=operation, status=500)
        status, _ = await sent(ada, "GET", f"/api/sdk/replay/{session_id}", "")
        assert status == (503 if operation == "list" else 200)
        await ada.call("PUT", "/api/user/claude-md", {"content": "durable all the same"})
        assert await ada.call("GET", "/api/user/claude-md") == {"content": "durable all the same"}
        fault.stop()
        await world.advance("2m")
        text = await world.kv("SESSIONS_KV").get(f"user-config:{(await user_id(ada))}:claude-md")
        assert json.loads(text)["value"] == {"content": "durable all the same"}

    playing(play, faults=[])


async def user_id(person: Person) -> str:
    (session,) = await person.call("GET", "/api/sessions/list")
    return str(session["userId"])
