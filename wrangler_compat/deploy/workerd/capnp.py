"""Cap'n Proto's text format, as far as a configuration of workerd needs it.

Source: Cap'n Proto, "Schema language" (constants); workerd.capnp.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

_WIDTH = 100


@dataclass(frozen=True, slots=True)
class Embed:
    """The content of a file, relative to the configuration."""

    path: str


def constant(name: str, kind: str, value: Any) -> str:
    """A whole file that defines the constant `name` of workerd's type `kind`."""
    return (
        'using Workerd = import "/workerd/workerd.capnp";\n\n'
        f"const {name} :Workerd.{kind} = {text_of(value)};\n"
    )


def text_of(value: Any, depth: int = 0) -> str:
    """A value: structs are dicts, lists are lists; a struct or list that is short stays on one line."""
    if isinstance(value, dict):
        return _wrapped([f"{name} = {text_of(part, depth + 1)}" for name, part in value.items()], "()", depth)
    if isinstance(value, list):
        return _wrapped([text_of(part, depth + 1) for part in value], "[]", depth)
    if isinstance(value, Embed):
        return f"embed {_quoted(value.path)}"
    if isinstance(value, bool):
        return "true" if value else "false"
    return _quoted(value) if isinstance(value, str) else str(value)


def _wrapped(parts: list[str], brackets: str, depth: int) -> str:
    opening, closing = brackets[0], brackets[1]
    line = f"{opening}{', '.join(parts)}{closing}"
    if "\n" not in line and len(line) + 2 * depth <= _WIDTH:
        return line
    inner = ",\n".join("  " * (depth + 1) + part for part in parts)
    return f"{opening}\n{inner}\n{'  ' * depth}{closing}"


def _quoted(text: str) -> str:
    named = {"\\": "\\\\", '"': '\\"', "\n": "\\n", "\t": "\\t", "\r": "\\r"}
    shown = "".join(named.get(sign) or (sign if sign >= " " else f"\\x{ord(sign):02x}") for sign in text)
    return f'"{shown}"'
