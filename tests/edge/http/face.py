"""The classes as Workers reach them (`js.Headers.new(...)`), and exact expectations of errors."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import pytest

from edge.http.classes import HOST_CLASSES
from edge.js.errors import JsException
from edge.js.functions import HostConstructor
from edge.js.objects import JsObject


class _Js:
    def __getattr__(self, name: str) -> Any:
        return HostConstructor(HOST_CLASSES[name])


js: Any = _Js()


@contextmanager
def raises(name: str, message: str) -> Iterator[None]:
    """Expect a JavaScript error with exactly this name and message."""
    with pytest.raises(JsException) as caught:
        yield
    assert (caught.value.name, caught.value.message) == (name, message)


def refused(name: str, message: str, action: Callable[[], Any]) -> None:
    with raises(name, message):
        action()


def obj(**members: Any) -> JsObject:
    return JsObject(members)
