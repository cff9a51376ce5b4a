"""The answer of `edge sim` as tables."""

from __future__ import annotations

from collections.abc import Mapping

from rich.console import Console
from rich.table import Table

from edge.simulator.measurements import Measurements
from edge.simulator.outcome import Outcome
from edge.simulator.sketch import Sketch


def print_outcome(console: Console, outcome: Outcome) -> None:
    """One run."""
    console.print(
        f"seed {outcome.seed}: {_span(outcome.simulated_s)} of simulated time in {outcome.real_s:.1f} s; "
        f"{outcome.started:,} sessions, {outcome.finished:,} ended by themselves"
        + (f", {outcome.cut:,} still running at the end" if outcome.cut else "")
    )
    print_measurements(console, outcome.measurements)
    _print_counts(console, "faults", outcome.faults)
    if outcome.ok:
        tried = [f"{name} {count:,}" for name, count in outcome.checked.items() if count]
        console.print(f"invariants held: {', '.join(tried) or 'none was tried'}")
        if idle := [name for name, count in outcome.checked.items() if not count]:
            console.print(f"nothing to check for: {', '.join(idle)}")
    print_failure(console, outcome)


def print_measurements(console: Console, measurements: Measurements) -> None:
    """Durations, counts and errors."""
    if measurements.durations:
        console.print(_table(measurements.durations))
    _print_counts(console, "counted", measurements.counts)
    for what, times in sorted(measurements.errors.items(), key=lambda item: (-item[1], item[0])):
        console.print(f"[red]{times:,} ×[/red] {what}", markup=True, highlight=False)


def print_failure(console: Console, outcome: Outcome) -> None:
    """What broke, and what kept the run from ending well."""
    for broken in outcome.violations:
        when = f"{_span(broken.at_s)} after the start"
        console.print(f"[bold red]BROKEN[/bold red] {broken.invariant}, {when}: {broken.what}")
    for problem in outcome.problems:
        console.print(f"[bold red]PROBLEM[/bold red] {problem}")


def _table(durations: Mapping[str, Sketch]) -> Table:
    table = Table(box=None, pad_edge=False, header_style="bold")
    table.add_column("operation")
    for heading in ("count", "p50", "p95", "p99", "max"):
        table.add_column(heading, justify="right")
    for name in sorted(durations):
        sketch = durations[name]
        quantiles = [_ms(sketch.quantile(share)) for share in (0.5, 0.95, 0.99)]
        table.add_row(name, f"{sketch.count:,}", *quantiles, _ms(sketch.highest))
    return table


def _print_counts(console: Console, heading: str, counts: Mapping[str, int]) -> None:
    if counts:
        console.print(f"{heading}: {', '.join(f'{name} {counts[name]:,}' for name in sorted(counts))}")


def _ms(seconds: float) -> str:
    return f"{seconds * 1000:,.1f} ms"


def _span(seconds: float) -> str:
    if seconds < 120:
        return f"{seconds:g} s"
    return f"{seconds / 60:.0f} min" if seconds < 7200 else f"{seconds / 3600:.1f} h"


def print_seeds(console: Console, outcomes: list[Outcome], wanted: int) -> None:
    """Many runs as one."""
    total = Measurements()
    faults: dict[str, int] = {}
    checked: dict[str, int] = {}
    for outcome in outcomes:
        total.merge(outcome.measurements)
        for counts, own in ((faults, outcome.faults), (checked, outcome.checked)):
            for name, times in own.items():
                counts[name] = counts.get(name, 0) + times
    held = sum(outcome.ok for outcome in outcomes)
    console.print(
        f"{len(outcomes)} of {wanted} seeds run, {held} held; "
        f"{_span(sum(outcome.simulated_s for outcome in outcomes))} of simulated time in "
        f"{sum(outcome.real_s for outcome in outcomes):.1f} s, all processes together"
    )
    print_measurements(console, total)
    _print_counts(console, "faults", faults)
    _print_counts(console, "checked", checked)
