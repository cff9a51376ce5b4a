"""What a cache keeps, and for how long.

Sources: Cloudflare's "Cache" page of the Workers runtime APIs (which headers count); spec runtime.md section
7; RFC 9111 as a shared cache reads it (http-cache-semantics, which Miniflare uses).
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from email.utils import formatdate, parsedate_to_datetime

Pairs = list[tuple[str, str]]

_KEPT_STATUSES = frozenset({200, 203, 204, 300, 301, 302, 303, 307, 308, 404, 405, 410, 414, 501})
#: Those that are kept without being asked to; all others need a lifetime or `public`.
_KEPT_BY_DEFAULT = frozenset({200, 203, 204, 300, 301, 308, 404, 405, 410, 414, 501})
_OF_THE_CONNECTION = frozenset(
    {
        *("date", "connection", "keep-alive", "proxy-authenticate", "proxy-authorization", "te", "trailer"),
        *("transfer-encoding", "upgrade", "age"),
    }
)
_PRIVATE_COOKIE = re.compile(r"private=set-cookie;?", re.IGNORECASE)
#: What part of its age a response without a lifetime is taken to live on (RFC 9111 4.2.2).
_HEURISTIC = 0.1
_IMMUTABLE_S = 24 * 3600.0
_INTEGER = re.compile(r"\s*([+-]?\d+)")


@dataclass(frozen=True, slots=True)
class Kept:
    """A response as a cache keeps it: for `ttl_s` seconds (0: no time at all), with these headers."""

    ttl_s: float
    headers: Pairs


def kept(request_headers: Mapping[str, str], status: int, headers: Pairs, now_s: float) -> Kept | None:
    """What becomes of a response that is put at `now_s`; None when it must not be stored. Names of headers
    are in lower case."""
    combined = _combined(headers)
    if "private=set-cookie" in combined.get("cache-control", "").lower():
        combined["cache-control"] = _PRIVATE_COOKIE.sub("", combined["cache-control"]).strip()
        headers = [pair for pair in headers if pair[0] != "set-cookie"]
        combined.pop("set-cookie", None)
    said = directives(combined.get("cache-control"))
    if "cache-control" not in combined and "no-cache" in combined.get("pragma", ""):
        said["no-cache"] = ""
    if "set-cookie" in combined or not _storable(request_headers, status, combined, said):
        return None
    ttl_s = max(0.0, _lifetime_s(combined, said, now_s) - _number(combined.get("age", "")))
    stays = [pair for pair in headers if pair[0] not in _OF_THE_CONNECTION]
    stays = [(name, combined[name] if name == "cache-control" else value) for name, value in stays]
    age = round(_number(combined.get("age", "")))
    return Kept(ttl_s, [*stays, ("age", str(age)), ("date", formatdate(now_s, usegmt=True))])


def with_age(headers: Pairs, since_s: float) -> Pairs:
    """The headers of a response that was put `since_s` seconds ago: its `Age` has grown."""
    return [(name, str(int(_number(value) + since_s)) if name == "age" else value) for name, value in headers]


def directives(cache_control: str | None) -> dict[str, str]:
    """The directives of a `Cache-Control` header with their values, names in lower case."""
    found: dict[str, str] = {}
    for part in (cache_control or "").split(","):
        name, _, value = part.strip().partition("=")
        if name:
            found[name.strip().lower()] = value.strip().strip('"')
    return found


def _combined(headers: Pairs) -> dict[str, str]:
    found: dict[str, str] = {}
    for name, value in headers:
        found[name] = f"{found[name]}, {value}" if name in found else value
    return found


def _storable(
    request: Mapping[str, str], status: int, headers: Mapping[str, str], said: Mapping[str, str]
) -> bool:
    if status not in _KEPT_STATUSES or "no-store" in said or "private" in said:
        return False
    if "authorization" in request and not said.keys() & {"must-revalidate", "public", "s-maxage"}:
        return False
    asked = said.keys() & {"max-age", "s-maxage", "public"} or "expires" in headers
    return bool(asked) or status in _KEPT_BY_DEFAULT


def _lifetime_s(headers: Mapping[str, str], said: Mapping[str, str], now_s: float) -> float:
    if said.keys() & {"no-cache", "proxy-revalidate"}:
        return 0.0
    for name in ("s-maxage", "max-age"):
        if name in said:
            return _number(said[name])
    least_s = _IMMUTABLE_S if "immutable" in said else 0.0
    origin_s = _time_s(headers.get("date"))
    begun_s = now_s if origin_s is None else origin_s
    if "expires" in headers:
        expires_s = _time_s(headers["expires"])
        return 0.0 if expires_s is None or expires_s < begun_s else max(least_s, expires_s - begun_s)
    modified_s = _time_s(headers.get("last-modified"))
    if modified_s is not None and modified_s < begun_s:
        return max(least_s, (begun_s - modified_s) * _HEURISTIC)
    return least_s


def _number(text: str) -> float:
    found = _INTEGER.match(text)
    return float(found[1]) if found else 0.0


def _time_s(text: str | None) -> float | None:
    if text is None:
        return None
    try:
        return parsedate_to_datetime(text).timestamp()
    except (ValueError, TypeError):
        return None
