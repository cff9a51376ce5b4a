"""What the ASGI and WSGI adapters share (spec python-workers.md sections 5 and 6)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal, get_args

EncodeBody = Literal["automatic", "manual"]

#: Statuses whose responses never carry a body. Source: Fetch standard, "null body status", and 103.
NULL_BODY_STATUSES = frozenset({101, 103, 204, 205, 304})


@dataclass(frozen=True, kw_only=True)
class BaseOptions:
    """Options of both adapters. `encode_body="manual"` sends a body that is encoded already as it is.

    Raises ValueError for another `encode_body`.
    """

    encode_body: EncodeBody = "automatic"

    def __post_init__(self) -> None:
        if self.encode_body not in get_args(EncodeBody):
            raise ValueError(f"encode_body must be one of {get_args(EncodeBody)}, got {self.encode_body!r}")

    def response_init(self) -> dict[str, Any]:
        return {} if self.encode_body == "automatic" else {"encodeBody": self.encode_body}
