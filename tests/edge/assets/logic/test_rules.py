# ruff: noqa: E501 (texts and tables stand whole)
from __future__ import annotations

import pytest

from edge.assets.logic.rules import Problem, apply_headers, parse_headers, parse_redirects, redirect_for


def test_headers() -> None:
    rules, problems = parse_headers(
        "# note\n/about\n  X-About: yes\n/*\n  X-All: 1\n  Cache-Control: no-store\n/u/:name\n  X-User: :name\n  ! x-all\n"
    )
    assert problems == []
    sent = [("cache-control", "public"), ("etag", '"e"')]
    assert apply_headers(rules, "h", "/about", sent) == [
        ("etag", '"e"'), ("x-about", "yes"), ("x-all", "1"), ("cache-control", "no-store"),
    ]  # fmt: skip
    assert apply_headers(rules, "h", "/u/ann", []) == [("cache-control", "no-store"), ("x-user", "ann")]


def test_rules_add_up() -> None:
    rules, _ = parse_headers("/*\n  X: 1\n/a\n  X: 2\n")
    assert apply_headers(rules, "h", "/a", [("x", "0")]) == [("x", "1"), ("x", "2")]


def test_bad_header_lines() -> None:
    rules, problems = parse_headers("X: 1\n/a\n  nonsense\n  b@d: 1\n  OK: 1\nhttps://:x:y/\n")
    assert [rule.set for rule in rules] == [(("ok", "1"),)]
    assert [problem.line for problem in problems] == [1, 3, 4, 6]


def test_redirects() -> None:
    rules, problems = parse_redirects(
        "/splat/* /sub/:splat 302\n/splat/static /first\n/old /about 301\n/u/:id https://e.com/:id 308\n/p /q 200\n"
    )
    assert problems == []
    assert redirect_for(rules, "h", "/splat/static") == ("/first", 302)  # static rules go first
    assert redirect_for(rules, "h", "/splat/x/y") == ("/sub/x/y", 302)
    assert redirect_for(rules, "h", "/old") == ("/about", 301)
    assert redirect_for(rules, "h", "/u/7") == ("https://e.com/7", 308)
    assert redirect_for(rules, "h", "/p") == ("/q", 200)
    assert redirect_for(rules, "h", "/none") is None


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("/a", "expected 2 or 3 words, got 1"),
        ("/a /b 404", "valid status codes are 200, 301, 302, 303, 307 and 308, got 404"),
        ("/a https://x/ 200", 'a rule with status 200 needs a path, got "https://x/"'),
        ("/a b", '"b" is neither a path nor an absolute URL'),
        ("a /b", '"a" is neither a path nor an absolute https URL'),
    ],
)
def test_bad_redirect_lines(line: str, message: str) -> None:
    rules, problems = parse_redirects(f"\n{line}\n")
    assert rules == []
    assert problems == [Problem(2, message)]
