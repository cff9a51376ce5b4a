"""URL and URLSearchParams after the WHATWG standard (parsing by ada, the parser browsers and Node use).

Requests arrive with URLs that are normal already, so `normalise` first looks whether there is
anything to do at all.
"""

from __future__ import annotations

import re
from typing import Any
from urllib.parse import parse_qsl, quote_plus

import ada_url

from edge.http.init import given, string_pairs
from edge.http.pairs import PairList, or_null
from edge.js.arrays import JsArray
from edge.js.errors import type_error
from edge.js.proxy import JsProxy, jsnull
from edge.js.webidl import to_string

# A lower-case name that does not end like an address, or an IPv4 address; no port that could be the
# default one, only characters that stand for themselves, no dot segments (a dot after a slash is left to
# the parser).
_OCTET = r"(?:25[0-5]|2[0-4][0-9]|1[0-9][0-9]|[1-9]?[0-9])"
_PORT = r"(?!80/|443/)(?:[1-9][0-9]{0,3}|[1-5][0-9]{4}|6[0-4][0-9]{3})"
_NORMAL = re.compile(
    rf"https?://(?:(?=[a-z])(?:[a-z0-9\-]+\.)*[a-z][a-z0-9\-]*|{_OCTET}(?:\.{_OCTET}){{3}})(?::{_PORT})?"
    r"/(?:[A-Za-z0-9_~!$&()*+,;=:@\-]|(?<!/)\.|/(?!\.))*"
    r"(?:\?[A-Za-z0-9_.~!$&()*+,;=:@/?%\-]*)?"
)
_PUNYCODE = "xn--"


def try_normalise(text: str) -> str | None:
    """The URL as `new URL(text).href` gives it, None when it is no absolute URL."""
    if _NORMAL.fullmatch(text) and _PUNYCODE not in text:
        return text
    try:
        href: str = ada_url.URL(_scalar(text)).href
    except ValueError:
        return None
    return href


def normalise(text: str) -> str:
    """Like `try_normalise`; raises TypeError `Invalid URL: x`."""
    href = try_normalise(text)
    if href is None:
        raise type_error(f"Invalid URL: {text}")
    return href


def _scalar(text: str) -> str:
    """Lone surrogates become U+FFFD, as in every USVString."""
    return text.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")


def _part(name: str) -> property:
    """A component of a URL that can be read and assigned; bad values are ignored when assigned."""

    def get(self: URL) -> str:
        value: str = getattr(self._url, name)
        return value

    def set_(self: URL, value: Any) -> None:
        try:
            setattr(self._url, name, _scalar(to_string(value)))
        except ValueError:
            return  # the standard: an assignment that does not parse changes nothing
        self._reread_params()

    return property(get, set_)


class URL(JsProxy, js_name="URL"):
    """A parsed URL."""

    __slots__ = ("_params", "_url")

    def __init__(self, text: str, base: str | None = None) -> None:
        try:
            self._url = ada_url.URL(_scalar(text), None if base is None else _scalar(base))
        except ValueError:
            raise type_error("Invalid URL string.") from None
        self._params: URLSearchParams | None = None

    @classmethod
    def js_new(cls, url: Any = None, base: Any = None, *_: Any) -> URL:
        """`new URL(url, base)`; raises TypeError `Invalid URL string.`"""
        return cls(to_string(url), None if base is None else to_string(base))

    @staticmethod
    def canParse(url: Any = None, base: Any = None) -> bool:
        return URL.parse(url, base) is not jsnull

    @staticmethod
    def parse(url: Any = None, base: Any = None) -> Any:
        try:
            return URL.js_new(url, base)
        except Exception:
            return jsnull

    @property
    def href(self) -> str:
        value: str = self._url.href
        return value

    @href.setter
    def href(self, value: Any) -> None:
        self._url = URL(to_string(value))._url
        self._reread_params()

    @property
    def origin(self) -> str:
        value: str = self._url.origin
        return value

    protocol = _part("protocol")
    username = _part("username")
    password = _part("password")
    host = _part("host")
    hostname = _part("hostname")
    port = _part("port")
    pathname = _part("pathname")
    search = _part("search")
    hash = _part("hash")

    @property
    def searchParams(self) -> URLSearchParams:
        if self._params is None:
            self._params = URLSearchParams(self._url.search, url=self)
        return self._params

    def _reread_params(self) -> None:
        if self._params is not None:
            self._params._list = parse_query(self._url.search)

    def toJSON(self) -> str:
        return self.href

    __str__ = toJSON
    __repr__ = toJSON


class URLSearchParams(PairList, js_name="URLSearchParams"):
    """The query of a URL as a list of pairs."""

    __slots__ = ("_list", "_owner")

    def __init__(self, query: str | list[tuple[str, str]] = "", url: URL | None = None) -> None:
        self._list = parse_query(query) if isinstance(query, str) else list(query)
        self._owner = url

    @classmethod
    def js_new(cls, init: Any = None, *_: Any) -> URLSearchParams:
        """`new URLSearchParams(init)`: a string, an object or pairs."""
        if isinstance(init, URLSearchParams):
            return cls(init._list)
        if not given(init):
            return cls("" if init is None else "null")
        if isinstance(init, (str, bool, int, float)):
            return cls(to_string(init))
        return cls(string_pairs(init, "URLSearchParams"))

    @property
    def size(self) -> int:
        return len(self._list)

    def __len__(self) -> int:
        return len(self._list)

    def __bool__(self) -> bool:
        return True

    def _pairs(self) -> list[tuple[str, Any]]:
        return list(self._list)

    def get(self, name: Any) -> Any:
        wanted = to_string(name)
        return or_null(next((value for key, value in self._list if key == wanted), None))

    def getAll(self, name: Any) -> Any:
        wanted = to_string(name)
        return JsArray([value for key, value in self._list if key == wanted])

    def has(self, name: Any, value: Any = None) -> bool:
        wanted = to_string(name)
        return any(key == wanted and value in (None, found) for key, found in self._list)

    def append(self, name: Any, value: Any) -> None:
        self._list.append((to_string(name), to_string(value)))
        self._write_back()

    def set(self, name: Any, value: Any) -> None:
        pair = (to_string(name), to_string(value))
        self._list = replaced(self._list, pair)
        self._write_back()

    def delete(self, name: Any, value: Any = None) -> None:
        wanted = to_string(name)
        self._list = [pair for pair in self._list if pair[0] != wanted or value not in (None, pair[1])]
        self._write_back()

    def sort(self) -> None:
        self._list.sort(key=lambda pair: pair[0].encode("utf-16-be", "surrogatepass"))
        self._write_back()

    def _write_back(self) -> None:
        if self._owner is not None:
            self._owner._url.search = str(self)

    def toString(self) -> str:
        return "&".join(f"{_encode(name)}={_encode(value)}" for name, value in self._list)

    __str__ = toString
    __repr__ = toString


def parse_query(query: str) -> list[tuple[str, str]]:
    """Pairs of an `application/x-www-form-urlencoded` string, with or without its question mark."""
    text = _scalar(query).removeprefix("?")
    return parse_qsl(text, keep_blank_values=True, errors="replace")


def replaced(pairs: list[tuple[str, Any]], pair: tuple[str, Any]) -> list[tuple[str, Any]]:
    """`pairs` with the first of that name replaced and the others dropped, or `pair` at the end."""
    result: list[tuple[str, Any]] = []
    placed = False
    for found in pairs:
        if found[0] != pair[0]:
            result.append(found)
        elif not placed:
            result.append(pair)
            placed = True
    return result if placed else [*result, pair]


def _encode(text: str) -> str:
    # The form encoding keeps * and encodes ~, Python's quoting is the other way round.
    return quote_plus(_scalar(text), safe="*").replace("~", "%7E")
