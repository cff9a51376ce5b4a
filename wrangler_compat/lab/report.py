"""The experiment on paper: a table in the terminal, JSON, and one HTML file with the waterfalls."""

from __future__ import annotations

import json
from collections.abc import Sequence
from html import escape
from typing import TYPE_CHECKING, Any

from wrangler_compat.lab.scenario import READY, Measured, grouped, percentile

if TYPE_CHECKING:
    from rich.table import Table

#: The design's table of expected results, in milliseconds.
DESIGN = {
    "warm": ((8000, 10000), (1000, 2000)),
    "changed": ((8000, 10000), (3000, 4000)),
    "cold": ((45000, 45000), (15000, 20000)),
}
_COLOURS = {"measured": "#2f6fd0", "model": "#7c5cc4"}
_WIDTH, _LABEL, _ROW = 760, 190, 18


def summary(found: Sequence[Measured]) -> list[dict[str, Any]]:
    """A row for each path and variant: how many messages, p50 and p95 of the first token in ms."""
    rows = []
    for (path, variant), group in grouped(list(found)).items():
        values = [one.first_token_ms for one in group]
        rows.append(
            {
                "path": path,
                "variant": variant,
                "messages": len(values),
                "p50_ms": round(percentile(values, 0.5), 1),
                "p95_ms": round(percentile(values, 0.95), 1),
                "at_client_p50_ms": round(percentile([one.at_client_ms for one in group], 0.5), 1),
            }
        )
    return rows


def table(title: str, found: Sequence[Measured]) -> Table:
    """Paths across, variants down, p50 and p95; the design's expectations at the foot."""
    from rich.table import Table

    rows = summary(found)
    paths = list(dict.fromkeys(row["path"] for row in rows))
    made = Table(title=title, title_justify="left")
    made.add_column("time to first token, p50 (p95)")
    for path in paths:
        made.add_column(path, justify="right")
    by = {(row["variant"], row["path"]): row for row in rows}
    for variant in dict.fromkeys(row["variant"] for row in rows):
        cells = [_cell(by.get((variant, path))) for path in paths]
        made.add_row(variant, *cells)
    if any(path in DESIGN for path in paths):
        made.add_section()
        for index, name in enumerate(("design: before", "design: after")):
            made.add_row(name, *(_range(DESIGN[path][index]) if path in DESIGN else "" for path in paths))
    return made


def _cell(row: dict[str, Any] | None) -> str:
    return "" if row is None else f"{duration(row['p50_ms'])} ({duration(row['p95_ms'])})"


def _range(bounds: tuple[float, float]) -> str:
    low, high = bounds
    return duration(low) if low == high else f"{duration(low)} to {duration(high)}"


def duration(ms: float) -> str:
    """For people."""
    if ms < 10:
        return f"{ms:.1f} ms"
    return f"{ms:.0f} ms" if ms < 1000 else f"{ms / 1000:.2f} s"


def as_json(worlds: dict[str, Sequence[Measured]]) -> str:
    """All rows, by world."""
    return json.dumps({name: summary(found) for name, found in worlds.items()}, indent=2)


def as_html(worlds: dict[str, Sequence[Measured]]) -> str:
    """One page: for each world its table, and the waterfall of the median message of each row."""
    parts = []
    for name, found in worlds.items():
        parts.append(f"<h2>{escape(name)}</h2>{_html_table(found)}")
        for (path, variant), group in grouped(list(found)).items():
            if path == READY:
                continue  # the message of "cold", once more
            ordered = sorted(group, key=lambda one: one.first_token_ms)
            middle = ordered[len(ordered) // 2]
            heading = f"{path}, {variant}: {duration(middle.first_token_ms)}"
            parts.append(f"<h3>{escape(heading)}</h3><div class='wide'>{waterfall(middle.timing)}</div>")
    return _PAGE.replace("CONTENT", "".join(parts))


def _html_table(found: Sequence[Measured]) -> str:
    rows = "".join(
        f"<tr><td>{escape(row['path'])}</td><td>{escape(row['variant'])}</td><td>{row['messages']}</td>"
        f"<td>{duration(row['p50_ms'])}</td><td>{duration(row['p95_ms'])}</td>"
        f"<td>{duration(row['at_client_p50_ms'])}</td></tr>"
        for row in summary(found)
    )
    head = "<tr><th>path</th><th>variant</th><th>messages</th><th>p50</th><th>p95</th>"
    head += "<th>p50 at the client</th></tr>"
    return f'<div class="wide"><table>{head}{rows}</table></div>'


def waterfall(timing: dict[str, Any]) -> str:
    """The steps of one message as an SVG on one time axis."""
    start, steps = timing["startedMs"], timing["steps"]
    ends = [step["endMs"] - start for step in steps if not step["skipped"]]
    total = max([1.0, timing["firstTokenMs"] or 0.0, *ends]) * 1.02
    scale = (_WIDTH - _LABEL - 60) / total
    parts = []
    for index, step in enumerate(steps):
        y = index * _ROW
        name = f"{step['step'] or ''} {step['name']}".strip()
        parts.append(f'<text x="0" y="{y + 12}">{escape(name)}</text>')
        if step["skipped"]:
            text = escape(f"skipped: {step['detail']}" if step["detail"] else "skipped")
            parts.append(f'<text class="soft" x="{_LABEL}" y="{y + 12}">{text}</text>')
            continue
        x, length = _LABEL + (step["startMs"] - start) * scale, (step["endMs"] - step["startMs"])
        colour = _COLOURS["model" if step.get("model") else "measured"]
        parts.append(
            f'<rect x="{x:.1f}" y="{y + 3}" width="{max(1.5, length * scale):.1f}" height="{_ROW - 7}" '
            f'fill="{colour}"/><text class="soft" x="{x + length * scale + 4:.1f}" y="{y + 12}">'
            f"{duration(length)}</text>"
        )
    return f'<svg viewBox="0 0 {_WIDTH} {len(steps) * _ROW + 4}" role="img">{"".join(parts)}</svg>'


_PAGE = """<!doctype html><html lang="en"><meta charset="utf-8"><title>edge lab</title>
<meta name="viewport" content="width=device-width, initial-scale=1"><style>
body { font: 15px/1.5 system-ui, sans-serif; max-width: 60rem; margin: 2rem auto; padding: 0 1rem; }
:root { color-scheme: light dark; }
.wide { overflow-x: auto; }
svg { width: 100%; min-width: 40rem; }
text { font: 11px system-ui; fill: CanvasText; }
.soft { opacity: .65; }
table { border-collapse: collapse; }
td, th { padding: .2rem .8rem .2rem 0; text-align: left; font-variant-numeric: tabular-nums; }
td, th { border-bottom: 1px solid color-mix(in srgb, CanvasText 20%, transparent); }
</style><h1>edge lab: time to first token</h1>
<p>Bars are the steps of the median message; purple is the model.</p>
CONTENT</html>"""
