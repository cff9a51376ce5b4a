"""Classes whose members have two names: Python's (`on_start`) and JavaScript's (`onStart`).

What a subclass defines under one name holds under the other, so that code written for the JavaScript class
ports line by line, and `super()` works with either.
"""

from __future__ import annotations

import inspect
from collections.abc import Iterable
from typing import Any

from sandbox.container.names import camel_case, snake_case


def name_both(cls: type, fields: Iterable[str], methods: Iterable[str]) -> None:
    """Give the members of a class their second names: `fields` and `methods` are Python's names."""
    for name in fields:
        if camel_case(name) != name:
            setattr(cls, camel_case(name), _alias(name))
    for name in methods:
        setattr(cls, camel_case(name), vars(cls)[name])


def follow_names(cls: type, base: type, fields: Iterable[str], methods: Iterable[str]) -> None:
    """Let what a subclass of `base` defines under one name count under the other."""
    for name in fields:
        _follow_field(cls, base, name)
    for name in methods:
        _follow_method(cls, base, name)


def methods_of(cls: type) -> list[str]:
    """The public methods that a class itself defines, by their Python names."""
    return [name for name, value in vars(cls).items() if inspect.isfunction(value) and _is_ours(name)]


def _is_ours(name: str) -> bool:
    return not name.startswith("_") and snake_case(name) == name


def _follow_field(cls: type, base: type, name: str) -> None:
    other = camel_case(name)
    if other == name:
        return
    for owner in _below(cls, base):
        if name in vars(owner):
            return
        if other in vars(owner):
            setattr(cls, name, vars(owner)[other])
            if owner is cls:
                delattr(cls, other)  # the base's alias is to be found again
            else:
                setattr(cls, other, _alias(name))
            return


def _follow_method(cls: type, base: type, name: str) -> None:
    other = camel_case(name)
    for owner in _below(cls, base):
        own = vars(owner)
        if name in own or other in own:
            chosen = own[name] if name in own else own[other]
            setattr(cls, name, chosen)
            setattr(cls, other, chosen)
            return


def _below(cls: type, base: type) -> list[type]:
    """The classes that come before `base` when a member is looked up."""
    order = cls.__mro__
    return list(order[: order.index(base)])


def _alias(name: str) -> Any:
    def get(self: Any) -> Any:
        return getattr(self, name)

    def set_(self: Any, value: Any) -> None:
        setattr(self, name, value)

    return property(get, set_, doc=f"The same as `{name}`.")
