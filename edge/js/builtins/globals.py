"""All of JavaScript's globals that do not come from the web platform (edge.http), for one Worker."""

from __future__ import annotations

from typing import Any

from edge.js.builtins.console import console_object
from edge.js.builtins.crypto import Randomness, crypto_object
from edge.js.builtins.numbers import math_object, number_globals
from edge.js.builtins.objects import collection_constructors, members
from edge.js.builtins.promises import promise_constructor
from edge.js.builtins.text_coding import JsTextDecoder, JsTextEncoder
from edge.js.builtins.timers import Timers, timer_globals
from edge.js.builtins.values import value_globals
from edge.js.functions import HostConstructor
from edge.js.objects import JsObject
from edge.kernel.clock import Clock

USER_AGENT = "Cloudflare-Workers"


def build_globals(clock: Clock, random: Randomness, timers: Timers | None = None) -> dict[str, Any]:
    """The global object's properties, telling the time of `clock` and drawing from `random`."""
    return {
        "undefined": None,
        **collection_constructors(),
        **number_globals(),
        **value_globals(clock.now_ms),
        **timer_globals(timers or Timers(clock)),
        "Promise": promise_constructor(),
        "Math": math_object(lambda: random.stream("js.Math").random()),
        "TextEncoder": HostConstructor(JsTextEncoder),
        "TextDecoder": HostConstructor(JsTextDecoder),
        "console": console_object(),
        "crypto": crypto_object(random),
        "performance": JsObject({**members(now=clock.now_ms), "timeOrigin": 0}),
        "navigator": JsObject({"userAgent": USER_AGENT}),
    }
