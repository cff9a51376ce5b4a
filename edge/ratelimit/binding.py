"""`env.<name>.limit({key})`: whether a call is within its limit.

Sources: spec runtime.md section 16, recording `rate_limit`; Cloudflare: Rate Limiting (counters are those of
the place, and asking them is no request over a network).
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from edge.js.errors import JsException, error
from edge.js.functions import js_method
from edge.js.objects import JsObject, get_property, own_items
from edge.js.promise import JsPromise
from edge.js.proxy import JsBigInt, JsProxy
from edge.js.webidl import to_string
from edge.kernel.clock import Clock
from edge.network.here import here
from edge.ratelimit.counters import Counters

#: The code of a place, None where there are none.
Here = Callable[[], str | None]
_OPTIONS = ("key", "limit", "period")
_PERIODS_S = (10, 60)


class Ratelimit(JsProxy, js_name="Ratelimit"):
    """The binding of one limit: `limit` calls of a key in `period_s` seconds."""

    __slots__ = ("_clock", "_counters", "_here", "_limit", "_period_s")

    def __init__(
        self, counters: Counters, clock: Clock, limit: float, period_s: int, here: Here = here.get
    ) -> None:
        """`here` says in which place the caller runs; each has counters of its own."""
        self._counters = counters
        self._clock = clock
        self._limit = limit
        self._period_s = period_s
        self._here = here

    @js_method
    def limit(self, options: Any = None, *_: Any) -> JsPromise:
        """`{success}`: whether this call is within the limit. Rejects options that it does not know."""
        try:
            key, limit, period_s = self._checked(options)
        except JsException as refused:
            return JsPromise.rejected(refused)
        allowed = self._counters.allows((self._here(), key), limit, period_s, self._clock.now())
        return JsPromise.resolved(JsObject({"success": allowed}))

    def _checked(self, options: Any) -> tuple[str, float, int]:
        if not isinstance(options, (JsProxy, dict)) or callable(options):
            raise error("invalid rate limit options")
        unknown = [name for name, _ in own_items(options) if name not in _OPTIONS]
        if unknown:
            raise error(f"bad rate limit options: [{','.join(unknown)}]")
        key = get_property(options, "key", "")
        limit = get_property(options, "limit", self._limit)
        period_s = get_property(options, "period", self._period_s)
        if not isinstance(key, str):
            raise error(f"invalid key: {to_string(key)}")
        if not _is_number(limit):
            raise error(f"limit must be a number: {to_string(limit)}")
        if not _is_number(period_s):
            raise error(f"period must be a number: {to_string(period_s)}")
        if period_s not in _PERIODS_S:
            raise error(f"unsupported period: {to_string(period_s)}")
        return key, limit, int(period_s)


def _is_number(value: Any) -> bool:
    return isinstance(value, (int, float)) and not isinstance(value, (bool, JsBigInt))
