from __future__ import annotations

import ada_url
import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge.http.url import try_normalise
from tests.edge.http.face import js, obj, refused


def test_parts_of_a_url() -> None:
    url = js.URL.new("https://u:p@a.b:81/x/y?q=1#f")
    assert (url.origin, url.protocol, url.username, url.password) == ("https://a.b:81", "https:", "u", "p")
    assert (url.host, url.hostname, url.port, url.pathname, url.search, url.hash) == (
        "a.b:81",
        "a.b",
        "81",
        "/x/y",
        "?q=1",
        "#f",
    )
    assert url.toJSON() == str(url) == url.href == "https://u:p@a.b:81/x/y?q=1#f"


def test_bad_urls() -> None:
    refused("TypeError", "Invalid URL string.", lambda: js.URL.new("nope"))
    assert js.URL.new("x?y", "https://b/c/d").href == "https://b/c/x?y"
    assert js.URL.canParse("https://a") is True
    assert js.URL.canParse("a") is False
    assert str(js.URL.parse("a")) == "null"


def test_assigning_parts() -> None:
    url = js.URL.new("https://a/")
    url.port = "abc"
    assert url.port == ""
    url.pathname = "/é"
    url.hash = "h"
    assert url.href == "https://a/%C3%A9#h"
    url.href = "http://b/?x=1"
    assert url.searchParams.get("x") == "1"
    url.search = "?x=2"
    assert url.searchParams.get("x") == "2"


def test_search_params_write_back_to_their_url() -> None:
    url = js.URL.new("https://a.b/c?d=e#f")
    assert url.searchParams.get("d") == "e"
    url.searchParams.append("x y", "é&*~")
    assert url.href == "https://a.b/c?d=e&x+y=%C3%A9%26*%7E#f"
    url.searchParams.delete("d")
    url.searchParams.delete("x y")
    assert url.href == "https://a.b/c#f"


def test_search_params() -> None:
    params = js.URLSearchParams.new("?b=2&a=1&b=3&c")
    assert [list(pair) for pair in params] == [["b", "2"], ["a", "1"], ["b", "3"], ["c", ""]]
    assert (len(params), params.size, list(params.getAll("b"))) == (4, 4, ["2", "3"])
    params.set("b", "9")
    params.sort()
    assert str(params) == "a=1&b=9&c="
    assert (params.has("a"), params.has("a", "2"), params.has("z")) == (True, False, False)
    params.delete("a", "2")
    assert params.has("a")
    assert str(js.URLSearchParams.new(obj(a="1", b="x y"))) == "a=1&b=x+y"
    assert str(js.URLSearchParams.new([["a", "1"], ["a", "2"]])) == "a=1&a=2"
    assert str(js.URLSearchParams.new()) == ""


@pytest.mark.parametrize(
    "text",
    [
        "http://localhost:8787/echo?a=1&b=%20x&c=a+b&d=%C3%A9",
        "http://localhost:8787/echo?",
        "http://127.0.0.1:8787/",
        "http://192.168.0.10:54321/x?y",
        "https://example.com/a/b.txt?x=/../y",
        "https://example.com//str",
    ],
)
def test_urls_that_are_normal_stay_as_they_are(text: str) -> None:
    assert try_normalise(text) == text


_pieces = st.lists(
    st.sampled_from(
        [
            "http://",
            "https://",
            "a",
            "1",
            ".",
            "..",
            "/",
            ":",
            "80",
            "443",
            "081",
            "-",
            "%41",
            "%",
            "?",
            "#",
            "@",
            "A",
        ]
        + ["xn--", "é", " ", "\\", "'", '"', "0x7f", "localhost", "//", "\t", "^", "|"]
    ),
    max_size=12,
)


@given(_pieces.map("".join) | _pieces.map(lambda parts: "http://a/" + "".join(parts)))
def test_the_fast_path_never_differs_from_the_parser(text: str) -> None:
    try:
        expected = ada_url.URL(text).href
    except ValueError:
        expected = None
    assert try_normalise(text) == expected


_labels = st.lists(
    st.sampled_from(["127", "0", "255", "256", "01", "0x7f", "a", "a1", "1a", "-", ""]), max_size=5
)
_ports = st.sampled_from(["", ":1", ":80", ":080", ":8787", ":54321", ":65535", ":65536", ":0", ":99999"])


@given(_labels.map(".".join), _ports)
def test_the_fast_path_knows_hosts_and_ports_as_the_parser_does(host: str, port: str) -> None:
    text = f"http://{host}{port}/x"
    try:
        expected = ada_url.URL(text).href
    except ValueError:
        expected = None
    assert try_normalise(text) == expected
