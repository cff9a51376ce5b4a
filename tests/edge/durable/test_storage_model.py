"""Storage against a model, through crashes, evictions, aborts and failed commits."""

from __future__ import annotations

import asyncio
import tempfile
from pathlib import Path
from typing import Any

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from edge.durable.host import DurableHost
from edge.js.arrays import JsArray
from edge.js.errors import JsException
from edge.js.objects import JsObject
from edge.kernel.clock import VirtualClock
from edge.kernel.loop import VirtualLoop
from edge.kernel.tasks import install
from tests.edge.durable.code import Code, make_host

_keys = st.sampled_from(["a", "b", "é", "k/1", "k/2"])
_values = st.integers(-5, 5) | st.text(max_size=3)


class Store:
    def __init__(self, ctx: Any, env: Any) -> None:
        self.ctx = ctx
        self.storage = ctx.storage

    async def change(self, changes: JsArray, ending: str) -> None:
        """Apply changes in one turn, by key-value API or SQL; then end as told."""
        for key, value in changes:
            if value is None:
                await self.storage.delete(key)
            elif isinstance(value, int):
                await self.storage.put(key, value)
            else:
                self.storage.kv.put(key, value)
        if ending == "raise":
            raise ValueError("after the changes")
        if ending == "abort":
            self.ctx.abort("aborted")

    async def roll_back(self, changes: JsArray) -> None:
        async def inside(txn: Any) -> None:
            for key, value in changes:
                await (txn.delete(key) if value is None else txn.put(key, value))
            raise ValueError("never mind")

        await self.storage.transaction(inside)

    async def all(self) -> JsObject:
        return JsObject(dict((await self.storage.list()).items()))


class Storage(RuleBasedStateMachine):
    """What was acknowledged is there, what was refused is not, whatever happened in between."""

    def __init__(self) -> None:
        super().__init__()
        self.folder = tempfile.TemporaryDirectory()
        self.clock = VirtualClock()
        self.loop = VirtualLoop(self.clock)
        install(self.loop)
        self.host = self.fresh_host()
        self.model: dict[str, Any] = {}

    def fresh_host(self) -> DurableHost:
        host = make_host(Store, self.clock, directory=Path(self.folder.name))
        self.loop.run_until_complete(host.reload(Code(Store)))
        return host

    def do(self, work: Any) -> Any:
        async def main() -> Any:
            return await work(self.host.namespace().getByName("a"))

        return self.loop.run_until_complete(main())

    def refused(self, work: Any) -> None:
        try:
            self.do(work)
        except JsException:
            return
        raise AssertionError("this should have been refused")

    def apply(self, changes: list[tuple[str, Any]]) -> None:
        for key, value in changes:
            if value is None:
                self.model.pop(key, None)
            else:
                self.model[key] = value

    @rule(changes=st.lists(st.tuples(_keys, st.none() | _values), max_size=4))
    def change(self, changes: list[tuple[str, Any]]) -> None:
        self.do(lambda stub: stub.change(_js(changes), "return"))
        self.apply(changes)

    @rule(changes=st.lists(st.tuples(_keys, st.none() | _values), max_size=4))
    def change_and_raise(self, changes: list[tuple[str, Any]]) -> None:
        self.refused(lambda stub: stub.change(_js(changes), "raise"))
        self.apply(changes)

    @rule(changes=st.lists(st.tuples(_keys, st.none() | _values), max_size=4))
    def change_and_abort(self, changes: list[tuple[str, Any]]) -> None:
        self.refused(lambda stub: stub.change(_js(changes), "abort"))

    @rule(changes=st.lists(st.tuples(_keys, st.none() | _values), max_size=4))
    def roll_back(self, changes: list[tuple[str, Any]]) -> None:
        self.refused(lambda stub: stub.roll_back(_js(changes)))

    @rule(key=_keys)
    def fail_to_commit(self, key: str) -> None:
        def no_disk() -> None:
            raise OSError("no disk")

        def crash(stub: Any) -> Any:
            self.host.actor(stub.id).commits.commit_hook = no_disk
            return stub.change(_js([(key, "lost")]), "return")

        self.refused(crash)

    @rule()
    def evict(self) -> None:
        for hex_id in self.host.ids():
            self.host.evict(hex_id)

    @rule()
    def restart(self) -> None:
        self.loop.run_until_complete(self.host.close(1.0))
        self.host = self.fresh_host()

    @rule()
    def idle(self) -> None:
        self.loop.run_until_complete(self.clock.sleep(11))

    @invariant()
    def storage_is_what_the_model_says(self) -> None:
        assert dict(self.do(lambda stub: stub.all())._props) == self.model

    def teardown(self) -> None:
        self.loop.run_until_complete(self.host.close(1.0))
        pending = asyncio.all_tasks(self.loop)
        assert not pending, pending
        self.loop.close()
        self.folder.cleanup()


def _js(changes: list[tuple[str, Any]]) -> JsArray:
    return JsArray([JsArray(list(change)) for change in changes])


Storage.TestCase.settings = settings(max_examples=25, stateful_step_count=15, deadline=None)
TestStorage = Storage.TestCase
