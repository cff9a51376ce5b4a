"""JavaScript errors as Python exceptions: the same object is raised, caught and passed as a value.

Source: Pyodide `JsException` (name, message, stack; `str` is "Name: message").
"""

from __future__ import annotations

from typing import Any, ClassVar

from edge.js.proxy import JsProxy

#: Error classes that keep their name across RPC and in storage; all others become "Error".
STANDARD_NAMES = frozenset(
    {"Error", "EvalError", "RangeError", "ReferenceError", "SyntaxError", "TypeError", "URIError"}
)


class JsException(JsProxy, Exception, js_name="Error"):
    """A JavaScript Error. Extra properties (`retryable`, `remote`, …) are plain attributes."""

    js_name: ClassVar[str] = "Error"

    # Set by the platform on errors it hands out; absent otherwise.
    remote: bool
    retryable: bool
    overloaded: bool
    durableObjectReset: bool

    def __init__(self, name: str, message: str = "", **properties: Any) -> None:
        Exception.__init__(self, f"{name}: {message}" if message else name)
        self.name = name
        self.message = message
        self.stack = str(self)
        for key, value in properties.items():
            setattr(self, key, value)

    @property
    def js_error(self) -> JsException:
        return self

    @property
    def constructor(self) -> Any:
        from edge.js.proxy import JsClassRef

        return JsClassRef(self.name if self.name in STANDARD_NAMES else "Error")

    def __str__(self) -> str:
        return f"{self.name}: {self.message}" if self.message else self.name

    __repr__ = __str__


JsException.__name__ = "JsException"
JsException.__module__ = "pyodide.ffi"  # so that tracebacks read as they do on the platform


class JsThrown(Exception):
    """Something other than an Error was thrown, or a promise rejected with it: `value`."""

    def __init__(self, value: Any) -> None:
        super().__init__(value)
        self.value = value


class HungWorker(BaseException):
    """The Worker waits for what can never happen, so the runtime gives up on its request.

    Awaiting a promise that was rejected with something other than an Error does this: Pyodide hands the
    value to `Future.set_exception`, which refuses it, and the future never settles (recorded: compat_new
    `js_exceptions`). A BaseException, because no code of the Worker runs on.
    """

    MESSAGE = (
        "The Workers runtime canceled this request because it detected that your Worker's code had hung and "
        "would never generate a response. Refer to: "
        "https://developers.cloudflare.com/workers/observability/errors/"
    )

    def __init__(self) -> None:
        super().__init__(self.MESSAGE)


def thrown_value(reason: BaseException) -> Any:
    """What a JavaScript `catch` sees of an exception."""
    if isinstance(reason, JsException):
        return reason
    if isinstance(reason, JsThrown):
        return reason.value
    from edge.js.python_error import python_error

    return python_error(reason)


def type_error(message: str) -> JsException:
    return JsException("TypeError", message)


def range_error(message: str) -> JsException:
    return JsException("RangeError", message)


def error(message: str, **properties: Any) -> JsException:
    return JsException("Error", message, **properties)


def data_clone_error(message: str) -> JsException:
    return JsException("DataCloneError", message)
