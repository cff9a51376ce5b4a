"""The table a run prints."""

from __future__ import annotations

from collections.abc import Sequence

from rich.console import Console
from rich.table import Table

from benchmarks.figures import Load, Standing, median_or_none, ratio


def print_report(standings: Sequence[Standing], labels: dict[str, str], console: Console) -> None:
    """Throughput with ratios, then latency, then weight and speed of starting."""
    console.print(_throughput(standings, labels))
    console.print(_latency(standings, labels))
    console.print(_footprint(standings, labels))


def _routes(standings: Sequence[Standing]) -> list[str]:
    return list(dict.fromkeys(route for standing in standings for route in standing.loads))


def _throughput(standings: Sequence[Standing], labels: dict[str, str]) -> Table:
    own, *peers = standings
    table = Table("route", labels[own.name], title="requests (or echoes) a second, median of rounds")
    for peer in peers:
        table.add_column(labels[peer.name], justify="right")
        table.add_column("ratio", justify="right")
    for route in _routes(standings):
        row = [_rps(own.load(route))]
        for peer in peers:
            times = ratio(own.load(route), peer.load(route))
            row += [_rps(peer.load(route)), "-" if times is None else f"{times:.2f} x"]
        table.add_row(route, *row)
    return table


def _latency(standings: Sequence[Standing], labels: dict[str, str]) -> Table:
    table = Table("route", title="latency p50 / p99 in ms, median of rounds")
    for standing in standings:
        table.add_column(labels[standing.name], justify="right")
    for route in _routes(standings):
        loads = [standing.load(route) for standing in standings]
        table.add_row(route, *(f"{load.p50_ms:.2f} / {load.p99_ms:.2f}" if load else "-" for load in loads))
    return table


def _footprint(standings: Sequence[Standing], labels: dict[str, str]) -> Table:
    table = Table("", title="weight and starting, medians")
    for standing in standings:
        table.add_column(labels[standing.name], justify="right")
    table.add_row("idle memory (PSS), MiB", *(f"{standing.idle_pss_mib:.0f}" for standing in standings))
    table.add_row("idle memory (RSS), MiB", *(f"{standing.idle_rss_mib:.0f}" for standing in standings))
    table.add_row("start to first 200, s", *(_seconds(standing.start_s) for standing in standings))
    table.add_row("changed source to served, s", *(_seconds(standing.change_s) for standing in standings))
    return table


def _rps(load: Load | None) -> str:
    if load is None:
        return "-"
    return f"{load.rps:,.0f}" + (f" ({load.errors} errors)" if load.errors else "")


def _seconds(values: Sequence[float]) -> str:
    middle = median_or_none(values)
    return "-" if middle is None else f"{middle:.2f}"
