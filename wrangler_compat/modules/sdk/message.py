"""The header mapping that `Request.headers` gives. Apart from `headers`, because `http.client` is slow
to import and a Worker that never looks at headers should not wait for it."""

from __future__ import annotations

import http.client
from collections.abc import Iterable, Mapping


class HTTPMessageMapping(http.client.HTTPMessage, Mapping[str, str]):  # type: ignore[misc]
    """The headers of a message: names in any case, `get_all` for repeated ones."""

    __module__ = "workers.utils"

    @classmethod
    def of(cls, items: Iterable[tuple[str, str]]) -> HTTPMessageMapping:
        message = cls()
        message._headers = list(items)  # type: ignore[attr-defined]
        return message
