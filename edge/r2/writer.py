"""A blob while it is written: a new file, or memory, and the digests of what went by."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterable
from pathlib import Path


class BlobWriter:
    """Takes chunks. Blocks: it runs beside the loop."""

    def __init__(self, path: Path | None, algorithms: Iterable[str]) -> None:
        self._path = path
        self._descriptor: int | None = None
        self._hashes = {name: hashlib.new(name, usedforsecurity=False) for name in algorithms}
        self._kept = bytearray()
        self.size_bytes = 0

    def write(self, chunk: bytes) -> None:
        """Append. Raises OSError."""
        if self._path is None:
            self._kept += chunk
        else:
            self._write_file(self._path, chunk)
        for digest in self._hashes.values():
            digest.update(chunk)
        self.size_bytes += len(chunk)

    def finish(self, *, durable: bool) -> None:
        """All is written; on the disk too when `durable`. Raises OSError."""
        if self._path is None:
            return
        self._write_file(self._path, b"")  # an empty blob is a file as well
        descriptor = self._descriptor
        assert descriptor is not None
        if durable:
            os.fsync(descriptor)
        os.close(descriptor)
        self._descriptor = None
        if durable:
            _sync_folder(self._path.parent)

    def abandon(self) -> None:
        """Leave nothing behind."""
        if self._descriptor is not None:
            os.close(self._descriptor)
            self._descriptor = None
        if self._path is not None:
            self._path.unlink(missing_ok=True)

    def digests(self) -> dict[str, str]:
        """By algorithm, in hexadecimal."""
        return {name: digest.hexdigest() for name, digest in self._hashes.items()}

    @property
    def kept(self) -> bytes:
        """The bytes of a blob in memory."""
        return bytes(self._kept)

    def _write_file(self, path: Path, chunk: bytes) -> None:
        if self._descriptor is None:
            path.parent.mkdir(parents=True, exist_ok=True)
            self._descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o644)
        view = memoryview(chunk)
        while view:
            view = view[os.write(self._descriptor, view) :]


def _sync_folder(folder: Path) -> None:
    """Make the names in a folder durable."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
