"""Names as Python writes them (`default_port`) and as JavaScript does (`defaultPort`)."""

from __future__ import annotations

import re


def snake_case(name: str) -> str:
    return re.sub(r"(?<=[a-z0-9])([A-Z]+)", r"_\1", name).lower()


def camel_case(name: str) -> str:
    head, *tail = name.split("_")
    return head + "".join(part.capitalize() for part in tail)
