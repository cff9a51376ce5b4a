"""The entries read or written last, in memory, up to a number of bytes.

Holds absence too. It is the store's business to keep it coherent with what is on disk.
"""

from __future__ import annotations

from collections import OrderedDict

from edge.kv.logic.entry import Entry

CACHE_BYTES_MAX = 64 * 1024 * 1024
#: What an entry costs beside its own bytes: the object, the key, the dictionary's slot.
_OVERHEAD_BYTES = 250


class HotCache:
    """Entries by key, the least recently used leave first."""

    def __init__(self, size_bytes_max: int = CACHE_BYTES_MAX) -> None:
        self._entries: OrderedDict[str, Entry] = OrderedDict()
        self._size_bytes_max = size_bytes_max
        # One value must not push out everything else.
        self._entry_bytes_max = size_bytes_max // 8
        self.size_bytes = 0

    def __len__(self) -> int:
        return len(self._entries)

    def get(self, key: str) -> Entry | None:
        """The entry (perhaps `ABSENT`), or None when nothing is known of `key`."""
        entry = self._entries.get(key)
        if entry is not None:
            self._entries.move_to_end(key)
        return entry

    def set(self, key: str, entry: Entry) -> None:
        """Remember `entry`; one that is too large is not kept, and what was there is forgotten."""
        self.discard(key)
        size_bytes = _size_bytes(key, entry)
        if size_bytes > self._entry_bytes_max:
            return
        self._entries[key] = entry
        self.size_bytes += size_bytes
        while self.size_bytes > self._size_bytes_max:
            oldest_key, oldest = self._entries.popitem(last=False)
            self.size_bytes -= _size_bytes(oldest_key, oldest)

    def discard(self, key: str) -> None:
        """Forget `key`."""
        entry = self._entries.pop(key, None)
        if entry is not None:
            self.size_bytes -= _size_bytes(key, entry)

    def clear(self) -> None:
        """Forget everything."""
        self._entries.clear()
        self.size_bytes = 0


def _size_bytes(key: str, entry: Entry) -> int:
    return len(key) + len(entry.value) + len(entry.metadata_json or "") + _OVERHEAD_BYTES
