"""D1 at a distance: what queries take, to the millisecond, who waits for whom, and what goes wrong."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from edge.config import D1Binding
from edge.js.errors import JsException
from edge.network.profile import D1, Links, Profile
from edge.network.spread import Spread
from edge.trace.record import SpanRecord
from tests.edge.network.project import Project
from tests.edge.network.project import play as play_code

CODE = """
from workers import Response, WorkerEntrypoint


class Default(WorkerEntrypoint):
    async def fetch(self, request):
        action, *_ = request.url.split("/")[3:]
        db = self.env.OTHER if action == "other" else self.env.DB
        read, write = db.prepare("SELECT 1 AS one"), db.prepare("CREATE TABLE IF NOT EXISTS t (n INTEGER)")
        if action == "write":
            await write.run()
        elif action == "batch":
            await db.batch([read, read, read])
        elif action == "exec":
            await db.exec("SELECT 1\\nSELECT 2")
        elif action == "session":
            await db.withSession("first-unconstrained").prepare("SELECT 1").all()
        elif action == "bad":
            await db.prepare("SELECT * FROM nowhere").all()
        elif action == "duration":
            return Response(str((await read.all()).meta.duration))
        else:
            await read.first()
        return Response("ok")
"""
BINDINGS = {"d1": (D1Binding("DB", "main"), D1Binding("AGAIN", "main"), D1Binding("OTHER", "side"))}
SYD_LHR_MS = 86.10238
#: 1 ms within a place, 5 µs a km; awake after the first query for 60 s.
LAB = Profile(
    "lab",
    links=Links(base_ms=1.0, fibre_us_per_km=5.0),
    d1=D1(
        location="SYD",
        locations={"OTHER": "LHR"},
        cold_start=Spread(500, 500),
        request=Spread(5, 5),
        query=Spread(20, 20),
        commit=Spread(7, 7),
    ),
)
AWAKE_MS = 2 + 5 + 20


def play(scenario: Any, **options: Any) -> None:
    play_code(scenario, code=CODE, bindings=BINDINGS, **options)


def exactly(ms: float) -> Any:
    return pytest.approx(ms, abs=0.01)


def test_a_query_goes_to_the_primary_and_back() -> None:
    async def scenario(project: Project) -> None:
        assert await project.timed_ms("read", "syd") == exactly(500 + AWAKE_MS), "asleep until now"
        for path in ("read", "session", "duration"):
            assert await project.timed_ms(path, "syd") == exactly(AWAKE_MS)
        assert await project.timed_ms("read", "lhr") == exactly(2 * SYD_LHR_MS + 5 + 20)

    play(scenario, network=LAB)


def test_a_batch_goes_the_way_once() -> None:
    async def scenario(project: Project) -> None:
        await project.get("read", "syd")
        assert await project.timed_ms("batch", "lhr") == exactly(2 * SYD_LHR_MS + 5 + 3 * 20)
        assert await project.timed_ms("exec", "lhr") == exactly(2 * SYD_LHR_MS + 5 + 2 * 20)

    play(scenario, network=LAB)


def test_a_write_waits_for_its_commit_and_a_query_without_one_does_not() -> None:
    async def scenario(project: Project) -> None:
        await project.get("read", "syd")
        assert await project.timed_ms("write", "syd") == exactly(AWAKE_MS + 7)
        assert await project.timed_ms("write", "syd") == exactly(AWAKE_MS), "the table is there: no write"

    play(scenario, network=LAB)


def test_a_database_falls_asleep() -> None:
    async def scenario(project: Project) -> None:
        await project.get("read", "syd")
        await project.clock.sleep(50)
        assert await project.timed_ms("read", "syd") == exactly(AWAKE_MS)
        await project.clock.sleep(60.1)
        assert await project.timed_ms("read", "syd") == exactly(500 + AWAKE_MS)

    play(scenario, network=LAB)


def test_one_query_runs_at_a_time_and_commits_do_not_hold_others_up() -> None:
    async def scenario(project: Project) -> None:
        await project.get("read", "syd")
        took = await asyncio.gather(*(project.timed_ms(path, "syd") for path in ("write", "read", "read")))
        assert took == [exactly(AWAKE_MS + 7), exactly(AWAKE_MS + 20), exactly(AWAKE_MS + 40)]

    play(scenario, network=LAB)


def test_databases_do_not_wait_for_each_other_and_may_be_elsewhere() -> None:
    async def scenario(project: Project) -> None:
        await project.get("read", "syd")
        await project.get("other", "syd")
        took = [*await asyncio.gather(project.timed_ms("read", "lhr"), project.timed_ms("other", "lhr"))]
        assert took == [exactly(2 * SYD_LHR_MS + 5 + 20), exactly(AWAKE_MS)]

    play(scenario, network=LAB)


def test_the_duration_of_a_statement_is_what_it_took() -> None:
    async def scenario(project: Project) -> None:
        assert float(await project.get("duration", "syd")) == exactly(20)

    play(scenario, network=LAB)


def test_a_query_that_fails_comes_back_the_same_way() -> None:
    async def scenario(project: Project) -> None:
        with pytest.raises(JsException, match="D1_ERROR: no such table: nowhere: SQLITE_ERROR"):
            await project.get("bad", "lhr")
        assert project.clock.elapsed_s * 1000 == exactly(2 * SYD_LHR_MS + 5 + 500)
        assert await project.timed_ms("read", "syd") == exactly(AWAKE_MS), "it woke up all the same"

    play(scenario, network=LAB)


def test_without_a_network_nothing_takes_time() -> None:
    async def scenario(project: Project) -> None:
        for path in ("read", "write", "batch"):
            await project.get(path)
        assert project.clock.elapsed_s == 0

    play(scenario)


def test_the_spans_say_what_is_modelled() -> None:
    spans: list[SpanRecord] = []

    async def scenario(project: Project) -> None:
        spans.extend(await project.traced("write", "syd"))

    play(scenario, network=LAB)
    (query,) = [record for record in spans if record.name == "d1.query"]
    assert query.tags == {"sql": "CREATE TABLE IF NOT EXISTS t (n INTEGER)", "statements": 1}
    inside = [record for record in spans if record.parent_id == query.id]
    assert all(record.modelled for record in inside)
    assert [(record.name, record.tags["what"], round(record.duration_s * 1000)) for record in inside] == [
        ("network.hop", "d1", 1),
        ("d1.storage", "request", 5),
        ("d1.storage", "wake", 500),
        ("d1.storage", "query", 20),
        ("d1.storage", "commit", 7),
        ("network.hop", "d1", 1),
    ]


def test_the_same_seed_takes_the_same_time() -> None:
    def run(seed: int) -> list[float]:
        took: list[float] = []

        async def scenario(project: Project) -> None:
            took.extend([await project.timed_ms(path, "lhr") for path in ("read", "write", "batch", "read")])

        play(scenario, seed=seed, network="edge")
        return took

    assert run(1) == run(1)
    assert run(1) != run(2)


# -- faults


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({}, "D1_ERROR: Internal error in D1 DB storage caused object to be reset."),
        ({"database": "main"}, "D1_ERROR: Internal error in D1 DB storage caused object to be reset."),
        ({"database": "DB", "text": "D1 DB is overloaded."}, "D1_ERROR: D1 DB is overloaded."),
    ],
)
@pytest.mark.parametrize("network", [None, LAB])
def test_a_query_fails(options: dict[str, Any], said: str, network: Profile | None) -> None:
    async def scenario(project: Project) -> None:
        assert project.world.faults is not None
        project.world.faults.add("d1_error", times=1, **options)
        with pytest.raises(JsException) as caught:
            await project.get("read")
        assert said in str(caught.value)
        assert await project.get("read") == "ok"
        assert project.world.faults.counts == {"d1_error": 1}

    play(scenario, network=network, faults=())


def test_an_outage_of_another_database_does_not_matter() -> None:
    async def scenario(project: Project) -> None:
        assert project.world.faults is not None
        project.world.faults.add("d1_error", database="side")
        assert await project.get("write") == "ok"
        with pytest.raises(JsException, match="D1_ERROR"):
            await project.get("other")

    play(scenario, faults=())


@pytest.mark.parametrize(("network", "usual_ms"), [(None, 0.0), (LAB, AWAKE_MS)])
def test_a_query_takes_longer(network: Profile | None, usual_ms: float) -> None:
    async def scenario(project: Project) -> None:
        await project.get("read", "syd")
        assert project.world.faults is not None
        project.world.faults.add("d1_slow", extra="3s", times=1)
        assert await project.timed_ms("read", "syd") == exactly(usual_ms + 3000)
        assert await project.timed_ms("read", "syd") == exactly(usual_ms)

    play(scenario, network=network, faults=())


def test_an_answer_that_is_lost_was_served_all_the_same() -> None:
    async def scenario(project: Project) -> None:
        await project.get("read", "syd")
        assert project.world.faults is not None
        project.world.faults.add("partition", between=("LHR", "SYD"), at="100ms", lasts="1s")
        with pytest.raises(JsException, match="D1_ERROR: Network connection lost."):
            await project.get("write", "lhr")
        assert await project.timed_ms("write", "syd") == exactly(AWAKE_MS), "the table is there"

    play(scenario, network=LAB, faults=())
