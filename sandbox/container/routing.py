"""Where a container's request to the outside leads: the decision alone (spec section 3.3, outbound)."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from sandbox.container.names import camel_case

Handler = Callable[..., Any]
#: The name in `outbound_handlers` by which the class's own `outbound` is known.
_OUTBOUND = "__outbound__"

#: The container classes of this Worker, by name: the proxy knows the name only.
CLASSES: dict[str, type] = {}


@dataclass(frozen=True)
class Route:
    """Who answers: a handler (with its params), the internet, or nobody."""

    handler: Handler | None = None
    params: Any = None
    internet: bool = False


_BLOCKED = Route()
_INTERNET = Route(internet=True)


def declared(cls: type, name: str) -> Any:
    """What a class says under a static name, in either way of writing; None when it says nothing."""
    for owner in cls.__mro__:
        for spelling in (name, camel_case(name)):
            if vars(owner).get(spelling) is not None:
                return getattr(
                    owner, spelling
                )  # not the raw attribute: that of a staticmethod is no function
    return None


def handlers_of(cls: type) -> dict[str, Handler]:
    """The handlers that a rule may name."""
    catch_all = declared(cls, "outbound")
    named = dict(declared(cls, "outbound_handlers") or {})
    return named if catch_all is None else {**named, _OUTBOUND: catch_all}


def route(host: str, rules: Mapping[str, Any], cls: type | None) -> Route:
    """Decide for a host by the rules (the proxy's props) and what the class declares.

    In this order: denied hosts, the gate of allowed hosts, handlers of hosts set at run time, those of the
    class, the catch-all set at run time, that of the class, then the internet where it is allowed.
    """
    host = host.rstrip(".")
    allowed = rules.get("allowedHosts")
    if _listed(host, rules.get("deniedHosts") or ()):
        return _BLOCKED
    if allowed is not None and not _listed(host, allowed):
        return _BLOCKED
    handlers = {} if cls is None else handlers_of(cls)
    override = _for_host(host, rules.get("outboundByHostOverrides") or {})
    if override and override["method"] in handlers:
        return Route(handlers[override["method"]], override.get("params"))
    handler = None if cls is None else _for_host(host, declared(cls, "outbound_by_host") or {})
    if handler is not None:
        return Route(handler)
    if rules.get("interceptAll"):
        override = rules.get("outboundHandlerOverride")
        if override and override["method"] in handlers:
            return Route(handlers[override["method"]], override.get("params"))
        if _OUTBOUND in handlers:
            return Route(handlers[_OUTBOUND])
    return _INTERNET if allowed is not None or rules.get("enableInternet") else _BLOCKED


def _listed(host: str, patterns: Any) -> bool:
    return any(matches(pattern, host) for pattern in patterns)


def _for_host(host: str, by_pattern: Mapping[str, Any]) -> Any:
    if host in by_pattern:
        return by_pattern[host]
    return next((found for pattern, found in by_pattern.items() if matches(pattern, host)), None)


def matches(pattern: str, host: str) -> bool:
    """Whether a host fits a pattern, in which `*` stands for any text."""
    first, *rest = pattern.split("*")
    if not rest:
        return pattern == host
    if not host.startswith(first):
        return False
    position, last = len(first), rest.pop()
    for part in rest:
        found = host.find(part, position)
        if found < 0:
            return False
        position = found + len(part)
    return len(host) - len(last) >= position and host.endswith(last)
