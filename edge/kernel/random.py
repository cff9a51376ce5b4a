"""Labelled random streams from one seed.

Each use of randomness names its stream, so that a new use somewhere does not shift the numbers of all
others, and a run can be replayed from its seed. `RandomStreams(None)` draws its seed from the system.
"""

from __future__ import annotations

import hashlib
import random
import secrets

#: What a stream is.
Generator = random.Random


class RandomStreams:
    """Independent generators derived from one seed and a label."""

    def __init__(self, seed: int | None = None) -> None:
        self.seed = secrets.randbits(64) if seed is None else seed
        self._streams: dict[str, random.Random] = {}

    def stream(self, label: str) -> random.Random:
        """The generator called `label`; the same object at each call."""
        found = self._streams.get(label)
        if found is None:
            found = self._streams[label] = self.fresh(label)
        return found

    def fresh(self, label: str) -> random.Random:
        """A generator at the start of the stream `label`, not kept: for labels that are used once."""
        digest = hashlib.sha256(f"{self.seed}:{label}".encode()).digest()
        return random.Random(int.from_bytes(digest, "big"))

    def bytes(self, label: str, count: int) -> bytes:
        """`count` random bytes from the stream `label`."""
        return self.stream(label).randbytes(count)

    def uuid(self, label: str) -> str:
        """A version 4 UUID drawn from the stream `label`."""
        raw = bytearray(self.bytes(label, 16))
        raw[6] = raw[6] & 0x0F | 0x40
        raw[8] = raw[8] & 0x3F | 0x80
        text = raw.hex()
        return f"{text[:8]}-{text[8:12]}-{text[12:16]}-{text[16:20]}-{text[20:]}"
