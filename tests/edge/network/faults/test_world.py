"""Each fault, as a Worker and its clients see it."""

from __future__ import annotations

from typing import Any

import pytest

from edge.http.response import Response
from edge.http.streams.readable import ReadableStream
from edge.http.websocket import DROPPED, DROPPED_REASON
from edge.js.errors import JsException
from edge.network.errors import FaultError
from edge.network.faults.faults import Faults
from edge.network.profile import Durable, Kv, Links, Profile
from tests.edge.network.project import Project, play
from tests.edge.network.test_world import connect

LAB = Profile(
    "lab",
    links=Links(base_ms=10.0),
    durable=Durable(hosts=("SYD", "LHR", "IAD")),
    kv=Kv(centres=("IAD", "FRA")),
)
LOST = "Network connection lost."
TOOK_TOO_LONG = "Durable Object storage operation exceeded timeout which caused object to be reset."


def its(project: Project) -> Faults:
    faults = project.world.faults
    assert faults is not None
    return faults


async def failure(project: Project, path: str, place: str | None = None) -> JsException:
    with pytest.raises(JsException) as caught:
        await project.get(path, place)
    return caught.value


async def chunks_until_lost(response: Response) -> list[bytes]:
    """What arrives of a body before its connection is lost."""
    came: list[bytes] = []

    async def read() -> None:
        assert isinstance(response._payload, ReadableStream)
        async for chunk in response._payload.chunks():
            came.append(chunk)

    with pytest.raises(JsException, match=LOST):
        await read()
    return came


def test_a_partition_keeps_callers_from_an_object_until_it_ends() -> None:
    async def scenario(project: Project) -> None:
        await project.get("incr/a", "syd")
        its(project).add("partition", between=("LHR", "oc"), lasts="5s")
        lost = await failure(project, "incr/a", "lhr")
        assert LOST in str(lost)
        assert await project.get("incr/a", "syd") == "[2, 2]", "nothing came through from LHR"
        await project.clock.sleep(5)
        assert await project.get("incr/a", "lhr") == "[3, 3]"
        assert its(project).counts["partition"] >= 1

    play(scenario, network=LAB, faults=())


def test_a_partition_that_begins_on_the_way_loses_the_answer_but_not_the_work() -> None:
    async def scenario(project: Project) -> None:
        await project.get("incr/a", "syd")
        its(project).add("partition", between=("LHR", "SYD"), at="15ms", lasts="1s")
        assert LOST in str(await failure(project, "incr/a", "lhr"))
        await project.clock.sleep(2)
        assert await project.get("read/a", "lhr") == "[2, 2]", "the call was served: retrying is not free"

    play(scenario, network=LAB, faults=())


def test_the_error_of_a_lost_connection_says_that_it_can_be_retried() -> None:
    async def scenario(project: Project) -> None:
        its(project).add("partition", between=("client", "SYD"))
        lost = await failure(project, "colo", "syd")
        assert (lost.name, lost.message, lost.retryable) == ("Error", LOST, True)

    play(scenario, network=LAB, faults=())


def test_a_partition_cuts_sockets_on_both_sides() -> None:
    async def scenario(project: Project) -> None:
        ear, end = await connect(project, "socket/a/oc", "lhr")
        its(project).add("partition", between=("LHR", "SYD"), lasts="5s")
        end._send("hello")  # type: ignore[attr-defined]
        await project.clock.sleep(1)
        assert [data for _, data in ear.heard] == [(DROPPED, DROPPED_REASON, False)]

    play(scenario, network=LAB, faults=())


def test_a_partition_breaks_a_body_under_way() -> None:
    async def scenario(project: Project) -> None:
        response = await project.ask("ticks", "syd")
        its(project).add("partition", between=("client", "*"), at="600ms")
        assert await chunks_until_lost(response) == [b"0", b"1", b"2"]

    play(scenario, network="edge", faults=())


def test_delay() -> None:
    async def scenario(project: Project) -> None:
        before_ms = await project.timed_ms("incr/a", "syd")
        its(project).add("delay", between=("SYD", "SYD"), extra="250ms")
        assert await project.timed_ms("incr/a", "syd") - before_ms == pytest.approx(500, abs=0.1)

    play(scenario, network=LAB, faults=())


def test_lost_messages_are_sent_again_and_arrive_later() -> None:
    async def scenario(project: Project) -> None:
        before_ms = await project.timed_ms("incr/a", "syd")
        its(project).add("loss", between=("SYD", "SYD"), probability=0.4)
        took_ms = [await project.timed_ms("incr/a", "syd") for _ in range(40)]
        assert min(took_ms) == pytest.approx(before_ms, abs=0.1)
        later = {round(ms - before_ms) for ms in took_ms} - {0}
        assert later, "some were lost"
        assert all(delay % 200 == 0 for delay in later), "after 200 ms, then 400, …"
        assert its(project).counts["loss"] >= len(later)

    play(scenario, network=LAB, faults=())


def test_losing_everything_is_a_lost_connection() -> None:
    async def scenario(project: Project) -> None:
        its(project).add("loss", between=("SYD", "SYD"), probability=1)
        assert LOST in str(await failure(project, "incr/a", "syd"))
        assert project.clock.elapsed_s == pytest.approx(0.2 * (2**6 - 1), rel=0.01)

    play(scenario, network=LAB, faults=())


def test_a_place_that_is_down_sends_its_clients_elsewhere_and_forgets_its_objects() -> None:
    async def scenario(project: Project) -> None:
        assert await project.get("incr/a", "syd") == "[1, 1]"
        its(project).add("place_down", place="SYD", lasts="5s")
        assert await project.get("colo", "syd") == "MEL Melbourne Australia/Melbourne"
        assert LOST in str(await failure(project, "incr/a", "lhr"))
        await project.clock.sleep(5)
        assert await project.get("colo", "syd") == "SYD Sydney Australia/Sydney"
        assert LOST in str(await failure(project, "read/a", "syd")), "whoever calls first learns of it"
        assert await project.get("read/a", "syd") == "[1, 0]", "storage stays, memory does not"

    play(scenario, network=LAB, faults=())


def test_kv_goes_to_another_centre_when_one_is_down() -> None:
    async def scenario(project: Project) -> None:
        its(project).add("place_down", place="FRA")
        assert await project.get("get/k", "lhr") == "None"
        its(project).add("place_down", place="IAD")
        assert LOST in str(await failure(project, "get/other", "lhr"))

    play(scenario, network=LAB, faults=())


def test_crash_at_an_await() -> None:
    async def scenario(project: Project) -> None:
        assert await project.get("incr/a") == "[1, 1]"
        its(project).add("crash", of_class="Room", object="a", times=1)
        lost = await failure(project, "slow/a")
        assert LOST in str(lost)
        assert project.clock.elapsed_s == 0, "it never got as far as its sleep"
        assert await project.get("read/a") == "[1, 0]"
        assert await project.get("incr/b") == "[1, 1]"

    play(scenario, faults=())


def test_crashes_lose_nothing_that_was_acknowledged() -> None:
    async def scenario(project: Project) -> None:
        its(project).add("crash", probability=0.2)
        acknowledged = failed = 0
        for _ in range(60):
            try:
                acknowledged = int((await project.get("incr/a")).strip("[").partition(",")[0])
            except JsException:
                failed += 1
        its(project)._by_kind["crash"][0].stop()
        stored = int((await project.get("read/a")).strip("[").partition(",")[0])
        assert failed > 5
        assert stored >= acknowledged
        assert stored <= 60

    for seed in range(5):
        play(scenario, seed=seed, faults=())


def test_evict() -> None:
    async def scenario(project: Project) -> None:
        assert await project.get("incr/a") == "[1, 1]"
        its(project).add("evict", object="a", times=1)
        assert await project.get("incr/a") == "[2, 2]"
        assert await project.get("incr/a") == "[3, 1]", "put away in good order between the two"
        assert its(project).counts == {"evict": 1}

    play(scenario, faults=())


def test_a_commit_that_fails_resets_the_object() -> None:
    async def scenario(project: Project) -> None:
        assert await project.get("incr/a") == "[1, 1]"
        its(project).add("commit_fails", of_class="Room", times=1)
        assert "disk I/O error" in str(await failure(project, "incr/a"))
        assert await project.get("read/a") == "[1, 0]", "the write is lost, and so is memory"

    play(scenario, faults=())


def test_a_slow_commit_holds_the_answer() -> None:
    async def scenario(project: Project) -> None:
        its(project).add("commit_slow", extra="3s", times=1)
        assert await project.timed_ms("incr/a") == pytest.approx(3000, abs=0.1)
        assert await project.timed_ms("incr/a") == pytest.approx(0, abs=0.1)

    play(scenario, faults=())


def test_a_commit_that_takes_half_a_minute_resets_its_object() -> None:
    async def scenario(project: Project) -> None:
        its(project).add("commit_slow", extra="29s", times=1)
        assert await project.timed_ms("incr/a") == pytest.approx(29_000, abs=0.1)
        for extra in ("30s", "10m"):
            its(project).add("commit_slow", extra=extra, times=1)
            began_s = project.clock.monotonic()
            reset = await failure(project, "incr/a")
            assert project.clock.monotonic() - began_s == pytest.approx(30, abs=0.001)
            assert TOOK_TOO_LONG in str(reset)
        assert await project.get("incr/a") == "[4, 1]", "what was written is durable, though nobody was told"

    play(scenario, faults=())


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({}, "KV GET failed: 500 Internal Server Error"),
        ({"status": 503}, "KV GET failed: 503 Service Unavailable"),
        ({"status": 599, "text": "Gone Fishing"}, "KV GET failed: 599 Gone Fishing"),
        ({"namespace": "KV", "operation": "get"}, "KV GET failed: 500 Internal Server Error"),
        ({"namespace": "kv-id"}, "KV GET failed: 500 Internal Server Error"),
    ],
)
def test_kv_errors(options: dict[str, Any], said: str) -> None:
    async def scenario(project: Project) -> None:
        await project.get("put/k/v")
        its(project).add("kv_error", times=1, **options)
        assert said in str(await failure(project, "get/k"))
        assert await project.get("get/k") == "v"

    play(scenario, faults=())


def test_kv_errors_elsewhere_do_not_matter() -> None:
    async def scenario(project: Project) -> None:
        its(project).add("kv_error", namespace="OTHER")
        its(project).add("kv_error", operation="list")
        await project.get("put/k/v")
        assert await project.get("get/k") == "v"

    play(scenario, faults=())


def test_kv_rate_limit_is_for_writes() -> None:
    async def scenario(project: Project) -> None:
        its(project).add("kv_rate_limit")
        assert await project.get("get/k") == "None"
        assert "KV PUT failed: 429 Too Many Requests" in str(await failure(project, "put/k/v"))

    play(scenario, faults=())


def test_a_client_that_goes_away_cancels_its_request() -> None:
    async def scenario(project: Project) -> None:
        its(project).add("client_disconnect", after="2s", times=1)
        lost = await failure(project, "wait")
        assert lost.message == LOST
        assert project.clock.elapsed_s == pytest.approx(2)
        assert not project.world._services["distant"].invocations

    play(scenario, faults=())


def test_a_client_that_goes_away_while_it_reads() -> None:
    async def scenario(project: Project) -> None:
        its(project).add("client_disconnect", after="600ms", place="SYD")
        assert await project.get("ticks", "lhr") == "0123", "others stay"
        response = await project.ask("ticks", "syd")
        assert await chunks_until_lost(response) == [b"0", b"1", b"2"]

    play(scenario, faults=())


def test_a_client_that_goes_away_drops_its_socket() -> None:
    async def scenario(project: Project) -> None:
        its(project).add("client_disconnect", after="3s")
        ear, end = await connect(project, "socket/a", "syd")
        end._send("hello")  # type: ignore[attr-defined]
        await project.clock.sleep(5)
        assert [data for _, data in ear.heard] == ["echo hello", (DROPPED, DROPPED_REASON, False)]
        host = next(iter(project.world.durable_hosts.values()))
        assert not len(next(iter(host._slots.values())).sockets)

    play(scenario, faults=())


def test_a_script_runs_by_the_clock_of_the_world() -> None:
    script = [{"kind": "kv_error", "at": "10m", "for": "1m", "every": "1h"}]

    async def scenario(project: Project) -> None:
        assert await project.get("get/k") == "None"
        await project.clock.sleep(600)
        await failure(project, "get/k")
        await project.clock.sleep(60)
        assert await project.get("get/k") == "None"
        await project.clock.sleep(3540)
        await failure(project, "get/k")

    play(scenario, faults=script)


def test_the_same_seed_meets_the_same_faults() -> None:
    def run(seed: int) -> list[tuple[float, str, str]]:
        log: list[tuple[float, str, str]] = []

        async def scenario(project: Project) -> None:
            its(project).add("crash", probability=0.1)
            its(project).add("kv_error", probability=0.3)
            its(project).add("loss", between=("*", "*"), probability=0.1)
            for turn in range(40):
                path = ("incr/a", "get/k", f"put/k{turn}/v")[turn % 3]
                try:
                    await project.get(path, ("syd", "lhr", "iad")[turn % 3])
                except JsException:
                    await project.clock.sleep(1)
            log.extend(its(project).log)

        play(scenario, seed=seed, network="edge", faults=())
        return log

    assert run(3) == run(3)
    assert run(3)
    assert run(3) != run(4)


def test_places_are_needed_for_faults_of_places() -> None:
    async def scenario(project: Project) -> None:
        with pytest.raises(FaultError, match='the fault "place_down" needs places'):
            its(project).add("place_down", place="SYD")
        assert await project.get("get/k") == "None"

    play(scenario, faults=())
