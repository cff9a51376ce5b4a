"""What `edge dev` records, and when the inspector is there."""

from __future__ import annotations

from pathlib import Path

import pytest

from edge.kernel.clock import WallClock
from edge.trace.lines import read_trace
from tests.wrangler_compat.dev.running import get, project, running
from wrangler_compat.dev.listener import is_loopback, listen
from wrangler_compat.dev.tracing import Tracing


def test_without_file_and_pages_nobody_records() -> None:
    tracing = Tracing.of(WallClock(), None, pages=False)
    assert (tracing.tracer, tracing.recorder) == (None, None)
    tracing.close()


def test_only_a_file_gets_everything(tmp_path: Path) -> None:
    for_pages = Tracing.of(WallClock(), None, pages=True)
    assert for_pages.tracer is not None
    assert for_pages.tracer.limit_per_s == 20
    both = Tracing.of(WallClock(), tmp_path / "run.trace", pages=True)
    assert both.tracer is not None
    assert both.tracer.limit_per_s is None
    both.tracer.entry("request").end()
    both.close()
    assert both.recorder is not None
    assert both.recorder.spans() == read_trace(tmp_path / "run.trace") != []


@pytest.mark.parametrize(("host", "expected"), [("127.0.0.1", True), ("localhost", True), ("0.0.0.0", False)])
def test_loopback(host: str, expected: bool) -> None:
    with listen(host, 0) as listener:
        assert is_loopback(listener) is expected


@pytest.mark.slow
def test_a_server_shows_and_writes_what_it_did(tmp_path: Path) -> None:
    folder, path = project(tmp_path / "app"), tmp_path / "run.trace"
    with running(folder, "--trace", str(path)) as (dev, port):
        dev.until(f"Inspector on http://127.0.0.1:{port}/cdn-cgi/edge")
        assert get(port, "/hello") == (200, "hello")
        status, page = get(port, "/cdn-cgi/edge")
        assert status == 200
        assert "GET /hello" in page
        assert [span.name for span in read_trace(path)] == ["worker.fetch", "request"]
        assert dev.stop() == 0
    with running(folder, "--no-inspector") as (dev, port):
        assert get(port, "/cdn-cgi/edge") == (200, "hello")
        assert dev.stop() == 0
