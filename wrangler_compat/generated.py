"""Parts of pages that are made from code: between two marks the text is replaced, the rest is a person's."""

from __future__ import annotations


def with_part(text: str, begin: str, end: str, part: str) -> str:
    """`text` with `part` on the lines between the marks `begin` and `end`."""
    before, _, rest = text.partition(begin)
    _, _, after = rest.partition(end)
    return f"{before}{begin}\n{part}\n{end}{after}"
