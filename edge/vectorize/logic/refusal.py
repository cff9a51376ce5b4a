"""What an index answers to a request it does not take."""

from __future__ import annotations

#: The numbers that public reports show; other refusals have none here.
WRONG_QUERY_VECTOR = 40006
WRONG_VECTOR = 40012


class VectorizeRefused(Exception):
    """A request that is wrong: `text`, and the platform's number for it where that is known."""

    def __init__(self, text: str, code: int | None = None) -> None:
        self.text = text
        self.code = code
        super().__init__(text)
