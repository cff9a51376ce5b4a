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

from typing import Any, ClassVar


class JsProxy:
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

    def object_keys(self) -> Any:
        """Own enumerable keys as a JavaScript array; host objects have none."""
        from edge.js.objects import JsArray

        return JsArray([])

    def object_values(self) -> Any:
        from edge.js.objects import JsArray

        return JsArray([])

    def object_entries(self) -> Any:
        from edge.js.objects import JsArray

        return JsArray([])

    def to_py(self, *, depth: int = -1, default_converter: Any = None) -> Any:
        """A Python copy of plain data; host objects have none and stay themselves."""
        return self


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
