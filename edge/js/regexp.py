"""JavaScript RegExp, as far as Python Workers meet it: made, tested, cloned.

Source: ECMA-262 RegExp objects. Patterns run on Python's `re`; syntax that `re` does not share is
refused with UnsupportedError when the pattern is used.
"""

from __future__ import annotations

import re
from typing import Any

from edge.errors import UnsupportedError
from edge.js.arrays import JsArray
from edge.js.errors import JsException
from edge.js.proxy import JsNull, JsProxy, jsnull
from edge.js.webidl import to_string

_FLAGS = "dgimsuvy"


class JsRegExp(JsProxy, js_name="RegExp"):
    """A pattern with its flags, in the order JavaScript lists them."""

    __slots__ = ("flags", "lastIndex", "source")

    def __init__(self, source: str, flags: str = "") -> None:
        self.source = source
        self.flags = "".join(sorted(flags))
        self.lastIndex = 0

    @classmethod
    def js_new(cls, pattern: Any = None, flags: Any = None, *_: Any) -> JsRegExp:
        """`new RegExp(pattern, flags)`; SyntaxError for unknown or repeated flags."""
        if isinstance(pattern, JsRegExp):
            return cls(pattern.source, pattern.flags if flags is None else to_string(flags))
        source = "(?:)" if pattern is None else to_string(pattern) or "(?:)"
        text = "" if flags is None else to_string(flags)
        if len(set(text)) != len(text) or not set(text) <= set(_FLAGS):
            raise JsException("SyntaxError", f"Invalid flags supplied to RegExp constructor '{text}'")
        return cls(source, text)

    @property
    def ignoreCase(self) -> bool:
        return "i" in self.flags

    @property
    def multiline(self) -> bool:
        return "m" in self.flags

    def __str__(self) -> str:
        return f"/{self.source}/{self.flags}"

    __repr__ = __str__

    def _compiled(self) -> re.Pattern[str]:
        options = re.IGNORECASE if self.ignoreCase else re.NOFLAG
        options |= re.MULTILINE if self.multiline else re.NOFLAG
        options |= re.DOTALL if "s" in self.flags else re.NOFLAG
        try:
            return re.compile(re.sub(r"\(\?<(?![=!])", "(?P<", self.source), options | re.ASCII)
        except re.error as problem:
            raise UnsupportedError(
                f"this regular expression is not emulated: {self} ({problem})"
            ) from problem

    def test(self, text: Any) -> bool:
        return not isinstance(self.exec(text), JsNull)

    def exec(self, text: Any) -> JsArray | JsNull:
        """The match and its groups, null when there is none; `g` and `y` go on at `lastIndex`."""
        stateful = "g" in self.flags or "y" in self.flags
        start = self.lastIndex if stateful else 0
        pattern = self._compiled()
        find = pattern.match if "y" in self.flags else pattern.search
        match = find(to_string(text), start)
        if match is None:
            self.lastIndex = 0
            return jsnull
        if stateful:
            self.lastIndex = match.end()
        return JsArray([match.group(), *match.groups()])
