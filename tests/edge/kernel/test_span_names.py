"""The list of names is what the code uses, and what docs/tracing.md says."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from edge.kernel.span_names import EVENTS, SPANS, Kind

ROOT = Path(__file__).parents[3]
MAKERS = {"span", "modelled_span", "child_of", "entry", "root"}
#: Made of a name: `f"kv.{name}"`, `f"{product}.storage"`, with tags in a dict or not.
MADE = {f"{product}.{name}" for product in ("kv", "r2") for name in ("get", "put", "delete", "list")} | {
    *("r2.head", "r2.multipart", "r2.storage", "d1.storage", "cache.storage", "assets.storage"),
}


def calls() -> Iterator[tuple[str, ast.Call]]:
    """Every call in the code that may make a span or an event, with the name of what is called."""
    for path in sorted([*(ROOT / "edge").rglob("*.py"), *(ROOT / "sandbox").rglob("*.py")]):
        if "kernel.spans" not in (text := path.read_text()):
            continue
        for node in ast.walk(ast.parse(text)):
            if isinstance(node, ast.Call):
                function = node.func
                yield (
                    function.attr if isinstance(function, ast.Attribute) else getattr(function, "id", ""),
                    node,
                )


def literals(node: ast.Call) -> list[str]:
    return [
        arg.value for arg in node.args[:2] if isinstance(arg, ast.Constant) and isinstance(arg.value, str)
    ]


def test_the_spans_in_the_code_are_the_list() -> None:
    used = {name for maker, call in calls() if maker in MAKERS for name in literals(call)}
    assert used | MADE == set(SPANS)


def test_the_events_in_the_code_are_the_list() -> None:
    used = {name for maker, call in calls() if maker == "event" for name in literals(call)}
    assert used == set(EVENTS)


def test_tags_are_on_the_list() -> None:
    known = {tag for kind in [*SPANS.values(), *EVENTS.values()] for tag in kind.tags}
    makers = MAKERS | {"event", "tag"}
    used = {
        keyword.arg
        for maker, call in calls()
        if maker in makers and (literals(call) or maker == "tag")
        for keyword in call.keywords
        if keyword.arg is not None
    }
    assert used - known == set()


@pytest.mark.parametrize(("heading", "listed"), [("span", SPANS), ("event", EVENTS)])
def test_the_page_says_the_same(heading: str, listed: dict[str, Kind]) -> None:
    page = (ROOT / "docs" / "tracing.md").read_text()
    table = page.split(f"| {heading} | meaning | tags |\n| --- | --- | --- |\n")[1].split("\n\n")[0]
    rows = re.findall(r"^\| `([\w.]+)` \| (.*?) \| (.*?) ?\|$", table, re.MULTILINE)
    shown = {name: Kind(meaning, tuple(re.findall(r"`(\w+)`", tags))) for name, meaning, tags in rows}
    assert shown == listed
