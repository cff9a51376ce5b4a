"""`printf`: the conversions of the shell's, over Python's."""

from __future__ import annotations

import re

_CONVERSION = re.compile(r"%([-+ 0#]*\d*(?:\.\d+)?)([%a-zA-Z])")
_ESCAPE = re.compile(r"\\(n|t|r|a|b|f|v|\\|0?[0-7]{1,3})")
_CHARS = {"n": "\n", "t": "\t", "r": "\r", "a": "\a", "b": "\b", "f": "\f", "v": "\v", "\\": "\\"}


class BadFormat(Exception):
    """A conversion that is not supported, or a number that is none."""


def unescaped(text: str) -> str:
    """Backslashes as `echo -e` and `printf` read them."""
    return _ESCAPE.sub(lambda found: _CHARS.get(found[1]) or chr(int(found[1], 8) & 255), text)


def printf(form: str, values: list[str]) -> str:
    """The text; the format is used again as long as values are left. Raises BadFormat."""
    form, rest, out = unescaped(form), list(values), ""
    takes_some = any(found[2] != "%" for found in _CONVERSION.finditer(form))
    while True:
        out += _once(form, rest)
        if not rest or not takes_some:
            return out


def _once(form: str, rest: list[str]) -> str:
    """The format filled once; takes what it needs off `rest`."""
    if "%" in _CONVERSION.sub("", form):
        raise BadFormat(f"`{form}': this format is not supported")
    return _CONVERSION.sub(lambda found: _converted(found[1], found[2], rest), form)


def _converted(options: str, kind: str, rest: list[str]) -> str:
    if kind == "%":
        return "%"
    value = rest.pop(0) if rest else ""
    if kind in "sbc":
        text = unescaped(value) if kind == "b" else value[:1] if kind == "c" else value
        return f"%{options}s" % text
    if kind not in "dixXo":
        raise BadFormat(f"%{kind}: this conversion is not supported")
    try:
        return f"%{options}{kind}" % int(value or "0", 0 if value[:2] in ("0x", "0X") else 10)
    except ValueError:
        raise BadFormat(f"{value}: invalid number") from None
