"""What a text says of itself to be worth keeping: its lines `Gotcha: …`, `Decision: …`, `Pattern: …`."""

import re

KINDS = ("gotcha", "decision", "pattern")
TEXT_CHARS_MAX = 1000
PER_MESSAGE_MAX = 10
_LINE = re.compile(
    r"^[^\w\n]*(gotcha|decision|pattern)[^\w\n]*:[^\w\n]*(\w.*)$", re.IGNORECASE | re.MULTILINE
)


def noted_in(text):
    """`(kind, text)` pairs, each once."""
    found = [(match[1].lower(), match[2].strip()[:TEXT_CHARS_MAX]) for match in _LINE.finditer(text)]
    return list(dict.fromkeys(found))[:PER_MESSAGE_MAX]
