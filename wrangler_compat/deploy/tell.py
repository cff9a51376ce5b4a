"""Whom a deploy tells what it does."""

from __future__ import annotations

from collections.abc import Callable

#: Takes one line, or a warning.
Tell = Callable[[str], None]
