from __future__ import annotations

import pytest

from edge.cache.logic.freshness import Kept, directives, kept, with_age

NOW = 1_700_000_000.0  # Tue, 14 Nov 2023 22:13:20 GMT
DATE = ("date", "Tue, 14 Nov 2023 22:13:20 GMT")


def ttl(status: int = 200, request: dict[str, str] | None = None, **headers: str) -> float | None:
    pairs = [(name.replace("_", "-"), value) for name, value in headers.items()]
    found = kept(request or {}, status, pairs, NOW)
    return None if found is None else found.ttl_s


@pytest.mark.parametrize(
    ("headers", "seconds"),
    [
        ({"cache_control": "max-age=60"}, 60),
        ({"cache_control": "public, max-age=60, s-maxage=5"}, 5),
        ({"cache_control": "Max-Age=60"}, 60),
        ({"cache_control": "max-age=60", "age": "10"}, 50),
        ({"cache_control": "max-age=60", "age": "100"}, 0),
        ({"cache_control": "max-age=0"}, 0),
        ({"cache_control": "max-age=nonsense"}, 0),
        ({"cache_control": "no-cache, max-age=60"}, 0),
        ({"cache_control": "proxy-revalidate, max-age=60"}, 0),
        ({"cache_control": "immutable"}, 24 * 3600),
        ({"expires": "Tue, 14 Nov 2023 22:14:20 GMT"}, 60),
        ({"expires": "Tue, 14 Nov 2023 22:12:20 GMT"}, 0),
        ({"expires": "0"}, 0),
        ({"expires": "Tue, 14 Nov 2023 22:14:20 GMT", "date": "Tue, 14 Nov 2023 22:14:00 GMT"}, 20),
        ({"last_modified": "Tue, 14 Nov 2023 22:03:20 GMT"}, 60),
        ({}, 0),
        ({"pragma": "no-cache", "expires": "Tue, 14 Nov 2023 22:14:20 GMT"}, 0),
    ],
)
def test_lifetimes(headers: dict[str, str], seconds: float) -> None:
    assert ttl(**headers) == seconds


@pytest.mark.parametrize("directive", ["no-store", "private", "private, max-age=60"])
def test_what_forbids_to_store(directive: str) -> None:
    assert ttl(cache_control=directive) is None


@pytest.mark.parametrize(("status", "seconds"), [(404, 60), (302, 60), (500, None), (206, None), (201, None)])
def test_statuses(status: int, seconds: float | None) -> None:
    assert ttl(status, cache_control="max-age=60") == seconds


def test_a_redirect_is_only_kept_when_it_says_so() -> None:
    assert ttl(302) is None
    assert ttl(301) == 0


def test_authorization() -> None:
    asked = {"authorization": "Bearer x"}
    assert ttl(request=asked, cache_control="max-age=60") is None
    assert ttl(request=asked, cache_control="public, max-age=60") == 60


def test_cookies() -> None:
    assert ttl(cache_control="max-age=60", set_cookie="a=1") is None
    pairs = [("cache-control", "max-age=60, private=Set-Cookie"), ("set-cookie", "a=1"), ("x", "y")]
    found = kept({}, 200, pairs, NOW)
    assert found == Kept(60, [("cache-control", "max-age=60,"), ("x", "y"), ("age", "0"), DATE])


def test_what_is_of_the_connection_is_dropped() -> None:
    pairs = [("connection", "close"), ("transfer-encoding", "chunked"), ("etag", '"e"')]
    found = kept({}, 200, [*pairs, ("cache-control", "max-age=1"), ("date", "then")], NOW)
    assert found is not None
    assert found.headers == [("etag", '"e"'), ("cache-control", "max-age=1"), ("age", "0"), DATE]


def test_age_grows() -> None:
    assert with_age([("age", "5"), DATE], 60.9) == [("age", "65"), DATE]
    assert with_age([("x", "y")], 60) == [("x", "y")]


def test_directives() -> None:
    assert directives('a, B=1 ,c="x"') == {"a": "", "b": "1", "c": "x"}
    assert directives(None) == {}
