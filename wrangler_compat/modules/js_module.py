"""The module `js`: JavaScript's global object as Python Workers import it.

Source: Pyodide `js`, spec python-workers.md section 8. A name that the emulator does not have raises
AttributeError, and `from js import it` ImportError, as for a name that JavaScript does not have.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping
from types import ModuleType
from typing import Any

from edge.http.host import current_host
from edge.js.builtins.crypto import Draws, Randomness
from edge.js.builtins.globals import build_globals
from edge.js.builtins.timers import Timers
from edge.js.functions import HostConstructor, JsFunction
from edge.js.objects import JsObject
from edge.js.proxy import JsProxy, js_property_name
from edge.js.values import to_js_value
from edge.kernel.clock import Clock, Timer

#: What the import system sets on modules; everything else is a property of the global object.
_MODULE_NAMES = frozenset({"__spec__", "__loader__", "__package__", "__path__", "__file__", "__cached__"})


class JsModule(ModuleType):
    """The global object as a module: reading, setting and deleting names is that of `globalThis`."""

    _global_this: JsObject

    def __init__(self, global_this: JsObject) -> None:
        super().__init__("js")
        object.__setattr__(self, "_global_this", global_this)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._global_this, name)

    def __setattr__(self, name: str, value: Any) -> None:
        if name in _MODULE_NAMES:
            super().__setattr__(name, value)
        else:
            self._global_this._props[js_property_name(name)] = to_js_value(value)

    def __delattr__(self, name: str) -> None:
        delattr(self._global_this, name)

    def __dir__(self) -> list[str]:
        return sorted(self._global_this._props)


def as_js_global(value: Any) -> Any:
    """A class of the platform as its constructor, a Python function as a JavaScript function; other
    values as they are."""
    if inspect.isclass(value) and issubclass(value, JsProxy):
        return HostConstructor(value)
    if callable(value) and not isinstance(value, JsProxy):
        return JsFunction(value)
    return value


class _HostClock:
    """The clock of whichever world runs the code at the moment."""

    def now(self) -> float:
        return current_host.get().clock.now()

    def now_ms(self) -> int:
        return current_host.get().clock.now_ms()

    def monotonic(self) -> float:
        return current_host.get().clock.monotonic()

    async def sleep(self, delay_s: float) -> None:
        await current_host.get().clock.sleep(delay_s)

    async def sleep_until(self, when_s: float) -> None:
        await current_host.get().clock.sleep_until(when_s)

    def call_at(self, when_s: float, callback: Callable[[], object]) -> Timer:
        return current_host.get().clock.call_at(when_s, callback)

    def hold(self, what: str = "real work") -> Any:
        return current_host.get().clock.hold(what)


class _HostRandom:
    """The random streams of whichever world runs the code at the moment."""

    def stream(self, label: str) -> Draws:
        return current_host.get().random.stream(label)

    def bytes(self, label: str, count: int) -> bytes:
        return current_host.get().random.bytes(label, count)

    def uuid(self, label: str) -> str:
        return current_host.get().random.uuid(label)


def build_js_module(
    host_classes: Mapping[str, Any],
    *,
    clock: Clock | None = None,
    random: Randomness | None = None,
    timers: Timers | None = None,
) -> ModuleType:
    """The module `js` of one Worker. `host_classes` are the web platform's names: classes with `js_new`,
    functions such as `fetch`, objects such as `caches`. Without a clock or random streams those of the
    running world (`edge.http.host`) count. `timers` lets the owner cancel what is pending."""
    props = build_globals(clock or _HostClock(), random or _HostRandom(), timers)
    props |= {name: as_js_global(value) for name, value in host_classes.items()}
    global_this = JsObject(props)
    props["globalThis"] = props["self"] = global_this
    return JsModule(global_this)
