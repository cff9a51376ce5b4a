"""`edge trace`: what it prints and writes, and what it says of files that are no traces."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from click.testing import CliRunner

from edge.errors import UserError
from edge.trace.lines import lines_of
from tests.edge.trace.samples import ALL, span
from wrangler_compat.cli.trace import command


@pytest.fixture
def trace(tmp_path: Path) -> Path:
    path = tmp_path / "run.trace"
    slow = span(20, None, "scheduled", 10, 3, trace_id=20, tags={"cron": "* * * * *"})
    path.write_text(lines_of([*ALL, slow]))
    return path


def edge_trace(*arguments: object) -> str:
    result = CliRunner().invoke(command, [str(each) for each in arguments], env={"COLUMNS": "100"})
    if result.exception is not None:
        raise result.exception
    return result.output


def test_it_prints_waterfalls(trace: Path) -> None:
    output = edge_trace(trace)
    assert "GET /chat?x=<b>&y 200  1.00 s  modelled 62.5 ms  first token 500 ms\n" in output
    assert "scheduled * * * * *  3.00 s\n" in output


def test_the_slowest_come_first(trace: Path) -> None:
    output = edge_trace(trace, "--slowest", "1")
    assert output.startswith("scheduled * * * * *  3.00 s")
    assert "GET /chat" not in output


def test_lines_of_one_trace_are_bounded(trace: Path) -> None:
    assert "… and 4 more spans (--spans 6 shows them)" in edge_trace(trace, "--spans", "2")


def test_it_writes_the_other_forms(trace: Path, tmp_path: Path) -> None:
    page, chrome, otlp = (tmp_path / name for name in ("out.html", "chrome.json", "otlp.json"))
    output = edge_trace(trace, "--html", page, "--chrome", chrome, "--otlp", otlp)
    assert output == f"wrote {page}\nwrote {chrome}\nwrote {otlp}\n"
    assert page.read_text().startswith("<!doctype html>")
    assert "<h1>run.trace</h1>" in page.read_text()
    assert len(json.loads(chrome.read_text())["traceEvents"]) == 2 + 7 + 3
    (resource,) = json.loads(otlp.read_text())["resourceSpans"]
    assert len(resource["scopeSpans"][0]["spans"]) == 7


def test_mistakes_are_named(tmp_path: Path, trace: Path) -> None:
    empty = tmp_path / "empty.trace"
    empty.touch()
    with pytest.raises(UserError, match=r"empty\.trace is empty: nothing happened, or the run was cut off"):
        edge_trace(empty)
    with pytest.raises(UserError, match="gone cannot be read: No such file or directory"):
        edge_trace(tmp_path / "gone")
    with pytest.raises(UserError, match=r"Could not write file: .*out\.html: File exists"):
        edge_trace(trace, "--html", trace / "out.html")
