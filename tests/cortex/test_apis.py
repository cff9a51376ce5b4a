"""The settings and session APIs: authentication, ownership, validation, one envelope."""

from __future__ import annotations

import json
from typing import Any

import pytest

from tests.cortex.worlds import MCP, Cortex, playing
from wrangler_compat.lab.person import Person, Refused


async def refused(person: Person, method: str, path: str, body: Any = None) -> int:
    """The status of an API that says no."""
    with pytest.raises(Refused) as no:
        await person.call(method, path, body)
    return no.value.status


def test_tokens_forged_expired_and_missing() -> None:
    async def play(world: Cortex) -> None:
        ada = await world.person()
        payload, _, signature = ada.token.partition(".")
        for token in (
            "",
            "nonsense",
            f"{payload}.{signature[:-2]}xx",
            f"{payload}x.{signature}",
            f"{payload}.",
        ):
            stranger = Person(world)
            stranger.token = token
            assert await refused(stranger, "GET", "/api/sessions/list") == 401
        await world.advance("23h")
        assert await ada.call("GET", "/api/sessions/list") == []
        await world.advance("2h")
        assert await refused(ada, "GET", "/api/sessions/list") == 401

    playing(play)


def test_another_users_session_does_not_exist() -> None:
    async def play(world: Cortex) -> None:
        ada, eve = await world.person(), await world.person("eve")
        session_id = await ada.session("")
        for method, path, body in (
            ("GET", f"/api/sessions/{session_id}", None),
            ("PUT", f"/api/sessions/{session_id}", {"name": "mine"}),
            ("DELETE", f"/api/sessions/{session_id}", None),
            ("POST", f"/api/sessions/{session_id}/sleep", None),
            ("GET", f"/api/sdk/replay/{session_id}", None),
            ("POST", "/api/sdk/persist", {"sessionId": session_id, "messageId": "m", "content": "x"}),
        ):
            assert await refused(eve, method, path, body) == 404
        with pytest.raises(Exception, match="404"):
            async with eve.connected(session_id, "m1", ""):
                pass
        assert await eve.call("GET", "/api/sessions/list") == []
        assert [one["id"] for one in await ada.call("GET", "/api/sessions/list")] == [session_id]

    playing(play)


def test_sessions_are_changed_deleted_and_purged() -> None:
    async def play(world: Cortex) -> None:
        ada = await world.person()
        session_id = await ada.session("parallel", name="first")
        record = await ada.call("GET", f"/api/sessions/{session_id}")
        assert (record["name"], record["switches"], record["status"]) == ("first", "parallel", "creating")
        changed = await ada.call("PUT", f"/api/sessions/{session_id}", {"name": "second", "userId": "eve"})
        assert (changed["name"], changed["userId"]) == ("second", record["userId"])
        await ada.call("DELETE", f"/api/sessions/{session_id}")
        assert await refused(ada, "GET", f"/api/sessions/{session_id}") == 404
        assert await world.kv("SESSIONS_KV").get(f"session:{session_id}") is not None
        await world.advance("6d")  # the cron at 04:00 ends what has been pending for five days
        assert await world.kv("SESSIONS_KV").get(f"session:{session_id}") is None

    playing(play)


def test_settings_are_kept_and_secrets_never_come_out() -> None:
    async def play(world: Cortex) -> None:
        ada = await world.person()
        await ada.call("PUT", "/api/user/claude-md", {"content": "Be brief."})
        await ada.call("PUT", "/api/user/rules/style", {"content": "No jargon."})
        await ada.call("POST", "/api/mcp", MCP)
        await ada.call("PUT", "/api/secrets/API_KEY", {"value": "hunter2"})
        await ada.call("PUT", "/api/ai-providers", {"agent": "claude", "token": "sk-ant-oat01-secret"})
        await ada.call("PUT", "/api/plugins/review", {"commands": {"review": "Review this."}})
        assert await ada.call("GET", "/api/user/claude-md") == {"content": "Be brief."}
        assert await ada.call("GET", "/api/user/rules") == {"style": "No jargon."}
        (server,) = await ada.call("GET", "/api/mcp")
        assert (server["command"], server["args"]) == ("npx", ["-y", "@modelcontextprotocol/server-github"])
        shown = [
            await ada.call("GET", path) for path in ("/api/secrets", "/api/ai-providers", "/api/plugins")
        ]
        assert shown[0] == [{"name": "API_KEY"}]
        assert shown[1]["hasToken"] is True
        assert "hunter2" not in json.dumps(shown)
        assert "sk-ant" not in json.dumps(shown)
        await ada.call("DELETE", "/api/mcp/github")
        await ada.call("DELETE", "/api/secrets/API_KEY")
        assert await ada.call("GET", "/api/mcp") == []
        assert await refused(ada, "DELETE", "/api/mcp/github") == 404

    playing(play)


@pytest.mark.parametrize(
    ("method", "path", "body", "status"),
    [
        ("POST", "/api/mcp", {"name": "x", "command": "npx left-pad;rm"}, 400),
        ("POST", "/api/mcp", {"name": "x", "command": "npx $(touch /tmp/x)"}, 400),
        ("POST", "/api/mcp", {"name": "x", "command": f"npx {'a' * 215}"}, 400),
        ("POST", "/api/mcp", {"name": "../x", "command": "ls"}, 400),
        ("POST", "/api/mcp", {"name": "x", "transport": "http", "url": "file:///etc/passwd"}, 400),
        ("POST", "/api/mcp", {"name": "x", "command": ""}, 400),
        (
            "POST",
            "/api/mcp",
            {
                "name": "x",
                "command": "ls",
                "credentialFiles": [{"path": "/root/../etc/passwd", "content": ""}],
            },
            400,
        ),
        ("PUT", "/api/secrets/PATH", {"value": "x"}, 400),
        ("PUT", "/api/secrets/ANTHROPIC_API_KEY", {"value": "x"}, 400),
        ("PUT", "/api/secrets/a-b", {"value": "x"}, 400),
        ("PUT", "/api/secrets/OK", {"value": 7}, 400),
        ("PUT", "/api/user/claude-md", {"content": "x" * 100_001}, 413),
        ("PUT", "/api/ai-providers", {"agent": "oracle"}, 400),
        ("PUT", "/api/ai-providers", {"scripted": {"tokensPerS": -1}}, 400),
        ("PUT", "/api/ai-providers", {"token": "github_pat_1"}, 400),
        ("PUT", "/api/plugins/x", {"rules": ["a"]}, 400),
        ("POST", "/api/auth/setup", {"name": "<script>"}, 400),
        ("GET", "/api/nothing", None, 404),
        ("GET", "/elsewhere", None, 404),
        ("PATCH", "/api/mcp", {}, 404),
    ],
)
def test_what_is_refused(method: str, path: str, body: Any, status: int) -> None:
    async def play(world: Cortex) -> None:
        assert await refused(await world.person(), method, path, body) == status

    playing(play)


def test_a_body_that_is_no_object() -> None:
    async def play(world: Cortex) -> None:
        ada = await world.person()
        for content in ("", "no json", "[]", "x" * 3_000_000):
            headers = {"authorization": f"Bearer {ada.token}"}
            reply = await ada.client.post("/api/mcp", content=content, headers=headers)
            assert reply.status in (400, 413)
            assert json.loads(reply.text)["success"] is False

    playing(play)
