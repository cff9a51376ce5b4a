"""Products that a world opens once for all bindings that name them."""

from __future__ import annotations

import dataclasses
from pathlib import Path

from edge.config import D1Binding, R2Binding, RateLimitBinding, WorkerConfig
from edge.d1.open import database_path
from edge.js.proxy import jsnull
from edge.kernel.clock import VirtualClock
from edge.kernel.random import RandomStreams
from edge.products import Products
from edge.r2.open import bucket_path
from tests.loops import run_virtual

WORKER = WorkerConfig(
    "app",
    Path("/app"),
    None,
    "2026-10-01",
    d1=(D1Binding("DB", "one"), D1Binding("SAME", "one"), D1Binding("OTHER", "two")),
    r2=(R2Binding("R2", "one"), R2Binding("SAME_R2", "one"), R2Binding("OTHER_R2", "two")),
    rate_limits=(RateLimitBinding("RL", "1", 1, 60), RateLimitBinding("SAME_RL", "1", 1, 60)),
    analytics=("AE",),
)


def test_bindings_with_one_id_are_one_thing(tmp_path: Path) -> None:
    async def script() -> None:
        products = Products(VirtualClock(), RandomStreams(1), tmp_path, durable=True)
        env = products.bindings(WORKER)
        await env["DB"].exec("CREATE TABLE t (a)")
        assert (await env["SAME"].prepare("SELECT count(*) AS n FROM t").first("n")) == 0
        assert (await env["OTHER"].prepare("SELECT count(*) AS n FROM sqlite_master").first("n")) == 0
        await env["R2"].put("k", "x")
        assert (await env["SAME_R2"].head("k")).size == 1
        assert await env["OTHER_R2"].head("k") is jsnull
        assert (await env["RL"].limit(key="k")).success is True
        assert (await env["SAME_RL"].limit(key="k")).success is False
        assert env["AE"].writeDataPoint() is None
        # New code of the Worker finds what the old one left.
        again = products.bindings(WORKER)
        assert (await again["R2"].head("k")).size == 1
        await products.close()
        assert database_path(tmp_path, "one").exists()
        assert bucket_path(tmp_path, "two").exists()

    run_virtual(script())


def test_nothing_is_opened_unasked(tmp_path: Path) -> None:
    async def script() -> None:
        products = Products(VirtualClock(), RandomStreams(1), tmp_path, durable=True)
        bare = dataclasses.replace(WORKER, d1=(), r2=(), rate_limits=(), analytics=())
        assert products.bindings(bare) == {}
        products.bindings(WORKER)
        await products.close()

    run_virtual(script())
    assert list(tmp_path.iterdir()) == []
