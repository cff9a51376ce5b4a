"""What a namespace holds under a key."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Entry:
    """A value with its metadata (JSON text) and the moment it expires (ms since the epoch)."""

    value: bytes
    metadata_json: str | None = None
    expiration_ms: int | None = None

    def expired(self, now_ms: int) -> bool:
        """Reads see nothing from the very millisecond of expiration on (lists one longer: spec kv.md 4)."""
        return self.expiration_ms is not None and self.expiration_ms <= now_ms


#: Stands for "known to be absent" where None means "not known".
ABSENT = Entry(b"")
