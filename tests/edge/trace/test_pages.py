"""Waterfalls: on the page and in the terminal."""

from __future__ import annotations

import io
import re
from html.parser import HTMLParser

import pytest
from rich.console import Console

from edge.trace.html import card, trace_page
from edge.trace.summary import operations, quantile
from edge.trace.tree import trees
from edge.trace.waterfall import print_waterfall
from edge.trace.words import duration, group_of, subject
from tests.edge.trace.samples import ALL, CALL, HOP, LATER, READ, REQUEST, WORKER, span


class Elements(HTMLParser):
    """The elements of a page; fails when they are not nested properly."""

    VOID = frozenset({"meta", "br"})

    def __init__(self, text: str) -> None:
        super().__init__()
        self.open: list[str] = []
        self.found: list[tuple[str, dict[str, str | None]]] = []
        self.feed(text)
        self.close()
        assert self.open == []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.found.append((tag, dict(attrs)))
        if tag not in self.VOID:
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag


def bars(text: str) -> list[tuple[str, str]]:
    return re.findall(r'<span class="(bar[^"]*)" style="([^"]*)"', text)


def test_the_page_is_whole_and_loads_nothing() -> None:
    text = trace_page("run.trace", trees(ALL))
    elements = Elements(text)
    names = {name for name, _ in elements.found}
    assert names.isdisjoint({"script", "link", "img", "iframe"})
    assert not any("src" in attributes or "href" in attributes for _, attributes in elements.found)
    assert "url(" not in text
    assert "@import" not in text
    assert text.startswith("<!doctype html>")


def test_what_users_wrote_stays_text() -> None:
    text = trace_page("<u>", trees(ALL))
    assert "/chat?x=&lt;b&gt;&amp;y" in text
    assert "<b>&" not in text
    assert "<u>" not in text


def test_bars_are_where_their_time_was() -> None:
    (root,) = trees(ALL)
    # The axis ends a quarter after the request; the hop alone is modelled, waitUntil goes on.
    assert bars(card(root)) == [
        ("bar", "left:0.000%;width:80.000%"),
        ("bar", "left:0.000%;width:20.000%"),
        ("bar", "left:5.000%;width:10.000%"),
        ("bar made", "left:5.000%;width:5.000%"),
        ("bar", "left:5.000%;width:10.000%"),
        ("bar on", "left:20.000%;width:80.000%"),
    ]


def test_the_first_token_is_marked_once() -> None:
    (root,) = trees(ALL)
    text = card(root)
    assert '<span class="tick first" style="left:40.000%" title="chunk +500 ms"></span>' in text
    assert '<span class="first" style="left:40.000%"></span>' in text
    assert "first token 500 ms" in text
    assert text.count('class="tick first"') == 1


def test_in_virtual_time_no_bar_is_hatched() -> None:
    virtual = span(1, None, "request", 0, 1, modelled=True, tags={"url": "http://a/"})
    text = trace_page("t", trees([virtual, HOP]))
    assert {
        kind for kind, _ in bars(card(trees([virtual, span(2, 1, "kv.get", 0, 1, modelled=True)])[0]))
    } == {"bar"}
    assert "virtual time" in text


def test_long_trees_are_cut_and_say_so() -> None:
    reads = [span(number, 1, "kv.get", 0, 1) for number in range(2, 30)]
    (root,) = trees([REQUEST, *reads])
    assert "19 more spans." in card(root, rows_max=10)
    assert "3 more traces are not shown." in trace_page("t", [root], left_out=3)


def printed(width: int = 100, spans_max: int = 200) -> list[str]:
    out = io.StringIO()
    print_waterfall(trees(ALL), Console(file=out, width=width, color_system=None), spans_max=spans_max)
    return [line.rstrip() for line in out.getvalue().splitlines()]


def test_the_terminal_shows_the_same() -> None:
    lines = printed()
    assert lines[0] == "GET /chat?x=<b>&y 200  1.00 s  modelled 62.5 ms  first token 500 ms"
    request, worker, read, hop, call, later = lines[1:7]
    assert re.fullmatch(r"request GET /chat\?x=<b>&y +█{16}◆█{15} +1.00 s     \+0 µs", request)
    assert hop.lstrip().startswith("network.hop FRA → IAD")
    assert "▒▒" in hop
    assert "▒" not in worker + read
    assert later.rstrip().endswith("→     5.00 s   +250 ms")
    assert "durable.call Room abababab say" in call
    assert lines[-1] == "█ measured  ▒ modelled  ◆ first token"


@pytest.mark.parametrize("width", [60, 80, 200])
def test_no_line_is_wider_than_the_terminal_and_times_are_whole(width: int) -> None:
    lines = printed(width)
    assert max(map(len, lines)) <= width
    (request,) = (line for line in lines if line.startswith("request"))
    assert request.endswith("1.00 s     +0 µs")


def test_the_terminal_says_what_it_leaves_out() -> None:
    assert "… and 4 more spans (--spans 6 shows them)" in printed(spans_max=2)


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (0, "0 µs"), (0.00085, "850 µs"), (0.00123, "1.23 ms"), (0.0123, "12.3 ms"), (0.85, "850 ms"),
        (4.2, "4.20 s"), (61, "61.0 s"), (200, "3 min 20 s"),
    ],
)  # fmt: skip
def test_durations_have_three_digits(seconds: float, text: str) -> None:
    assert duration(seconds) == text


def test_subjects() -> None:
    assert [subject(each) for each in (REQUEST, WORKER, READ, HOP, CALL, LATER)] == [
        "GET /chat?x=<b>&y",
        "app",
        "k (stale)",
        "FRA → IAD",
        "Room abababab say",
        "GET http://app.test/chat",
    ]
    query = span(9, 1, "d1.query", 0, 1, tags={"sql": "SELECT 1", "statements": 1})
    assert subject(query) == "SELECT 1"
    tags = {"queue": "orders", "worker": "shop", "messages": 2}
    assert subject(span(9, 1, "queue.batch", 0, 1, tags=tags)) == "orders, 2 messages"
    assert subject(span(9, 1, "queue.send", 0, 1, tags={**tags, "messages": 1})) == "orders, 1 message"
    assert [group_of(name) for name in ("r2.get", "made.up")] == ["storage", "other"]


def test_operations_are_counted_by_name() -> None:
    rows = operations([span(number, None, "kv.get", 0, number / 8) for number in range(1, 5)] + [CALL])
    assert [(row.name, row.count, row.errors) for row in rows] == [("durable.call", 1, 1), ("kv.get", 4, 0)]
    assert (rows[1].p50_s, rows[1].p95_s, rows[1].max_s) == (0.25, 0.5, 0.5)


def test_quantiles_are_values_that_were_there() -> None:
    values = [float(number) for number in range(1, 101)]
    assert [quantile(values, share) for share in (0.01, 0.5, 0.95, 1.0)] == [1.0, 50.0, 95.0, 100.0]
    assert quantile([7.0], 0.5) == 7.0
