"""An index as a Worker uses it."""

from __future__ import annotations

import math
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest

from edge.js.arrays import JsArray
from edge.js.convert import to_js
from edge.js.errors import JsException
from edge.js.objects import JsObject
from edge.js.proxy import jsnull
from edge.js.typed_arrays import JsFloat32Array
from edge.kernel.clock import VirtualClock
from edge.kernel.random import RandomStreams
from edge.network.network import Network
from edge.network.profile import Profile, Vectorize
from edge.network.spread import Spread
from edge.vectorize.binding import VectorizeIndexImpl
from edge.vectorize.index import Index
from edge.vectorize.logic.definition import Definition, Metric
from tests.loops import run, run_virtual


def js(value: Any) -> Any:
    return to_js(value, dict_converter=lambda items: JsObject(dict(items)))


def vector(name: str, values: list[float], **more: Any) -> dict[str, Any]:
    return {"id": name, "values": values, **more}


VECTORS = [
    vector("east", [1.0, 0.0], namespace="n", metadata={"kind": "axis", "note": "x" * 100}),
    vector("north", [0.0, 2.0], namespace="n", metadata={"kind": "axis", "rank": 2}),
    vector("both", [3.0, 3.0], metadata={"kind": "mean"}),
    vector("west", [-1.0, 0.0]),
]


def open_index(path: Path | None = None, clock: VirtualClock | None = None, network: Any = None) -> Index:
    return Index("i", path, clock or VirtualClock(), RandomStreams(1), network)


def with_index(
    script: Callable[[VectorizeIndexImpl], Awaitable[Any]], *, definition: Definition | None = None
) -> Any:
    async def main() -> Any:
        index = open_index()
        if definition is not None:
            index.store.define(definition)
        binding = VectorizeIndexImpl(index)
        await binding.insert(js(VECTORS))
        found = await script(binding)
        await index.close()
        return found

    return run_virtual(main())


def ids(answer: Any) -> list[tuple[str, float]]:
    return [(match.id, round(match.score, 4)) for match in answer.matches]


def test_the_nearest_come_first_by_cosine() -> None:
    async def script(index: VectorizeIndexImpl) -> None:
        answer = await index.query(js([2.0, 0.0]), js({"topK": 3}))
        assert answer.count == 3
        assert ids(answer) == [("east", 1.0), ("both", round(math.sqrt(0.5), 4)), ("north", 0.0)]
        assert sorted(dict(answer.matches[0].as_object_map().items())) == ["id", "namespace", "score"]
        # Keyword arguments are the options, and five is how many one gets unasked.
        assert len((await index.query(JsFloat32Array.js_new(js([1, 1])))).matches) == 4
        assert ids(await index.query(js([0, 1]), topK=1)) == [("north", 1.0)]

    with_index(script)


@pytest.mark.parametrize(
    ("metric", "expected"),
    [
        (Metric.COSINE, ["east", "both", "north", "west"]),
        (Metric.EUCLIDEAN, ["east", "west", "north", "both"]),
        (Metric.DOT_PRODUCT, ["both", "east", "north", "west"]),
    ],
)
def test_metrics_order_and_count_in_their_own_way(metric: Metric, expected: list[str]) -> None:
    async def script(index: VectorizeIndexImpl) -> None:
        answer = await index.query(js([0.5, 0.0]), topK=4)
        assert [match.id for match in answer.matches] == expected
        first = {Metric.COSINE: 1.0, Metric.EUCLIDEAN: 0.5, Metric.DOT_PRODUCT: -1.5}[metric]
        assert answer.matches[0].score == first

    with_index(script, definition=Definition(2, metric))


def test_namespaces_and_filters_come_before_the_nearest() -> None:
    async def script(index: VectorizeIndexImpl) -> None:
        query = js([1.0, 0.1])
        assert [m.id for m in (await index.query(query, namespace="n")).matches] == ["east", "north"]
        only = js({"topK": 1, "filter": {"kind": {"$ne": "axis"}}, "returnMetadata": "all"})
        assert [m.id for m in (await index.query(query, only)).matches] == ["both"]
        none = js({"filter": {"kind": "axis"}, "namespace": "other"})
        assert (await index.query(query, none)).count == 0

    with_index(script)


def test_metadata_and_values_come_as_asked() -> None:
    async def script(index: VectorizeIndexImpl) -> None:
        async def first(**options: Any) -> Any:
            return (await index.query(js([1, 0]), **options)).matches[0]

        assert not hasattr(await first(), "metadata")
        assert (await first(returnMetadata="all")).metadata.note == "x" * 100
        assert (await first(returnMetadata=True)).metadata.note == "x" * 100
        assert (await first(returnMetadata="indexed")).metadata.note == "x" * 64
        assert not hasattr(await first(returnMetadata=False), "metadata")
        assert list((await first(returnValues=True)).values) == [1, 0]
        with pytest.raises(JsException, match="Invalid returnMetadata option. .*; got: some"):
            await first(returnMetadata="some")

    with_index(script)


def test_inserting_keeps_what_is_there_and_upserting_replaces_it() -> None:
    async def script(index: VectorizeIndexImpl) -> None:
        again = [vector("east", [9.0, 9.0]), vector("new", [1.0, 2.0])]
        kept = await index.insert(js(again))
        assert len(kept.mutationId) == 36
        found = await index.getByIds(js(["new", "none", "east"]))
        assert [(one.id, list(one.values)) for one in found] == [("new", [1, 2]), ("east", [1, 0])]
        replaced = await index.upsert(js(again))
        assert [list(one.values) for one in await index.getByIds(js(["east"]))] == [[9, 9]]
        about = await index.describe()
        assert (about.vectorCount, about.dimensions) == (5, 2)
        assert about.processedUpToMutation == replaced.mutationId != kept.mutationId
        assert about.processedUpToDatetime.endswith("Z")
        await index.deleteByIds(js(["east", "none"]))
        assert (await index.describe()).vectorCount == 4
        assert ids(await index.queryById("new", topK=1)) == [("new", 1.0)]

    with_index(script)


@pytest.mark.parametrize(
    ("call", "text"),
    [
        (
            lambda i: i.insert(js([vector("a", [1])])),
            r"VECTOR_INSERT_ERROR \(code = 40012\): .*expected 2 dim",
        ),
        (lambda i: i.upsert(js([vector("a", ["x", 1])])), r"VECTOR_UPSERT_ERROR \(code = 40012\)"),
        (lambda i: i.upsert(js([vector("a", [True, 1])])), "finite numbers"),
        (lambda i: i.upsert(js([vector("a", [math.nan, 1])])), "finite numbers"),
        (lambda i: i.upsert(js([vector("a", [1e300, 1])])), "finite numbers"),
        (lambda i: i.insert(js([vector("", [1, 2])])), "invalid vector id"),
        (lambda i: i.insert(js([vector("é" * 33, [1, 2])])), "1 to 64 bytes"),
        (lambda i: i.insert(js([vector("a", [1, 2], namespace="n" * 65)])), "namespace"),
        (lambda i: i.insert(js([vector("a", [1, 2], metadata={"m": "x" * 10241})])), "larger than 10240"),
        (lambda i: i.insert(js([vector("a", [1, 2], metadata=[1])])), "expected an object"),
        (lambda i: i.insert(js([])), "1 to 1000 vectors, not 0"),
        (lambda i: i.insert(js([vector(str(n), [1, 2]) for n in range(1001)])), "not 1001"),
        (lambda i: i.insert(), "vectors.map is not a function"),
        (lambda i: i.insert(js([None])), "reading 'values'"),
        (
            lambda i: i.query(js([1])),
            r"VECTOR_QUERY_ERROR \(code = 40006\): .*expected 2 dimensions, and got 1",
        ),
        (lambda i: i.query(js([1, 2]), topK=101), "from 1 to 100, not 101"),
        (lambda i: i.query(js([1, 2]), topK=21, returnValues=True), "from 1 to 20, not 21"),
        (lambda i: i.query(js([1, 2]), topK=0), "from 1 to 100, not 0"),
        (lambda i: i.query(js([1, 2]), js({"filter": {}})), "VECTOR_QUERY_ERROR: filter must be"),
        (lambda i: i.query(jsnull), "not iterable"),
        (lambda i: i.queryById("none"), "is not in the index"),
        (lambda i: i.getByIds(js(["a"] * 21)), "VECTOR_GET_ERROR: 1 to 20 ids at once, not 21"),
        (lambda i: i.getByIds("a"), "array of strings"),
        (lambda i: i.deleteByIds(js([])), "VECTOR_DELETE_ERROR: 1 to 100"),
    ],
)
def test_wrong_requests_change_nothing_and_say_why(call: Callable[[Any], Any], text: str) -> None:
    async def script(index: VectorizeIndexImpl) -> None:
        with pytest.raises(JsException, match=text):
            await call(index)
        assert (await index.describe()).vectorCount == 4

    with_index(script)


def test_an_index_that_is_empty_answers_with_nothing() -> None:
    async def script() -> None:
        index = VectorizeIndexImpl(open_index())
        assert (await index.query(js([1, 2, 3]))).count == 0
        about = await index.describe()
        assert (about.vectorCount, about.dimensions, about.processedUpToMutation) == (0, 0, "")
        with pytest.raises(JsException, match="expected 1536 dimensions, and got 1537"):
            await index.insert(js([vector("a", [1.0] * 1537)]))
        with pytest.raises(JsException, match="expected 1 dimensions, and got 0"):
            await index.insert(js([vector("a", [])]))

    run_virtual(script())


def test_a_mutation_shows_when_it_is_due_also_after_a_restart(tmp_path: Path) -> None:
    clock = VirtualClock()
    profile = Profile("slow", vectorize=Vectorize(query=Spread(30, 30), visible=Spread(2000, 2000)))
    network = Network(profile, RandomStreams(1), clock)
    path = tmp_path / "i.sqlite"

    async def script() -> None:
        first = open_index(path, clock, network)
        index = VectorizeIndexImpl(first)
        await index.insert(js(VECTORS))
        await index.deleteByIds(js(["west"]))
        before_s = clock.now()
        assert (await index.query(js([1, 0]))).count == 0
        assert clock.now() - before_s == pytest.approx(0.03)
        await first.close()
        await clock.advance(1.9)
        index = VectorizeIndexImpl(open_index(path, clock, network))
        assert (await index.describe()).vectorCount == 0
        await clock.advance(0.1)
        assert (await index.describe()).vectorCount == 3
        assert (await index.query(js([1, 0]), topK=1)).matches[0].id == "east"

    run_virtual(script(), clock)


def test_requests_at_once_on_a_real_loop_are_all_served(tmp_path: Path) -> None:
    from edge.kernel.clock import WallClock

    async def script() -> None:
        import asyncio

        index = Index("i", tmp_path / "i.sqlite", WallClock(), RandomStreams(1))
        binding = VectorizeIndexImpl(index)
        await asyncio.gather(*(binding.upsert(js([vector(str(n), [n, 1.0])])) for n in range(20)))
        answers = await asyncio.gather(*(binding.query(js([1.0, 0.0]), topK=1) for _ in range(5)))
        assert {answer.matches[0].id for answer in answers} == {"19"}
        assert isinstance(answers[0].matches, JsArray)
        await index.close()

    run(script())
