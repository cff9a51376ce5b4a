"""JavaScript objects as Python sees them.

On Cloudflare a Python Worker meets the platform through Pyodide, which shows every JavaScript object
as a `JsProxy`. Here the objects are Python from the start, and this is their base class: what a Worker
can observe of a proxy (attribute rules, `typeof`, `constructor.name`, `object_keys`) is the same.

JavaScript values in this code base are: None (undefined), `jsnull` (null), bool, int and float
(number), `JsBigInt` (bigint), str, and `JsProxy` objects. Any other Python object that reaches a
JavaScript-facing method is what Pyodide would have wrapped in a PyProxy: opaque.

Source: spec python-workers.md sections 3 and 4, Pyodide "Type translations".
"""

from __future__ import annotations

import keyword
from typing import Any, ClassVar

_type_name = type.__dict__["__name__"]


class JsProxyType(type):
    """Gives proxies the two names they have in Pyodide: `type(x).__name__` is `JsProxy`, while the
    interpreter's own messages speak of `'pyodide.ffi.JsProxy' object`."""

    @property
    def __name__(cls) -> str:
        return str(_type_name.__get__(cls)).rpartition(".")[2]

    @__name__.setter
    def __name__(cls, name: str) -> None:
        _type_name.__set__(cls, f"pyodide.ffi.{name}")


class JsProxy(metaclass=JsProxyType):
    """Base of every JavaScript object.

    A subclass names its JavaScript class: `class Headers(JsProxy, js_name="Headers")`. Public
    attributes and methods (camelCase) are what JavaScript shows; names with an underscore are ours.
    """

    __slots__ = ()
    js_name: ClassVar[str] = "Object"

    def __init_subclass__(cls, js_name: str | None = None, **options: Any) -> None:
        super().__init_subclass__(**options)
        if js_name is not None:
            cls.js_name = js_name
        # Pyodide has one Python class for all proxies, and Workers compare its name.
        cls.__name__ = "JsProxy"

    def __getattr__(self, name: str) -> Any:
        # Python's reserved words are reached with an underscore behind: `Array.from_`, `promise.finally_`.
        plain = js_property_name(name)
        if plain != name:
            return getattr(self, plain)
        raise AttributeError(name)

    @property
    def typeof(self) -> str:
        return "object"

    @property
    def constructor(self) -> Any:
        return JsClassRef(type(self).js_name)

    @property
    def js_id(self) -> int:
        return id(self)

    def __str__(self) -> str:
        return f"[object {type(self).js_name}]"

    __repr__ = __str__

    def toString(self) -> str:
        return str(self)

    def _own_items(self) -> list[tuple[str, Any]]:
        """Own enumerable properties in JavaScript's order; host objects have none."""
        return []

    def object_keys(self) -> Any:
        """`Object.keys(this)` as a JavaScript array."""
        from edge.js.arrays import JsArray

        return JsArray([key for key, _ in self._own_items()])

    def object_values(self) -> Any:
        """`Object.values(this)` as a JavaScript array."""
        from edge.js.arrays import JsArray

        return JsArray([value for _, value in self._own_items()])

    def object_entries(self) -> Any:
        """`Object.entries(this)` as a JavaScript array of pairs."""
        from edge.js.arrays import JsArray

        return JsArray([JsArray([key, value]) for key, value in self._own_items()])

    def to_py(self, *, depth: int = -1, default_converter: Any = None) -> Any:
        """A Python copy of plain data, `depth` levels deep (-1: all); other objects go through
        `default_converter(value, convert, remember)` or stay themselves. Source: Pyodide `JsProxy.to_py`."""
        from edge.js.convert import to_py

        return to_py(self, depth=depth, default_converter=default_converter)


def js_property_name(name: str) -> str:
    """The JavaScript name that a Python attribute name stands for: `from_` is `from`, `from__` is `from_`."""
    if name.endswith("_") and keyword.iskeyword(name.rstrip("_")):
        return name[:-1]
    return name


class JsClassRef(JsProxy, js_name="Function"):
    """What `value.constructor` gives: enough to ask for its `name`."""

    __slots__ = ("name",)

    def __init__(self, name: str) -> None:
        self.name = name

    @property
    def typeof(self) -> str:
        return "function"

    def __eq__(self, other: object) -> bool:
        return isinstance(other, JsClassRef) and other.name == self.name

    def __hash__(self) -> int:
        return hash(self.name)


class JsNull:
    """The type of `jsnull`, JavaScript's null (None is undefined)."""

    _instance: ClassVar[JsNull | None] = None

    def __new__(cls) -> JsNull:
        if cls._instance is None:
            cls._instance = super().__new__(cls)
        return cls._instance

    @property
    def typeof(self) -> str:
        return "object"

    def __bool__(self) -> bool:
        return False

    def __repr__(self) -> str:
        return "jsnull"

    def __str__(self) -> str:
        return "null"


jsnull = JsNull()


class JsBigInt(int):
    """A JavaScript bigint: integers that a double cannot hold come back as this."""
