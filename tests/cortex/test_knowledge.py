"""What earlier sessions learnt: kept, found, told to the agent, and nobody else's."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from edge.network.profile import Profile, Vectorize
from edge.network.spread import Spread
from tests.cortex.worlds import ALL, PROJECT, Cortex, playing
from wrangler_compat.lab.person import Person, Refused

SLOW = Profile("slow", vectorize=Vectorize(query=Spread(400, 400), visible=Spread(2000, 2000)))


@pytest.fixture
def source() -> Iterator[None]:
    """The project's own modules, importable."""
    sys.path.insert(0, str(PROJECT / "src"))
    yield
    sys.path.remove(str(PROJECT / "src"))
    for name in ("embedder", "noted"):
        sys.modules.pop(name, None)


async def kept(person: Person, session_id: str, text: str, kind: str = "decision") -> dict[str, Any]:
    body = {"sessionId": session_id, "kind": kind, "text": text}
    record: dict[str, Any] = await person.call("POST", "/api/knowledge", body)
    return record


def step_of(answer: Any) -> dict[str, Any]:
    timing = [frame for frame in answer.frames if frame["type"] == "timing"][-1]
    return next(step for step in timing["steps"] if step["name"] == "knowledge")


@pytest.mark.parametrize("switches", ["knowledge", "parallel,knowledge", ALL])
def test_what_one_session_decided_reaches_the_agent_of_another(switches: str) -> None:
    async def play(world: Cortex) -> None:
        ada = await world.person()
        first = await ada.session(switches)
        await ada.message(first, "Decision: the invoices are kept in SQLite", switches)
        await world.advance("3s")
        second = await ada.session(switches)
        answer = await ada.message(second, "where do we keep the invoices?", switches)
        later = answer
        if "known:" not in answer.text:  # it came too late for this one, and goes with the next
            later = await ada.message(second, "and the invoices of last year?", switches)
        assert "(known: decision: the invoices are kept in SQLite)" in later.text
        other = await ada.message(second, "xyzzy", "parallel,knowledge")
        assert "known:" not in other.text

    playing(play)


def test_another_users_knowledge_is_never_found() -> None:
    async def play(world: Cortex) -> None:
        ada, eve = await world.person(), await world.person("eve")
        await kept(ada, await ada.session("knowledge"), "the invoices are kept in SQLite")
        answer = await eve.message(
            await eve.session("knowledge"), "where are the invoices kept?", "knowledge"
        )
        assert "SQLite" not in answer.text
        assert await eve.call("GET", "/api/knowledge") == []

    playing(play)


def test_a_message_does_not_wait_for_knowledge() -> None:
    async def play(world: Cortex) -> None:
        ada = await world.person()
        session_id = await ada.session(ALL)
        await kept(ada, session_id, "the invoices are kept in SQLite")
        await world.advance("3s")
        await ada.message(session_id, "hello", ALL)
        answer = await ada.message(session_id, "where are the invoices kept?", ALL)
        assert answer.first_token_ms is not None
        assert answer.first_token_ms < 400 <= step_of(answer)["endMs"] - step_of(answer)["startMs"] + 400
        assert "comes too late" in step_of(answer)["detail"]
        assert "known:" not in answer.text
        await world.advance("1s")
        assert "(known: decision: the inv" in (await ada.message(session_id, "and again?", ALL)).text

    playing(play, network=SLOW)


def test_knowledge_is_listed_and_forgotten() -> None:
    async def play(world: Cortex) -> None:
        ada = await world.person()
        session_id = await ada.session("knowledge")
        one = await kept(ada, session_id, "npm needs a cache", "gotcha")
        await world.advance("1s")
        two = await kept(ada, session_id, "retry with jitter", "pattern")
        assert await kept(ada, session_id, "retry with jitter", "pattern") == {**two, "at": two["at"]}
        assert [r["id"] for r in await ada.call("GET", "/api/knowledge")] == [two["id"], one["id"]]
        await ada.call("DELETE", f"/api/knowledge/{one['id']}")
        assert [r["id"] for r in await ada.call("GET", "/api/knowledge")] == [two["id"]]
        for method, path, body, status in (
            ("DELETE", f"/api/knowledge/{one['id']}", None, 404),
            ("POST", "/api/knowledge", {"sessionId": "x", "kind": "gotcha", "text": "t"}, 404),
            ("POST", "/api/knowledge", {"sessionId": session_id, "kind": "joke", "text": "t"}, 400),
            ("POST", "/api/knowledge", {"sessionId": session_id, "kind": "gotcha", "text": " "}, 400),
            ("POST", "/api/knowledge", {"sessionId": session_id, "kind": "gotcha", "text": "x" * 1001}, 413),
        ):
            with pytest.raises(Refused) as no:
                await ada.call(method, path, body)
            assert no.value.status == status

    playing(play)


def test_an_index_that_fails_costs_the_answer_nothing() -> None:
    async def play(world: Cortex) -> None:
        ada = await world.person()
        session_id = await ada.session("knowledge")
        index = world._products._index("cortex-knowledge")
        await index.close()

        async def broken(*_: Any) -> Any:
            raise OSError("the index is gone")

        index.dimensions = broken  # type: ignore[method-assign]
        answer = await ada.message(session_id, "Gotcha: nothing works", "knowledge")
        assert answer.text.startswith("You said: Gotcha:")
        assert "not found" in step_of(answer)["detail"]

    playing(play)


def test_what_is_noted_in_a_text(source: None) -> None:
    from noted import noted_in  # type: ignore[import-not-found]

    text = (
        "Hello\n**Decision:** use SQLite\n- gotcha: npm is slow \nPattern:\nthe pattern: is not at the start"
    )
    assert noted_in(text) == [("decision", "use SQLite"), ("gotcha", "npm is slow")]
    assert noted_in("Decision: a\n" * 3) == [("decision", "a")]
    assert len(noted_in("\n".join(f"gotcha: {n}" for n in range(20)))) == 10
    assert noted_in("gotcha: " + "x" * 2000) == [("gotcha", "x" * 1000)]


async def _similar(one: str, other: str) -> float:
    from embedder import HashedWords  # type: ignore[import-not-found]

    left, right = await HashedWords().embed([one, other])
    return sum(a * b for a, b in zip(left, right, strict=True))


@pytest.mark.parametrize(
    ("one", "other", "low", "high"),
    [
        ("the same words", "the same words", 0.999, 1.001),
        ("we keep invoices in SQLite", "where are the invoices kept?", 0.3, 1.0),
        ("retry with jitter", "the colour of the button", -0.3, 0.3),
        ("", "anything", -0.001, 0.001),
    ],
)
def test_the_offline_embedder_finds_shared_words(
    source: None, one: str, other: str, low: float, high: float
) -> None:
    import asyncio

    assert low <= asyncio.run(_similar(one, other)) <= high


def test_the_agent_is_told_before_the_prompt() -> None:
    sys.path.insert(0, str(Path(PROJECT / "container")))
    try:
        from known import with_knowledge  # type: ignore[import-not-found]
    finally:
        sys.path.remove(str(Path(PROJECT / "container")))
    assert with_knowledge({"prompt": "hi"}) == "hi"
    assert with_knowledge({"prompt": "hi", "knowledge": "x"}) == "hi"
    told = with_knowledge({"prompt": "hi", "knowledge": [{"kind": "gotcha", "text": "npm is slow"}]})
    assert told.endswith("- gotcha: npm is slow\n\nhi")
