"""What KV says no with: an HTTP status and Cloudflare's own text, or a key name it never accepts.

Source: spec kv.md section 3 (workerd's own checks, and the storage side's answers).
"""

from __future__ import annotations


class KvRefused(Exception):
    """The storage side's answer to a bad request; bindings show `KV PUT failed: <status> <text>`."""

    def __init__(self, status: int, text: str) -> None:
        assert 400 <= status < 600, status
        assert text, "a refusal says why"
        self.status = status
        self.text = text
        super().__init__(f"{status} {text}")


class KeyNameRejected(Exception):
    """The runtime's answer to a key it does not even ask storage about: a TypeError in JavaScript."""

    def __init__(self, text: str) -> None:
        assert text, "a rejection says why"
        self.text = text
        super().__init__(text)
