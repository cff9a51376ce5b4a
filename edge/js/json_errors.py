"""Finds what V8 says about a text that is not JSON: its message with token, position, line and column.

Only texts that already failed to parse come here, so this is written to be right, not fast.

Source: V8 `json-parser.cc` and its message templates; recorded: http `raise_js`, kv `get_types`.
"""

from __future__ import annotations

import re

_SPACE = " \t\n\r"
_CONTEXT = 10  # characters that V8 shows on each side of an unexpected token
_SPECIAL = frozenset({"undefined", "NaN", "Infinity", "[object Object]"})
_LITERALS = {"t": "true", "f": "false", "n": "null"}


class _Fault(Exception):
    """The message, found; unwinds the walk."""


def syntax_message(text: str) -> str:
    """V8's SyntaxError message for `text`, which must not be JSON."""
    try:
        _Walk(text).document()
    except _Fault as fault:
        return str(fault)
    except RecursionError:
        return "Maximum call stack size exceeded"
    raise AssertionError(f"this text is JSON: {text[:80]!r}")


def _units(text: str) -> int:
    """The length of a text in JavaScript's UTF-16 units."""
    return len(text.encode("utf-16-le", "surrogatepass")) // 2


class _Walk:
    def __init__(self, text: str) -> None:
        self.text = text
        self.at = 0

    def peek(self) -> str:
        """The next character behind white space, empty at the end."""
        while self.at < len(self.text) and self.text[self.at] in _SPACE:
            self.at += 1
        return self.text[self.at] if self.at < len(self.text) else ""

    def fault(self, problem: str) -> _Fault:
        before = self.text[: self.at]
        lines = re.split(r"\r\n|\n|\r", before)
        place = f"position {_units(before)} (line {len(lines)} column {_units(lines[-1]) + 1})"
        return _Fault(f"{problem} in JSON at {place}")

    def unexpected(self, problem: str | None = None) -> _Fault:
        """What V8 says about the character at hand, unless the place has a message of its own."""
        if problem is not None:
            return self.fault(problem)
        token = self.text[self.at : self.at + 1]
        if not token:
            return _Fault("Unexpected end of JSON input")
        if token == '"':
            return self.fault("Unexpected string")
        if token in "-0123456789":
            return self.fault("Unexpected number")
        if self.text in _SPECIAL:
            return _Fault(f'"{self.text}" is not valid JSON')
        return self.unexpected_token(token)

    def unexpected_token(self, token: str) -> _Fault:
        units = self.text.encode("utf-16-le", "surrogatepass")
        length, place = len(units) // 2, _units(self.text[: self.at])
        cut = length >= 2 * _CONTEXT + 1
        cut_start, cut_end = cut and place >= _CONTEXT, cut and place < length - _CONTEXT
        start = place - _CONTEXT if cut_start else 0
        end = place + _CONTEXT if cut_end else length
        shown = units[2 * start : 2 * end].decode("utf-16-le", "surrogatepass")
        head, tail = "..." if cut_start else "", "..." if cut_end else ""
        first = units[2 * place : 2 * place + 2].decode("utf-16-le", "surrogatepass") or token
        return _Fault(f"Unexpected token '{first}', {head}\"{shown}\"{tail} is not valid JSON")

    def document(self) -> None:
        self.value()
        if self.peek():
            before = self.fault("Unexpected non-whitespace character after JSON")
            raise _Fault(str(before).replace(" after JSON in JSON at", " after JSON at"))

    def value(self) -> None:
        token = self.peek()
        if token == '"':
            self.string()
        elif token == "{":
            self.object()
        elif token == "[":
            self.array()
        elif token in _LITERALS and token:
            self.literal(_LITERALS[token])
        elif token and token in "-0123456789":
            self.number()
        else:
            raise self.unexpected()

    def literal(self, word: str) -> None:
        for char in word:
            if self.text[self.at : self.at + 1] != char:
                raise self.unexpected()
            self.at += 1

    def digits(self) -> bool:
        start = self.at
        while self.at < len(self.text) and self.text[self.at] in "0123456789":
            self.at += 1
        return self.at > start

    def number(self) -> None:
        if self.text[self.at] == "-":
            self.at += 1
            if self.text[self.at : self.at + 1] not in tuple("0123456789"):
                raise self.unexpected("No number after minus sign")
        if self.text[self.at] == "0":
            self.at += 1
            if self.text[self.at : self.at + 1] in tuple("0123456789"):
                raise self.unexpected()
        else:
            self.digits()
        if self.text[self.at : self.at + 1] == ".":
            self.at += 1
            if not self.digits():
                raise self.unexpected("Unterminated fractional number")
        if self.text[self.at : self.at + 1] in ("e", "E"):
            self.at += 1
            if self.text[self.at : self.at + 1] in ("+", "-"):
                self.at += 1
            if not self.digits():
                raise self.unexpected("Exponent part is missing a number")

    def string(self) -> None:
        self.at += 1
        while True:
            char = self.text[self.at : self.at + 1]
            if not char:
                raise self.unexpected("Unterminated string")
            if char == '"':
                self.at += 1
                return
            if char < " ":
                raise self.unexpected("Bad control character in string literal")
            self.at += 1
            if char == "\\":
                self.escape()

    def escape(self) -> None:
        char = self.text[self.at : self.at + 1]
        if not char:
            raise self.unexpected()
        if char == "u":
            for _ in range(4):
                self.at += 1
                if self.text[self.at : self.at + 1] not in tuple("0123456789abcdefABCDEF"):
                    raise self.unexpected("Bad Unicode escape")
        elif char not in '"\\/bfnrt':
            raise self.unexpected("Bad escaped character")
        self.at += 1

    def object(self) -> None:
        self.at += 1
        first = True
        while not (first and self.peek() == "}"):
            if self.peek() != '"':
                missing = "property name or '}'" if first else "double-quoted property name"
                raise self.unexpected(f"Expected {missing}")
            self.string()
            if self.peek() != ":":
                # V8 has words for this only at the first property.
                raise self.unexpected("Expected ':' after property name" if first else None)
            self.at += 1
            self.value()
            if self.peek() != ",":
                break
            self.at += 1
            first = False
        if self.peek() != "}":
            raise self.unexpected("Expected ',' or '}' after property value")
        self.at += 1

    def array(self) -> None:
        self.at += 1
        if self.peek() != "]":
            self.value()
            while self.peek() == ",":
                self.at += 1
                self.value()
            if self.peek() != "]":
                raise self.unexpected("Expected ',' or ']' after array element")
        self.at += 1
