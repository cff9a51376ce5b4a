"""Trace files: their bytes, and what is said of bad ones."""

from __future__ import annotations

import io
from pathlib import Path

import pytest

from edge.errors import UserError
from edge.kernel.clock import VirtualClock
from edge.kernel.spans import Tracer
from edge.trace.lines import TraceFile, line_of, lines_of, read_trace
from tests.edge.trace.samples import ALL, HOP, READ


def test_a_line_is_sorted_and_says_no_more_than_it_must() -> None:
    assert line_of(HOP) == (
        '{"end_s":1767225600.125,"id":4,"modelled":true,"name":"network.hop","parent":3,'
        '"start_s":1767225600.0625,"tags":{"source":"FRA","target":"IAD"},"trace":1}'
    )
    assert "modelled" not in line_of(READ)


def test_reading_gives_what_was_written(tmp_path: Path) -> None:
    path = tmp_path / "run.trace"
    path.write_text(lines_of(ALL))
    assert read_trace(path) == ALL


def test_spans_are_written_as_they_end_with_times_to_the_microsecond() -> None:
    clock, out = VirtualClock(start_s=100.0), io.StringIO()
    tracer = Tracer(clock, TraceFile(out))
    with tracer.entry("request", url="u", place=None):
        clock.elapsed_s = 0.1234567
        with tracer.entry("fetch", status=200):
            pass
    first, second = out.getvalue().splitlines()
    assert first == (
        '{"end_s":100.123457,"id":2,"modelled":true,"name":"fetch","parent":1,"start_s":100.123457,'
        '"tags":{"status":200},"trace":1}'
    )
    assert second == (
        '{"end_s":100.123457,"id":1,"modelled":true,"name":"request","start_s":100.0,"tags":{"url":"u"},"trace":1}'
    )


def test_a_tree_is_on_disk_once_its_root_ended(tmp_path: Path) -> None:
    path = tmp_path / "run.trace"
    file = TraceFile.open(path, flush_trees=True)
    Tracer(VirtualClock(), file).entry("request").end()
    assert len(read_trace(path)) == 1
    file.close()


def test_a_line_that_was_cut_off_is_passed_over(tmp_path: Path) -> None:
    path = tmp_path / "run.trace"
    path.write_text(lines_of(ALL)[:-20])
    assert read_trace(path) == ALL[:-1]


@pytest.mark.parametrize(
    ("line", "problem"),
    [
        ("not json", "it is not JSON"),
        ("{}", "it has no 'trace'"),
        ("[1]", "list indices must be integers or slices, not str"),
        ('{"trace":1,"id":"x"}', "invalid literal for int() with base 10: 'x'"),
    ],
)
def test_what_is_no_span_is_named(tmp_path: Path, line: str, problem: str) -> None:
    path = tmp_path / "run.trace"
    path.write_text(f"{line_of(HOP)}\n{line}\n")
    with pytest.raises(UserError) as raised:
        read_trace(path)
    assert str(raised.value) == (
        f"{path}:2 is no span: {problem}. A trace file holds one JSON object a line, as "
        f"`edge dev --trace FILE` and `edge sim --trace FILE` write them"
    )


def test_files_that_cannot_be_had_are_named(tmp_path: Path) -> None:
    missing = tmp_path / "no" / "run.trace"
    with pytest.raises(UserError, match=r"run\.trace cannot be read: No such file or directory"):
        read_trace(missing)
    with pytest.raises(UserError, match=r"cannot be written to .*run\.trace: No such file or directory"):
        TraceFile.open(missing)
    binary = tmp_path / "binary"
    binary.write_bytes(b"\xff\xfe\x00")
    with pytest.raises(UserError, match="binary is no trace: it is not text"):
        read_trace(binary)
