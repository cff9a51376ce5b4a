"""Files on their way, each behind a URL that only whoever asked for it knows, for an hour.

The platform keeps them in R2 behind signed URLs; here they are in memory.
"""

from __future__ import annotations

from dataclasses import dataclass

from edge.kernel.clock import Clock
from edge.kernel.random import RandomStreams

LIFE_S = 3600


@dataclass(slots=True)
class Transfer:
    """A file that is expected (`data` is None) or here."""

    name: str
    expires_ms: int
    data: bytes | None = None


class Transfers:
    """The files by the token in their URL."""

    def __init__(self, clock: Clock, random: RandomStreams) -> None:
        self._clock = clock
        self._random = random
        self._files: dict[str, Transfer] = {}

    def begin(self, name: str, data: bytes | None = None) -> str:
        """A token for a file: to be uploaded, or with `data` to be fetched."""
        self._drop_old()
        token = self._random.bytes("cloud.transfer", 16).hex()
        self._files[token] = Transfer(name, self._clock.now_ms() + LIFE_S * 1000, data)
        return token

    def find(self, token: str) -> Transfer | None:
        """The file of a token, if its time is not over."""
        self._drop_old()
        return self._files.get(token)

    def take(self, name: str) -> bytes | None:
        """The uploaded file called `name`; it is gone then."""
        self._drop_old()
        for token, file in self._files.items():
            if file.name == name and file.data is not None:
                return self._files.pop(token).data
        return None

    def _drop_old(self) -> None:
        now_ms = self._clock.now_ms()
        self._files = {token: file for token, file in self._files.items() if file.expires_ms > now_ms}
