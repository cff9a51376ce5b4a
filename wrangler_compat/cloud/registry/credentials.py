"""Who may push and pull: passwords that the API gives out, each for some minutes.

Source: wrangler's `containers-shared`, registry credentials (`v1` and a password).
"""

from __future__ import annotations

import base64
import binascii
from collections.abc import Collection
from dataclasses import dataclass

from edge.kernel.clock import Clock
from edge.kernel.random import RandomStreams

USERNAME = "v1"


@dataclass(frozen=True, slots=True)
class Grant:
    """What a password opens: the images of one account, until `expires_ms`."""

    account_id: str
    permissions: frozenset[str]
    expires_ms: int


class Credentials:
    """The passwords that are valid. They are not kept: whoever needs one asks again."""

    def __init__(self, clock: Clock, random: RandomStreams) -> None:
        self._clock = clock
        self._random = random
        self._grants: dict[str, Grant] = {}

    def give(self, account_id: str, permissions: Collection[str], life_minutes: float) -> str:
        """A new password for an account's images."""
        now_ms = self._clock.now_ms()
        self._grants = {key: grant for key, grant in self._grants.items() if grant.expires_ms > now_ms}
        password = self._random.bytes("cloud.registry", 24).hex()
        expires_ms = now_ms + int(life_minutes * 60_000)
        self._grants[password] = Grant(account_id, frozenset(permissions), expires_ms)
        return password

    def of_header(self, authorization: str) -> Grant | None:
        """What a header `Authorization: Basic …` opens; None when nothing."""
        scheme, _, encoded = authorization.partition(" ")
        try:
            name, _, password = base64.b64decode(encoded, validate=True).decode().partition(":")
        except (binascii.Error, UnicodeDecodeError):
            return None
        grant = self._grants.get(password) if (scheme.lower(), name) == ("basic", USERNAME) else None
        return grant if grant is not None and grant.expires_ms > self._clock.now_ms() else None
