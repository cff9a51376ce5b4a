from __future__ import annotations

import asyncio
import io
import logging
from pathlib import Path

import pytest

from edge.config import (
    AssetsConfig,
    D1Binding,
    DurableBinding,
    KvBinding,
    R2Binding,
    RateLimitBinding,
    ServiceBinding,
    WorkerConfig,
    WorldConfig,
)
from edge.http.request import Request
from edge.http.response import Response
from tests.loops import run
from wrangler_compat.dev.console import Console, summary


def printed(level: str) -> tuple[str, str]:
    out, err = io.StringIO(), io.StringIO()

    async def check() -> None:
        console = Console(level, out, err)
        handler = console.install()
        try:
            console.answered(Request.incoming("GET", "http://x/path?q=1", []), Response.make(b""), 0.0054)
            console.answered(Request.incoming("POST", "http://x/", []), Response.make(b"", 599), 1.0)
            console.answered(Request.incoming("GET", "http://x/t", []), Response.make(b"", 418, "Short"), 0)
            console.say("said")
            logging.getLogger("edge.x").warning("careful")
            logging.getLogger("edge.x").error("wrong")
            logging.getLogger("edge.x").debug("detail")
            console.flush()
        finally:
            logging.getLogger("edge").removeHandler(handler)
            logging.getLogger("edge").propagate = True
            logging.getLogger("edge").setLevel(logging.NOTSET)

    run(check())
    return out.getvalue(), err.getvalue()


REQUESTS = "GET /path?q=1 200 OK (5ms)\nPOST / 599 Server Error (1000ms)\nGET /t 418 Short (0ms)\nsaid\n"


@pytest.mark.parametrize(
    ("level", "out", "err"),
    [
        ("log", REQUESTS, "▲ [WARNING] careful\n✘ [ERROR] wrong\n"),
        ("debug", REQUESTS + "detail\n", "▲ [WARNING] careful\n✘ [ERROR] wrong\n"),
        ("warn", "", "▲ [WARNING] careful\n✘ [ERROR] wrong\n"),
        ("error", "", "✘ [ERROR] wrong\n"),
        ("none", "", ""),
    ],
)
def test_levels(level: str, out: str, err: str) -> None:
    assert printed(level) == (out, err)


def test_lines_are_written_together_and_soon() -> None:
    out = io.StringIO()

    async def check() -> None:
        console = Console("log", out, out)
        for _ in range(3):
            console.answered(Request.incoming("GET", "http://x/", []), Response.make(b""), 0)
        assert out.getvalue() == ""
        while out.getvalue().count("\n") < 3:
            await asyncio.sleep(0.005)

    run(asyncio.wait_for(check(), 5))


def test_summary(tmp_path: Path) -> None:
    worker = WorkerConfig(
        "app",
        tmp_path,
        None,
        "2026-10-01",
        vars={"GREETING": "hi", "LONG": "x" * 50},
        secrets={"TOKEN": "s3cret"},
        kv=(KvBinding("KV", "id1"),),
        durable=(DurableBinding("ROOM", "Room"),),
        services=(ServiceBinding("API", "api", "Entry"),),
        assets=AssetsConfig(tmp_path, "ASSETS"),
        d1=(D1Binding("DB", "id2"),),
        r2=(R2Binding("R2", "pictures"),),
        rate_limits=(RateLimitBinding("RL", "77", 3, 60),),
        analytics=("AE",),
    )
    lines = list(summary(WorldConfig((worker, WorkerConfig("bare", tmp_path, None, "2026-10-01")))))
    text = "\n".join(lines)
    assert lines[0] == "app has access to:"
    for part in (
        "env.KV (id1)",
        "env.ROOM (Room)",
        "env.API (api#Entry)",
        "env.ASSETS",
        "env.DB (id2)",
        "env.R2 (pictures)",
        "env.RL (77)",
        "Analytics Engine Dataset",
        'env.GREETING ("hi")',
    ):
        assert part in text
    assert "s3cret" not in text
    assert 'env.TOKEN ("(hidden)")' in text
    assert f'("{"x" * 36}...)' in text
    assert lines[-1] == "bare: no bindings"
