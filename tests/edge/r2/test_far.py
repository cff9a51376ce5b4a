"""R2 at a distance: what each operation takes, to the millisecond, and what goes wrong."""

from __future__ import annotations

from typing import Any

import pytest

from edge.config import R2Binding
from edge.http.response import Response
from edge.js.errors import JsException
from edge.network.profile import R2, Links, Profile
from edge.network.spread import Spread
from edge.trace.record import SpanRecord
from tests.edge.network.project import Project
from tests.edge.network.project import play as play_code

CODE = """
from workers import Response, WorkerEntrypoint


class Default(WorkerEntrypoint):
    async def fetch(self, request):
        action, name, size, *_ = [*request.url.split("/")[3:], "", ""]
        bucket = self.env.FAR if name.startswith("far") else self.env.BUCKET
        if action == "put":
            await bucket.put(name, "x" * int(size))
        elif action == "copy":
            await self.env.FAR.put(f"far-{name}", (await bucket.get(name)).body)
        elif action == "head":
            return Response(str(await bucket.head(name) is not None))
        elif action == "delete":
            await bucket.delete(name)
        elif action == "list":
            return Response(",".join(found.key for found in (await bucket.list()).objects))
        elif action == "multipart":
            upload = await bucket.createMultipartUpload(name)
            await upload.complete([await upload.uploadPart(1, "x" * int(size))])
        elif action == "abort":
            upload = await bucket.createMultipartUpload(name)
            await upload.abort()
        elif action == "begin":
            return Response(str((await bucket.get(name)).size))
        elif action == "get":
            found = await bucket.get(name)
            return Response(found.body if found else "none")
        return Response("ok")
"""
BINDINGS = {"r2": (R2Binding("BUCKET", "near"), R2Binding("FAR", "media"))}
SYD_LHR_MS = 86.10238
#: 1 ms within a place, 5 µs a km; 1 MB/s, or 100 kB a round trip.
LAB = Profile(
    "lab",
    links=Links(base_ms=1.0, fibre_us_per_km=5.0),
    r2=R2(
        location="SYD",
        locations={"media": "LHR"},
        head=Spread(10, 10),
        read=Spread(20, 20),
        write=Spread(30, 30),
        delete=Spread(40, 40),
        list=Spread(50, 50),
        mb_per_s=1.0,
        window_kb=100.0,
    ),
)
#: The time of 1,000 bytes between SYD and LHR: a hundredth of a window, of which one goes in a round trip.
FAR_KB_MS = 2 * SYD_LHR_MS / 100


def play(scenario: Any, **options: Any) -> None:
    play_code(scenario, code=CODE, bindings=BINDINGS, **options)


def exactly(ms: float) -> Any:
    return pytest.approx(ms, abs=0.01)


def test_each_operation_goes_to_the_bucket_and_back_and_takes_its_share_there() -> None:
    async def scenario(project: Project) -> None:
        took = {
            path: await project.timed_ms(path, "syd")
            for path in ("put/a/0", "head/a", "get/a", "begin/a", "list", "delete/a", "get/a")
        }
        assert took == {
            "put/a/0": exactly(2 + 30),
            "head/a": exactly(2 + 10),
            "begin/a": exactly(2 + 20),
            "list": exactly(2 + 50),
            "delete/a": exactly(2 + 40),
            "get/a": exactly(2 + 20),
        }
        assert await project.timed_ms("multipart/b/1000", "syd") == exactly(3 * (2 + 30) + 1)
        assert await project.timed_ms("abort/c", "syd") == exactly((2 + 30) + (2 + 40))

    play(scenario, network=LAB)


def test_a_bucket_is_where_the_profile_says() -> None:
    async def scenario(project: Project) -> None:
        way_ms = 2 * SYD_LHR_MS
        assert await project.timed_ms("head/near", "lhr") == exactly(way_ms + 10)
        assert await project.timed_ms("head/far", "lhr") == exactly(2 + 10)
        assert await project.timed_ms("head/far", "syd") == exactly(way_ms + 10)

    play(scenario, network=LAB)


def test_a_bucket_without_a_location_is_in_the_default_place() -> None:
    async def scenario(project: Project) -> None:
        assert await project.timed_ms("head/a", "lhr") == exactly(2)
        assert await project.timed_ms("head/a", "syd") == exactly(2 * SYD_LHR_MS)

    play(scenario, network=Profile("lab", default_place="LHR", links=LAB.links))


def test_bytes_take_the_time_of_the_link_and_of_its_window() -> None:
    async def scenario(project: Project) -> None:
        assert await project.timed_ms("put/a/5000", "syd") == exactly(2 + 30 + 5)
        assert await project.timed_ms("get/a", "syd") == exactly(2 + 20 + 5)
        assert await project.timed_ms("put/a/5000", "lhr") == exactly(2 * SYD_LHR_MS + 30 + 5 * FAR_KB_MS)
        assert await project.timed_ms("get/a", "lhr") == exactly(2 * SYD_LHR_MS + 20 + 5 * FAR_KB_MS)

    play(scenario, network=LAB)


def test_a_long_object_comes_while_it_is_read() -> None:
    async def scenario(project: Project) -> None:
        await project.get("put/long/600000", "syd")
        assert await project.timed_ms("begin/long", "syd") == exactly(2 + 20), "until the first byte"
        came_ms = await arrivals_ms(project, await project.ask("get/long", "syd"))
        assert came_ms == [exactly(262.144), exactly(524.288), exactly(600)]

    play(scenario, network=LAB)


async def arrivals_ms(project: Project, response: Response) -> list[float]:
    """When the chunks of a body come, from now."""
    began_s = project.clock.monotonic()
    return [
        (project.clock.monotonic() - began_s) * 1000
        async for _ in response._payload.chunks()  # type: ignore[union-attr]
    ]


def test_a_reader_who_is_slower_than_the_link_does_not_wait_for_it() -> None:
    async def scenario(project: Project) -> None:
        await project.get("put/long/600000", "syd")
        response = await project.ask("get/long", "syd")
        await project.clock.sleep(1)
        assert await arrivals_ms(project, response) == [exactly(0)] * 3

    play(scenario, network=LAB)


def test_a_stream_goes_on_chunk_by_chunk() -> None:
    async def scenario(project: Project) -> None:
        await project.get("put/long/600000", "syd")
        # Chunks come after 262, 524 and 600 ms; each takes as long again, one after the other.
        comes_ms = (2 + 20) + 262.144 + 600
        assert await project.timed_ms("copy/long", "syd") == exactly(comes_ms + SYD_LHR_MS)
        assert await project.timed_ms("head/far-long", "lhr") == exactly(2)

    r2 = R2(location="SYD", locations={"media": "LHR"}, read=Spread(20, 20), mb_per_s=1.0)
    play(scenario, network=Profile("lab", links=LAB.links, r2=r2))


def test_a_refusal_comes_back_the_same_way() -> None:
    async def scenario(project: Project) -> None:
        with pytest.raises(JsException, match=r"The specified object name is not valid. \(10020\)"):
            await project.get(f"put/{'k' * 1025}/0", "lhr")
        assert project.clock.elapsed_s * 1000 == exactly(2 * SYD_LHR_MS + 30)

    play(scenario, network=LAB)


def test_without_a_network_nothing_takes_time() -> None:
    async def scenario(project: Project) -> None:
        for path in ("put/a/100000", "head/a", "get/a", "list", "delete/a"):
            await project.get(path)
        assert project.clock.elapsed_s == 0

    play(scenario)


def test_the_spans_say_what_is_modelled() -> None:
    spans: list[SpanRecord] = []

    async def scenario(project: Project) -> None:
        spans.extend(await project.traced("put/a/5", "syd"))

    play(scenario, network=LAB)
    told = {record.name: record for record in spans}
    assert told["r2.put"].tags == {"key": "a"}
    assert told["r2.storage"].tags == {"place": "SYD", "what": "write"}
    assert told["r2.storage"].modelled
    assert told["r2.storage"].duration_s == pytest.approx(0.03)
    assert [record.tags["what"] for record in spans if record.name == "network.hop"][1:3] == ["r2", "r2"]
    assert {record.parent_id for record in spans if record.tags.get("what") in ("r2", "write")} == {
        told["r2.put"].id
    }


def test_the_same_seed_takes_the_same_time() -> None:
    def run(seed: int) -> list[float]:
        took: list[float] = []

        async def scenario(project: Project) -> None:
            for path in ("put/a/70000", "get/a", "head/a", "list", "delete/a"):
                took.append(await project.timed_ms(path, "lhr"))

        play(scenario, seed=seed, network="edge")
        return took

    assert run(1) == run(1)
    assert run(1) != run(2)


# -- faults


ERROR = "We encountered an internal error. Please try again. (10001)"


@pytest.mark.parametrize(
    ("options", "path", "said"),
    [
        ({}, "get/a", f"get: {ERROR}"),
        ({"operation": "head"}, "head/a", f"head: {ERROR}"),
        ({"operation": "put"}, "put/a/1", f"put: {ERROR}"),
        ({"operation": "put"}, "multipart/a/1", f"createMultipartUpload: {ERROR}"),
        ({"operation": "list"}, "list", f"list: {ERROR}"),
        ({"bucket": "near"}, "delete/a", f"delete: {ERROR}"),
        ({"bucket": "BUCKET", "text": "Out of order."}, "get/a", "get: Out of order. (10001)"),
    ],
)
@pytest.mark.parametrize("network", [None, LAB])
def test_an_operation_fails(options: dict[str, Any], path: str, said: str, network: Profile | None) -> None:
    async def scenario(project: Project) -> None:
        assert project.world.faults is not None
        project.world.faults.add("r2_error", times=1, **options)
        with pytest.raises(JsException) as caught:
            await project.get(path)
        assert said in str(caught.value)
        assert await project.get("head/a") == "False"
        assert project.world.faults.counts == {"r2_error": 1}

    play(scenario, network=network, faults=())


def test_an_outage_of_another_bucket_or_operation_does_not_matter() -> None:
    async def scenario(project: Project) -> None:
        assert project.world.faults is not None
        project.world.faults.add("r2_error", bucket="media")
        project.world.faults.add("r2_error", operation="delete")
        assert await project.get("put/a/3") == "ok"
        assert await project.get("get/a") == "xxx"

    play(scenario, faults=())


@pytest.mark.parametrize(("network", "usual_ms"), [(None, 0.0), (LAB, 2 + 20)])
def test_an_operation_takes_longer(network: Profile | None, usual_ms: float) -> None:
    async def scenario(project: Project) -> None:
        assert project.world.faults is not None
        project.world.faults.add("r2_slow", extra="3s", operation="get", times=1)
        assert await project.timed_ms("get/a", "syd") == exactly(usual_ms + 3000)
        assert await project.timed_ms("get/a", "syd") == exactly(usual_ms)

    play(scenario, network=network, faults=())


def test_a_bucket_behind_a_partition_is_lost() -> None:
    async def scenario(project: Project) -> None:
        assert project.world.faults is not None
        project.world.faults.add("partition", between=("LHR", "SYD"), lasts="5s")
        with pytest.raises(JsException, match="Network connection lost"):
            await project.get("head/a", "lhr")
        assert await project.get("head/a", "syd") == "False"

    play(scenario, network=LAB, faults=())
