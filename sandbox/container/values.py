"""Values between Python and JavaScript."""

from __future__ import annotations

import inspect
from collections.abc import Collection, Mapping
from typing import Any

import pyodide.ffi
from js import Object
from pyodide.ffi import to_js

from sandbox.container.names import camel_case, snake_case

_NULL = getattr(pyodide.ffi, "jsnull", None)


def js_object(members: Mapping[str, Any]) -> Any:
    """A plain JavaScript object."""
    return to_js(dict(members), dict_converter=Object.fromEntries)


def is_absent(value: Any) -> bool:
    """Whether it is JavaScript's null or undefined."""
    return value is None or value is _NULL


class Record(dict[str, Any]):
    """A plain object as its JavaScript twin has it. Members are items and attributes, under their own
    names (`exitCode`) and Python's (`exit_code`)."""

    def __missing__(self, name: str) -> Any:
        other = camel_case(name)
        if other == name or other not in self:
            raise KeyError(name)
        return self[other]

    def __getattr__(self, name: str) -> Any:
        try:
            return self[name]
        except KeyError:
            raise AttributeError(name) from None


def options_of(given: Any, keywords: Mapping[str, Any], known: Collection[str]) -> dict[str, Any]:
    """Options by their Python names, from an object (a dict, or JavaScript's) and keywords, in either way of
    writing. None counts as not given. Raises TypeError for an option there is not."""
    members = {} if is_absent(given) else dict(given if isinstance(given, Mapping) else given.to_py())
    found: dict[str, Any] = {}
    for name, value in {**members, **keywords}.items():
        option = snake_case(name)
        if option not in known:
            raise TypeError(f"there is no option {name!r}; known: {', '.join(sorted(known))}")
        if not is_absent(value):
            found[option] = value
    return found


async def call_back(function: Any, *args: Any) -> Any:
    """Call a function of the user's, a coroutine function or not, with as many arguments as it takes (as
    JavaScript would)."""
    result = function(*args[: _capacity(function)])
    return await result if inspect.isawaitable(result) else result


def _capacity(function: Any) -> int | None:
    parameters = inspect.signature(function).parameters.values()
    if any(parameter.kind is parameter.VAR_POSITIONAL for parameter in parameters):
        return None
    kinds = (inspect.Parameter.POSITIONAL_ONLY, inspect.Parameter.POSITIONAL_OR_KEYWORD)
    return sum(parameter.kind in kinds for parameter in parameters)
