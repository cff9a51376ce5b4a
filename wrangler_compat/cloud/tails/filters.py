"""Which events a tail is told of. Pure.

Source: Cloudflare: "wrangler tail" and its filters; all filters of a tail must hold.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from wrangler_compat.cloud.envelope import Refusal

Event = Mapping[str, Any]
Filter = Mapping[str, Any]

_KINDS = {"outcome", "method", "header", "query", "client_ip", "scriptVersion", "sampling_rate"}
#: Every client is on this machine.
_OWN_ADDRESSES = ("self", "127.0.0.1", "::1")


def check_filters(body: Any) -> Sequence[Filter]:
    """The filters in the body of a call that opens a tail. Raises `Refusal` for one that is not known."""
    found = body.get("filters") or [] if isinstance(body, dict) else None
    if not isinstance(found, list) or not all(isinstance(one, dict) for one in found):
        raise Refusal(400, 10021, "filters must be an array of objects")
    unknown = sorted({kind for one in found for kind in one.keys() - _KINDS})
    if unknown:
        raise Refusal(400, 10021, f"there are no filters of the kind {', '.join(unknown)}")
    return found


def accepts(filters: Sequence[Filter], event: Event, chance: float) -> bool:
    """Whether all filters let `event` through; `chance` from 0 to 1 decides for sampling."""
    return all(_holds(kind, wanted, event, chance) for one in filters for kind, wanted in one.items())


def _holds(kind: str, wanted: Any, event: Event, chance: float) -> bool:
    request = event["event"].get("request") or {}
    if kind == "outcome":
        return event["outcome"] in _list(wanted)
    if kind == "method":
        return request.get("method") in [method.upper() for method in _list(wanted)]
    if kind == "header":
        value = (request.get("headers") or {}).get(wanted["key"].lower())
        return value is not None and str(wanted.get("query", "")) in value
    if kind == "query":
        texts = [text for log in event["logs"] for text in log["message"]]
        return any(wanted in text for text in [*texts, *(one["message"] for one in event["exceptions"])])
    if kind == "client_ip":
        return any(address in _OWN_ADDRESSES for address in _list(wanted))
    if kind == "scriptVersion":
        return bool(event["scriptVersion"]["id"] == wanted)
    return chance < float(wanted)


def _list(wanted: Any) -> list[Any]:
    return wanted if isinstance(wanted, list) else [wanted]
