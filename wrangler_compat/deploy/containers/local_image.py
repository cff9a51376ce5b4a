"""An image that a daemon of this machine has, and the disk that it needs where it runs. Pure.

Source: wrangler 4.164, `ensureImageFitsLimits`.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

#: What Cloudflare runs.
PLATFORM = "linux/amd64"
_MB = 1000 * 1000
_LAYER_BYTES = 16 << 20
_NEEDED = 1.1


@dataclass(frozen=True, slots=True)
class LocalImage:
    """Its size, and the digests by which registries know it (`REPOSITORY@DIGEST`)."""

    name: str
    size_bytes: int
    layers: int
    digests: tuple[str, ...] = ()

    @property
    def needed_mb(self) -> int:
        """The disk that an instance needs for it."""
        return math.ceil((self.size_bytes * _NEEDED + self.layers * _LAYER_BYTES) / _MB)
