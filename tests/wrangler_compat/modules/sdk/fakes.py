"""JavaScript objects that stand in for products."""

from __future__ import annotations

from typing import Any

from edge.js.objects import JsArray, JsObject
from edge.js.promise import JsPromise
from edge.js.proxy import JsProxy, jsnull


class Recorder(JsProxy, js_name="KvNamespace"):
    """A binding that keeps what it was called with and answers from `answers`."""

    def __init__(self, **answers: Any) -> None:
        self._answers = answers
        self._calls: list[tuple[str, tuple[Any, ...]]] = []

    def __getattr__(self, name: str) -> Any:
        if name.startswith("_") or name not in self._answers:
            raise AttributeError(name)

        def method(*args: Any) -> Any:
            self._calls.append((name, args))
            answer = self._answers[name]
            return answer(*args) if callable(answer) else answer

        return method


class Statement(JsProxy, js_name="D1PreparedStatement"):
    """An object of a class of its own: it has no Python form."""

    def __init__(self) -> None:
        self.rows = JsArray([1, jsnull])

    def first(self) -> JsPromise:
        return JsPromise.resolved(JsObject({"a": jsnull}))


class Callable_(JsProxy, js_name="RpcStub"):
    """A remote function."""

    def __call__(self, value: Any) -> JsPromise:
        return JsPromise.resolved(value * 2)
