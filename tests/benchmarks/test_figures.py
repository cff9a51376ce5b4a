from __future__ import annotations

from benchmarks.figures import Load, Standing, ratio


def _load(rps: float, errors: int = 0) -> Load:
    return Load(rps=rps, p50_ms=1000 / rps, p99_ms=2000 / rps, errors=errors)


def test_a_route_is_quoted_by_its_median_round_with_all_errors() -> None:
    standing = Standing("edge", loads={"hello": [_load(100, 1), _load(400), _load(200, 2)]})
    assert standing.load("hello") == Load(rps=200, p50_ms=5.0, p99_ms=10.0, errors=3)


def test_a_route_that_was_not_measured_has_no_figure() -> None:
    assert Standing("edge").load("hello") is None


def test_ratio_is_of_throughput_and_needs_both_sides() -> None:
    assert ratio(_load(300), _load(100)) == 3.0
    assert ratio(None, _load(100)) is None
    assert ratio(_load(100), None) is None
    assert ratio(_load(100), Load(rps=0.0, p50_ms=0.0, p99_ms=0.0, errors=9)) is None


def test_json_holds_rounds_and_medians() -> None:
    content = Standing("edge", loads={"ws": [_load(10), _load(20), _load(40)]}).as_json()
    assert [one["rps"] for one in content["loads"]["ws"]] == [10, 20, 40]
    assert content["medians"]["ws"]["rps"] == 20
