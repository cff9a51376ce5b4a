"""The module `js`: JavaScript's global object as Python Workers import it.

Source: Pyodide `js`, spec python-workers.md section 8. A name that the emulator does not have raises
AttributeError, and `from js import it` ImportError, as for a name that JavaScript does not have.
"""

from __future__ import annotations

import inspect
from collections.abc import Mapping
from types import ModuleType
from typing import Any

from edge.js.builtins.globals import build_globals
from edge.js.builtins.timers import Timers
from edge.js.functions import HostConstructor, JsFunction
from edge.js.objects import JsObject
from edge.js.proxy import JsProxy, js_property_name
from edge.js.values import to_js_value
from edge.kernel.clock import Clock
from edge.kernel.random import RandomStreams

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


def build_js_module(
    host_classes: Mapping[str, Any],
    *,
    clock: Clock,
    random: RandomStreams,
    timers: Timers | None = None,
) -> ModuleType:
    """The module `js` of one Worker. `host_classes` are the web platform's names: classes with `js_new`,
    functions such as `fetch`, objects such as `caches`. `timers` lets the owner cancel what is pending."""
    props = build_globals(clock, random, timers)
    props |= {name: as_js_global(value) for name, value in host_classes.items()}
    global_this = JsObject(props)
    props["globalThis"] = props["self"] = global_this
    return JsModule(global_this)
