"""The agent server, without sockets and processes."""

from __future__ import annotations

import asyncio
import json
import signal
from collections.abc import Awaitable, Callable
from typing import Any

import pytest

from tests.cortex.container import conftest  # noqa: F401 (puts the container's folder on the path)
from tests.cortex.container.doubles import Frame, MemoryAgent, MemoryChannel, MemoryHost, echo

from agent_server import AgentServer  # isort: skip
from agents import AgentStarter  # isort: skip


def server_on(host: MemoryHost) -> AgentServer:
    return AgentServer(host, AgentStarter(host, {"scripted": ["agent"]}, "scripted"), pid=42)


async def serving(
    host: MemoryHost,
    path: str,
    query: dict[str, str],
    use: Callable[[MemoryChannel], Awaitable[Any]],
    server: AgentServer | None = None,
    limit_s: float = 5,
) -> Any:
    """Run a connection beside `use`, which holds its other end."""
    channel = MemoryChannel()
    connection = asyncio.ensure_future((server or server_on(host)).websocket(path, query, channel))
    try:
        return await asyncio.wait_for(use(channel), limit_s)
    finally:
        channel.leave()
        await asyncio.wait_for(connection, 5)


def test_before_the_context_is_read_once_after_a_fixed_wait() -> None:
    host = MemoryHost()
    host.files["/tmp/vf-pending-query.json"] = json.dumps({"prompt": "hi"})

    frames = asyncio.run(serving(host, "/", {}, lambda channel: channel.until("process-exit")))

    assert [frame["type"] for frame in frames] == ["context-read", "text-delta", "done", "process-exit"]
    assert host.slept_s == [0.15]
    assert host.files == {}, "the context holds secrets and is deleted at once"


def test_after_the_context_of_the_message_is_looked_for_in_small_steps() -> None:
    host = MemoryHost()

    def arrive() -> None:
        if len(host.slept_s) == 3:
            host.files["/tmp/vf-query-m1.json"] = json.dumps({"prompt": "mine"})

    host.files["/tmp/vf-query-m2.json"] = json.dumps({"prompt": "another's"})
    host.on_sleep = arrive
    query = {"message": "m1", "wait": "poll"}
    frames = asyncio.run(serving(host, "/", query, lambda channel: channel.until("process-exit")))

    assert frames[1]["text"] == "mine"
    assert host.slept_s == [0.01] * 3
    assert list(host.files) == ["/tmp/vf-query-m2.json"]


def test_a_context_that_does_not_come_ends_the_wait_after_two_seconds() -> None:
    host = MemoryHost()
    query = {"message": "m1", "wait": "poll"}
    frames = asyncio.run(serving(host, "/", query, lambda channel: channel.until("error")))
    assert "did not come in time" in frames[0]["error"]
    assert sum(host.slept_s) == pytest.approx(2.0)


def test_a_message_id_is_no_path() -> None:
    host = MemoryHost()
    host.files["/tmp/vf-query-/../../etc/passwd.json"] = "{}"
    query = {"message": "/../../etc/passwd"}
    frames = asyncio.run(serving(host, "/", query, lambda channel: channel.until("error")))
    assert frames[0]["error"] == "that is no message id"


def test_a_browser_that_goes_ends_a_spawned_agent() -> None:
    host = MemoryHost(lambda agent, frame: agent.say(type="text-delta", text="…"))
    host.files["/tmp/vf-pending-query.json"] = json.dumps({"prompt": "hi"})
    asyncio.run(serving(host, "/", {}, lambda channel: channel.until("text-delta")))
    assert host.agents[0].signals[-1] == signal.SIGKILL


def test_a_warm_agent_answers_query_after_query_without_a_spawn() -> None:
    host = MemoryHost()

    async def two(channel: MemoryChannel) -> list[Frame]:
        channel.tell(type="query", messageId="a", prompt="one")
        channel.tell(type="query", messageId="b", prompt="two")
        return [*await channel.until("done"), *await channel.until("done")]

    frames = asyncio.run(serving(host, "/agent", {}, two))
    assert [(frame["messageId"], frame["seq"], frame["type"]) for frame in frames] == [
        ("a", 1, "text-delta"),
        ("a", 2, "done"),
        ("b", 1, "text-delta"),
        ("b", 2, "done"),
    ]
    assert len(host.agents) == 1


def test_a_changed_environment_starts_a_new_warm_agent() -> None:
    host = MemoryHost()

    async def two(channel: MemoryChannel) -> None:
        for number, secret in enumerate(("old", "new")):
            env = {"API_KEY": secret}
            channel.tell(type="query", messageId=str(number), prompt="p", env=env)
            await channel.until("done")

    asyncio.run(serving(host, "/agent", {}, two))
    assert [agent.env["API_KEY"] for agent in host.agents] == ["old", "new"]
    assert host.agents[0].signals == [signal.SIGKILL]
    assert all("API_KEY" not in str(query) for agent in host.agents for query in agent.heard)


def test_a_lost_connection_is_taken_up_again_without_loss_or_repeat() -> None:
    host = MemoryHost(lambda agent, frame: agent.say(type="text-delta", text="1"))

    async def scenario() -> list[int]:
        server = server_on(host)

        async def begin(channel: MemoryChannel) -> list[Frame]:
            channel.tell(type="query", messageId="m", prompt="p")
            return await channel.until("text-delta")

        first = await serving(host, "/agent", {}, begin, server)
        for text in ("2", "3"):
            host.agents[0].say(type="text-delta", text=text)
        await asyncio.sleep(0)

        async def again(channel: MemoryChannel) -> list[Frame]:
            channel.tell(type="attach", messageId="m", after=first[-1]["seq"])
            while channel.sent.qsize() < 2:
                await asyncio.sleep(0)
            host.agents[0].say(type="done")
            return await channel.until("done")

        rest = await serving(host, "/agent", {}, again, server)
        await server.close()
        return [frame["seq"] for frame in [*first, *rest]]

    assert asyncio.run(scenario()) == [1, 2, 3, 4]


def test_an_agent_that_ends_in_mid_answer_is_reported_and_replaced() -> None:
    def die_once(agent: MemoryAgent, frame: Frame) -> None:
        if frame["prompt"] == "die":
            agent.end(3)
        else:
            echo(agent, frame)

    host = MemoryHost(die_once)

    async def use(channel: MemoryChannel) -> list[Frame]:
        channel.tell(type="query", messageId="a", prompt="die")
        frames = await channel.until("process-exit")
        channel.tell(type="query", messageId="b", prompt="live")
        return [*frames, *await channel.until("done")]

    frames = asyncio.run(serving(host, "/agent", {}, use))
    assert [frame["type"] for frame in frames] == ["error", "process-exit", "text-delta", "done"]
    assert frames[1]["exitCode"] == 3


def test_stop_reaches_only_the_run_it_names_and_pause_is_a_signal() -> None:
    def wait(agent: MemoryAgent, frame: Frame) -> None:
        if frame["type"] == "stop":
            agent.say(type="done", stopped=True)
        elif frame["type"] == "query":
            agent.say(type="text-delta", text="…")

    host = MemoryHost(wait)

    async def use(channel: MemoryChannel) -> Frame:
        channel.tell(type="query", messageId="a", prompt="p")
        await channel.until("text-delta")
        channel.tell(type="pause", messageId="another")
        channel.tell(type="pause", messageId="a")
        channel.tell(type="stop", messageId="another")
        channel.tell(type="stop", messageId="a")
        return (await channel.until("done"))[-1]

    assert asyncio.run(serving(host, "/agent", {}, use))["stopped"] is True
    assert [frame["type"] for frame in host.agents[0].heard] == ["query", "stop"]
    assert host.agents[0].signals == [signal.SIGSTOP, signal.SIGCONT]


def test_preparation_skips_what_is_as_wanted() -> None:
    host = MemoryHost()
    wanted = {
        "mcpConfig": {"mcpServers": {}},
        "packages": ["@modelcontextprotocol/server-github"],
        "credentialFiles": [{"path": "/root/.netrc", "content": "secret"}],
    }

    async def twice() -> list[dict[str, Any]]:
        server = server_on(host)
        return [(await server.http("POST", "/prepare", wanted))[1] for _ in range(2)]

    first, second = asyncio.run(twice())
    assert first["written"] == ["/root/.claude.json", "/root/.netrc"]
    assert first["installed"] == ["@modelcontextprotocol/server-github"]
    assert second["written"] == []
    assert second["skipped"] == ["mcpConfig", "files", "packages"]
    assert host.ran == [["npm", "install", "-g", "--prefer-offline", "--", *wanted["packages"]]]
    assert json.loads(host.files["/tmp/vf-state.json"])["wsServerPid"] == 42


def test_what_counts_is_what_files_hold_and_what_is_not_wanted_goes() -> None:
    host = MemoryHost()
    wanted = {"files": [{"path": "/root/a", "content": "one"}, {"path": "/root/b", "content": "two"}]}

    async def scenario() -> list[dict[str, Any]]:
        server = server_on(host)
        answers = [(await server.http("POST", "/prepare", wanted))[1]]
        host.files["/root/a"] = "changed by somebody else"
        later = {**wanted, "remove": ["/root/b", "/root/old", "/root/none"], "boot": "b1"}
        host.files["/root/old"] = "of a setting that was removed"
        return [*answers, (await server.http("POST", "/prepare", later))[1]]

    first, second = asyncio.run(scenario())
    assert first["written"] == ["/root/.claude.json", "/root/a", "/root/b"]
    assert (second["written"], second["removed"]) == (["/root/a"], ["/root/old", "/root/none"])
    assert (host.files["/root/a"], host.files["/root/b"]) == ("one", "two")
    assert "/root/old" not in host.files
    assert json.loads(host.files["/tmp/vf-state.json"])["boot"] == "b1"


def test_a_file_that_cannot_be_written_is_named() -> None:
    class Full(MemoryHost):
        async def write(self, path: str, text: str, *, mode: int = 0o600) -> None:
            raise OSError(28, "No space left on device", path)

    status, answer = asyncio.run(server_on(Full()).http("POST", "/prepare", {}))
    assert (status, "No space left on device" in answer["error"]) == (500, True)


def test_packages_that_do_not_install_are_tried_again_and_stop_nothing() -> None:
    host = MemoryHost()
    host.run_code = 1

    async def twice() -> tuple[int, dict[str, Any]]:
        server = server_on(host)
        await server.http("POST", "/prepare", {"packages": ["left-pad"]})
        return await server.http("POST", "/prepare", {"packages": ["left-pad"]})

    status, done = asyncio.run(twice())
    assert (status, done["failed"], len(host.ran)) == (200, ["left-pad"], 2)


@pytest.mark.parametrize(
    "wanted",
    [
        {"packages": ["left-pad; rm -rf /"]},
        {"packages": ["--global-style"]},
        {"packages": ["x" * 215]},
        {"packages": "left-pad"},
        {"credentialFiles": [{"path": "/root/../etc/passwd", "content": ""}]},
        {"credentialFiles": [{"path": "/etc/passwd", "content": ""}]},
        {"credentialFiles": [{"path": "relative", "content": ""}]},
        {"credentialFiles": [{"path": "/root/x"}]},
        {"remove": ["/root/../etc/passwd"]},
        {"remove": ["/etc/passwd"]},
        {"remove": "/root/x"},
        {"remove": [7]},
    ],
)
def test_what_users_may_not_ask_for_is_refused_whole(wanted: dict[str, Any]) -> None:
    host = MemoryHost()
    status, answer = asyncio.run(server_on(host).http("POST", "/prepare", wanted))
    assert status == 400
    assert answer["error"]
    assert host.ran == []
    assert host.files == {}


def test_an_agent_that_is_not_here_is_named() -> None:
    host = MemoryHost()
    env = {"CORTEX_AGENT": "oracle"}
    status, answer = asyncio.run(server_on(host).http("POST", "/prepare", {"warm": True, "env": env}))
    assert status == 500
    assert "'oracle'" in answer["error"]
