from __future__ import annotations

import pytest

from edge.assets.logic.paths import Pattern, WorkerFirst, decode, encode, fill


@pytest.mark.parametrize(
    ("path", "decoded", "encoded"),
    [
        ("/%61bout", "/about", "/about"),
        ("/dir/a%20b.txt", "/dir/a b.txt", "/dir/a%20b.txt"),
        ("/a+b", "/a+b", "/a%2Bb"),
        ("//a///b", "/a/b", "/a/b"),
        ("/%C3%A9", "/é", "/%C3%A9"),
        ("/%ff", "/%ff", "/%25ff"),
        ("/!~*'()", "/!~*'()", "/!~*'()"),
    ],
)
def test_encoding(path: str, decoded: str, encoded: str) -> None:
    assert decode(path) == decoded
    assert encode(decoded) == encoded


@pytest.mark.parametrize(
    ("pattern", "path", "values"),
    [
        ("/a", "/a", {}),
        ("/a", "/a/", None),
        ("/*", "/x/y", {"splat": "x/y"}),
        ("/a/*", "/a/", {"splat": ""}),
        ("/u/:name/post/:id", "/u/ann/post/7", {"name": "ann", "id": "7"}),
        ("/u/:name", "/u/a/b", None),
        ("/a.b", "/axb", None),
    ],
)
def test_patterns(pattern: str, path: str, values: dict[str, str] | None) -> None:
    assert Pattern.parse(pattern).match("h", path) == values


def test_patterns_of_a_host() -> None:
    pattern = Pattern.parse("https://Example.com/*")
    assert pattern.match("example.com", "/x") == {"splat": "x"}
    assert pattern.match("other.com", "/x") is None


@pytest.mark.parametrize("text", ["a", "http://x/", "ftp://x", "/:a/:a"])
def test_what_is_no_pattern(text: str) -> None:
    with pytest.raises(ValueError):
        Pattern.parse(text)


def test_fill() -> None:
    assert fill("/x/:splat/:id/:other", {"splat": "a/b", "id": "1"}) == "/x/a/b/1/:other"


def test_worker_first() -> None:
    rules = WorkerFirst.parse(["/api/*", "!/api/docs/*", "/exact"])
    assert rules.choose("/api/x") is True
    assert rules.choose("/api/docs/x") is False
    assert rules.choose("/exact") is True
    assert rules.choose("/exact/no") is None
    with pytest.raises(ValueError, match='has to start with "/" or "!/"'):
        WorkerFirst.parse(["api/*"])
