"""JsPromise: settled ones cost no task, pending ones run whether or not anybody awaits them."""

from __future__ import annotations

import asyncio

import pytest

from edge.js.errors import HungWorker, JsThrown, error
from edge.js.promise import JsPromise, settle
from tests.loops import run_virtual


async def after(delay_s: float, value: str) -> str:
    await asyncio.sleep(delay_s)
    return value


def test_work_without_waiting_is_settled_at_once() -> None:
    async def at_once() -> int:
        return 5

    async def fails() -> int:
        raise error("no")

    done, failed = JsPromise.start(at_once(), name="a"), JsPromise.start(fails(), name="b")
    assert (done.settled, done.succeeded, failed.settled, failed.succeeded) == (True, True, True, False)


def test_pending_work_runs_by_itself_and_many_may_wait() -> None:
    async def main() -> list[str]:
        promise = JsPromise.start(after(1, "x"), name="after")
        assert not promise.settled
        waiting = asyncio.gather(promise, promise)
        await asyncio.sleep(2)
        assert promise.settled
        return [*await waiting, await promise]

    assert run_virtual(main()) == ["x", "x", "x"]


def test_cancelling_who_waits_does_not_cancel_the_work() -> None:
    async def main() -> str:
        promise = JsPromise.start(after(1, "x"), name="after")
        with pytest.raises(asyncio.TimeoutError):
            await asyncio.wait_for(promise, 0.5)
        return await promise

    assert run_virtual(main()) == "x"


def test_then_catch_finally() -> None:
    async def main() -> list[object]:
        ended: list[str] = []
        chained = JsPromise.start(after(1, "x"), name="after").then(lambda x: JsPromise.resolved(x + "y"))
        mended = JsPromise.rejected(error("no")).catch(lambda e: e.message)
        finished = await JsPromise.resolved(1).finally_(lambda: ended.append("end"))
        return [await chained, await mended, finished, ended]

    assert run_virtual(main()) == ["xy", "no", 1, ["end"]]


def test_a_rejection_that_is_no_error_hangs_python_but_not_javascript() -> None:
    async def main() -> None:
        with pytest.raises(HungWorker):
            await JsPromise.rejected(JsThrown("plain"))
        with pytest.raises(JsThrown):
            await settle(JsPromise.rejected(JsThrown("plain")))

    run_virtual(main())
