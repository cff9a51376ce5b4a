"""Packages from the shared cache: containers get out of R2 what they miss, and nobody can put anything in."""

from __future__ import annotations

import asyncio
import json
from dataclasses import replace
from typing import Any

import pytest

from edge.config import WorldConfig
from edge.r2.bucket import Bucket, PutOptions
from edge.r2.logic.listing import ListOptions
from sandbox.engines.fake.programs.npm import npm
from tests.cortex.worlds import ALL, BEFORE, CONFIG, FIVE, MCP, Cortex, builds, playing
from wrangler_compat.lab.person import Answer, Person

SPEC = "@modelcontextprotocol/server-github"
PROGRAM = "/usr/local/bin/server-github"
ONLY = "package_cache"
WITH_FIVE = f"{FIVE},package_cache"
AT_ONCE = f"{FIVE},one_round_trip,package_cache"
#: Messages wait for packages, on both ways of preparation.
WAITING = "config_cache,skip_redundant,parallel,no_delays,package_cache"
EACH = [ONLY, WITH_FIVE, AT_ONCE, WAITING, f"{WAITING},one_round_trip", ALL]


class Npm:
    """What npm was asked for in all containers, and by whom."""

    def __init__(self, world: Cortex, code: int | None = None) -> None:
        self.installed: list[str] = []
        self.built: list[str] = []
        self._code = code
        assert world.fleet is not None
        world.fleet.engine.inner.program(r"^npm install", self._run)  # type: ignore[attr-defined]

    async def _run(self, process: Any) -> int:
        words = process.argv
        building = any(word.startswith("--prefix=") for word in words)
        (self.built if building else self.installed).append(words[-1])
        return await npm(process) if self._code is None or not building else self._code


def bucket(world: Cortex) -> Bucket:
    return world._products.bucket("cortex-packages")


async def kept(world: Cortex, prefix: str = "") -> list[str]:
    return [entry.key for entry in (await bucket(world).list(ListOptions(prefix))).objects]


async def using(world: Cortex, name: str, switches: str, prompt: str = "hello", mcp: Any = MCP) -> Answer:
    """Somebody with a server that comes by npm sends a message in a session of their own."""
    person = await world.person(name)
    await person.call("POST", "/api/mcp", mcp)
    answer = await person.message(await person.session(switches), prompt, switches)
    assert answer.text.startswith(f"You said: {prompt}"), answer.last
    await world.advance("3m")  # what is in the background comes to its end
    return answer


async def filled(world: Cortex) -> None:
    """The cache has the package, for somebody needed it."""
    await using(world, "first", ONLY)
    assert len(await kept(world, "archives/")) == 1


def how(answer: Answer) -> str:
    return " ".join(str(step["detail"]) for step in answer.step(5))


def programs(world: Cortex) -> list[bool]:
    """Whether the package is there, container by container."""
    return [container.tree.exists(PROGRAM) for container in world.containers]


@pytest.mark.parametrize("switches", EACH)
def test_what_one_needed_comes_to_the_next_out_of_the_cache(switches: str) -> None:
    async def play(world: Cortex) -> None:
        npm = Npm(world)
        await using(world, "ada", switches)
        assert (npm.installed, npm.built) == ([SPEC], [SPEC]), "npm for her, and a build for all others"
        assert programs(world) == [True], "the sandbox that built it is gone"
        await using(world, "eve", switches)
        assert (npm.installed, npm.built) == ([SPEC], [SPEC])
        assert programs(world) == [True, True]
        for container in world.containers:
            state = json.loads(container.tree.read("/tmp/vf-state.json"))
            assert state["npmPackagesInstalled"] == [SPEC]

    playing(play)


@pytest.mark.parametrize("switches", [ONLY, WAITING, f"{WAITING},one_round_trip"])
def test_the_waterfall_tells_where_packages_came_from(switches: str) -> None:
    async def play(world: Cortex) -> None:
        assert how(await using(world, "ada", switches)) == f"{SPEC} by npm: not in the cache"
        assert how(await using(world, "eve", switches)) == f"{SPEC} from the cache"

    playing(play)


@pytest.mark.parametrize("switches", [WITH_FIVE, ALL])
def test_the_next_message_tells_it_of_what_came_before(switches: str) -> None:
    async def play(world: Cortex) -> None:
        for name, came in (("ada", "by npm later: not in the cache"), ("eve", "from the cache")):
            person = await world.person(name)
            await person.call("POST", "/api/mcp", MCP)
            session_id = await person.session(switches)
            await person.message(session_id, "one", switches)
            await world.advance("90s")
            assert how(await person.message(session_id, "two", switches)) == f"installed: {SPEC} {came}"
            await world.advance("3m")

    playing(play)


def test_it_takes_the_time_of_unpacking_and_not_of_npm() -> None:
    async def play(world: Cortex, full: bool) -> float:
        if full:
            await filled(world)
        step = (await using(world, "ada", ONLY)).step(5)[0]
        return float(step["endMs"] - step["startMs"])

    empty_ms = playing(lambda world: play(world, False), network="streaming-seed")
    full_ms = playing(lambda world: play(world, True), network="streaming-seed")
    assert empty_ms > 37_900
    assert 2000 <= full_ms <= 5000


def test_a_container_that_has_it_is_sent_nothing() -> None:
    async def play(world: Cortex) -> float:
        await filled(world)
        person = await world.person()
        await person.call("POST", "/api/mcp", MCP)
        session_id = await person.session(ONLY)
        await person.message(session_id, "one", ONLY)
        answer = await person.message(session_id, "two", ONLY)
        (step,) = answer.step(5)
        assert step["detail"] == "installed"
        return float(step["endMs"] - step["startMs"])

    assert playing(play, network="streaming-seed") < 100


def test_many_who_miss_it_at_once_build_it_once() -> None:
    async def play(world: Cortex) -> None:
        npm = Npm(world)
        names = [f"user{number}" for number in range(6)]
        await asyncio.gather(*(using(world, name, ONLY) for name in names))
        assert (len(npm.installed), npm.built) == (6, [SPEC])
        assert len(await kept(world, "archives/")) == 1

    playing(play, network="streaming-seed")


def test_four_packages_are_built_at_a_time() -> None:
    async def play(world: Cortex) -> tuple[list[str], int]:
        npm, most = Npm(world), 0
        ada = await world.person()
        for number in range(9):
            await ada.call("POST", "/api/mcp", {"name": f"s{number}", "command": f"npx -y tool{number}"})
        asked = asyncio.ensure_future(ada.message(await ada.session(WAITING), "hello", WAITING))
        assert world.fleet is not None
        for _ in range(200):
            await world.advance("1s")
            most = max(most, len(world.fleet.instances("Sandbox")) - len(world.containers))
        assert (await asked).text.startswith("You said: hello")
        return sorted(npm.built), most

    assert playing(play, network="streaming-seed") == ([f"tool{number}" for number in range(9)], 4)


def test_another_version_is_another_archive_behind_another_pointer() -> None:
    async def play(world: Cortex) -> None:
        for version in ("1.0.0", "2.0.0"):
            mcp = {"name": "github", "command": f"npx -y {SPEC}@{version}"}
            await using(world, f"ada{version[0]}", ONLY, mcp=mcp)
        assert await kept(world, "specs/") == [f"specs/sandbox-0.12/{SPEC}@{v}" for v in ("1.0.0", "2.0.0")]
        assert len(await kept(world, "archives/")) == 2

    playing(play)


def test_a_name_without_a_version_is_looked_up_again_after_a_day() -> None:
    async def play(world: Cortex) -> list[str]:
        npm = Npm(world)
        pinned = {"name": "pinned", "command": f"npx -y {SPEC}@1.0.0"}
        for turn, wait in enumerate(("23h", "2h", "1s")):
            await using(world, f"one-{turn}", ONLY)
            await using(world, f"two-{turn}", ONLY, mcp=pinned)
            await world.advance(wait)
        return npm.built

    assert playing(play) == [SPEC, f"{SPEC}@1.0.0", SPEC]


@pytest.mark.parametrize("switches", [ONLY, ALL])
def test_nothing_relies_on_what_is_forgiven_at_the_boundary(switches: str) -> None:
    async def play(world: Cortex) -> list[bool]:
        npm = Npm(world)
        await using(world, "ada", switches)
        await using(world, "eve", switches)
        assert npm.built == npm.installed == [SPEC]
        (key,) = await kept(world, "archives/")
        whole = await content(world, key)
        await bucket(world).put(key, b"evil", PutOptions())
        await using(world, "joe", switches)
        assert await content(world, key) == whole
        return programs(world)

    strict = tuple(replace(worker, strict_ffi="calls") for worker in CONFIG.workers)
    assert playing(play, config=WorldConfig(strict)) == [True, True, True]


# -- nobody can poison it


def test_what_a_user_does_in_a_sandbox_does_not_reach_the_cache() -> None:
    async def play(world: Cortex) -> None:
        await filled(world)
        before = [await content(world, key) for key in await kept(world)]
        eve = await world.person("eve")
        await eve.call("POST", "/api/mcp", MCP)
        session_id = await eve.session(ALL)
        evil = f"echo evil > /usr/local/lib/node_modules/{SPEC}/cli.js"
        asked = f"[tool:run {evil}]\n[tool:run echo {{}} > /tmp/vf-state.json]"
        await eve.message(session_id, asked, ALL)
        assert world.containers[-1].tree.read(PROGRAM) == b"evil\n", "her own is changed"
        await world.advance("3m")
        assert [await content(world, key) for key in await kept(world)] == before
        await using(world, "ada", ALL)
        assert world.containers[-1].tree.read(PROGRAM) == b"#!/usr/bin/env node\n"

    playing(play)


async def content(world: Cortex, key: str) -> bytes:
    found = await bucket(world).get(key)
    assert found is not None
    return found.data or b""


def test_the_sandbox_that_builds_holds_nothing_of_a_user() -> None:
    seen: list[dict[str, Any]] = []

    async def play(world: Cortex) -> None:
        async def look(process: Any) -> int:
            if any(word.startswith("--prefix=") for word in process.argv):
                tree = process.files
                files = [entry.path for entry in tree.list("/", recursive=True) if entry.kind == "file"]
                texts = [tree.read(path).decode(errors="replace") for path in files]
                seen.append({"builds": builds(process.instance), "env": process.env, "texts": texts})
            return await npm(process)

        assert world.fleet is not None
        world.fleet.engine.inner.program(r"^npm install", look)  # type: ignore[attr-defined]
        ada = await world.person()
        await ada.call("PUT", "/api/secrets/API_KEY", {"value": "hunter2"})
        await using(world, "ada", ALL)

    playing(play)
    (one,) = seen
    assert "hunter2" not in str(one)
    assert one["builds"]


def test_a_build_that_lies_keeps_nothing() -> None:
    async def play(world: Cortex, lie: dict[str, Any]) -> None:
        async def lying(process: Any) -> int:
            """A script of the package has taken over the server of the sandbox that builds it."""
            from edge.http.response import Response

            async def answer(request: Any) -> Response:
                said = {"sha256": "0" * 64, "bytes": 4, "version": "1", **lie}
                built = request.url.endswith("/packages/build")
                return Response.make(json.dumps(said).encode() if built else b"evil", 200)

            process.listen(8765, answer)
            await asyncio.Event().wait()
            return 0

        assert world.fleet is not None
        engine: Any = world.fleet.engine.inner
        honest = engine.registered(("python3", "-I", "-S", "/opt/claude-agent/ws_agent_server.py"))

        async def server(process: Any) -> int:
            return int(await (lying if builds(process.instance) else honest)(process))

        engine.program(r"^python3 .*ws_agent_server\.py", server)
        await using(world, "ada", ONLY)
        assert await kept(world) == []
        assert how(await using(world, "eve", ONLY)) == f"{SPEC} by npm: not in the cache"

    for lie in ({}, {"bytes": 5}, {"sha256": "../specs/x"}, {"sha256": None}, {"bytes": 1 << 40}):
        playing(lambda world, lie=lie: play(world, lie))  # type: ignore[misc]


# -- failures


def test_a_wrong_archive_is_refused_and_built_anew() -> None:
    async def play(world: Cortex) -> None:
        npm = Npm(world)
        await filled(world)
        (key,) = await kept(world, "archives/")
        await bucket(world).put(key, b"evil", PutOptions())
        answer = await using(world, "ada", ONLY)
        assert how(answer) == f"{SPEC} by npm: the archive is not what its hash says"
        assert npm.built == [SPEC, SPEC]
        assert how(await using(world, "eve", ONLY)) == f"{SPEC} from the cache"

    playing(play)


@pytest.mark.parametrize("switches", [ONLY, f"{WAITING},one_round_trip"])
def test_while_r2_is_out_npm_installs(switches: str) -> None:
    async def play(world: Cortex) -> None:
        await filled(world)
        world.faults.add("r2_error", lasts="1m")
        assert how(await using(world, "ada", switches)).startswith(f"{SPEC} by npm: the cache failed: ")
        assert how(await using(world, "eve", switches)) == f"{SPEC} from the cache"

    playing(play, faults=[])


def test_a_package_that_cannot_be_built_is_left_alone_for_a_while() -> None:
    async def play(world: Cortex) -> None:
        npm = Npm(world, code=1)
        for number in range(2):
            answer = await using(world, f"user{number}", ONLY)
            assert how(answer) == f"{SPEC} by npm: not in the cache"
        assert npm.built == [SPEC]
        await world.advance("10m")
        await using(world, "later", ONLY)
        assert npm.built == [SPEC, SPEC]
        assert await kept(world) == []

    playing(play)


def test_what_npm_cannot_install_either_is_told_and_stops_nothing() -> None:
    async def play(world: Cortex) -> None:
        async def failing(process: Any) -> int:
            return 1

        assert world.fleet is not None
        world.fleet.engine.inner.program(r"^npm install", failing)  # type: ignore[attr-defined]
        assert how(await using(world, "ada", ONLY)) == f"{SPEC} npm failed: not in the cache"

    playing(play)


def test_without_the_switch_nothing_is_read_and_nothing_built() -> None:
    async def play(world: Cortex) -> None:
        npm = Npm(world)
        for name, switches in (("ada", BEFORE), ("eve", FIVE), ("joe", ALL.replace(",package_cache", ""))):
            await using(world, name, switches)
        assert (npm.built, await kept(world)) == ([], [])

    playing(play)


async def greeted(world: Cortex, switches: str) -> tuple[Person, str]:
    """Somebody who needs a package that is in the cache, and a session that has answered."""
    await filled(world)
    ada: Person = await world.person()
    await ada.call("POST", "/api/mcp", MCP)
    session_id = await ada.session(switches)
    await ada.message(session_id, "first", switches)
    return ada, session_id


@pytest.mark.parametrize("switches", [WITH_FIVE, AT_ONCE])
def test_packages_on_their_way_do_not_wake_a_container_that_was_put_to_sleep(switches: str) -> None:
    async def play(world: Cortex) -> None:
        ada, session_id = await greeted(world, switches)
        before = len(world.containers)
        await ada.call("POST", f"/api/sessions/{session_id}/sleep")
        await world.advance("10s")
        assert len(world.containers) == before - 1
        answer = await ada.message(session_id, "second", switches)
        assert answer.timing["firstTokenMs"] < 10_000

    playing(play, network="streaming-seed")


@pytest.mark.parametrize("switches", [WITH_FIVE, AT_ONCE])
def test_a_container_that_crashes_while_packages_come_gets_them_in_its_next_life(switches: str) -> None:
    async def play(world: Cortex) -> None:
        ada, session_id = await greeted(world, switches)
        assert programs(world)[-1] is False, "they are still on their way"
        world.containers[-1].crash()
        await world.advance("3m")
        assert (await ada.message(session_id, "second", switches)).text.startswith("You said: second")
        await world.advance("10s")
        assert programs(world)[-1] is True

    playing(play, network="streaming-seed")
