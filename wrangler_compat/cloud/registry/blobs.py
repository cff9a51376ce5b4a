"""Layers and configurations of images: files named by their digest, and those that are on their way.

A file gets its name when it is whole, its digest is right and it is on the disk, so a cut or a crash leaves
at most an unfinished upload, which the next start removes.
"""

from __future__ import annotations

import hashlib
import os
import re
import shutil
import tempfile
from collections.abc import Collection
from pathlib import Path

_DIGEST = re.compile("sha256:[0-9a-f]{64}")


def digest_of(content: bytes) -> str:
    """The digest by which content is asked for."""
    return f"sha256:{hashlib.sha256(content).hexdigest()}"


class Blobs:
    """The blobs below `folder`; in a folder that goes with the process when that is None."""

    def __init__(self, folder: Path | None) -> None:
        self._passing = None if folder is not None else tempfile.TemporaryDirectory(prefix="edge-images-")
        root = folder if self._passing is None else Path(self._passing.name)
        assert root is not None
        self._whole = root / "blobs"
        self._unfinished = root / "uploads"
        shutil.rmtree(self._unfinished, ignore_errors=True)
        self._whole.mkdir(parents=True, exist_ok=True)
        self._unfinished.mkdir()

    def find(self, digest: str) -> Path | None:
        """The file with a digest."""
        path = self._whole / digest.replace(":", "-")
        return path if _DIGEST.fullmatch(digest) and path.is_file() else None

    def begin(self, upload_id: str) -> None:
        """Expect a file."""
        (self._unfinished / upload_id).touch()

    def size_bytes(self, upload_id: str) -> int | None:
        """How much of an upload is here; None when there is no such upload."""
        path = self._unfinished / upload_id
        return path.stat().st_size if upload_id.isalnum() and path.is_file() else None

    def append(self, upload_id: str, chunk: bytes) -> None:
        """Add to an upload that was begun."""
        with (self._unfinished / upload_id).open("ab") as file:
            file.write(chunk)

    def drop(self, upload_id: str) -> None:
        """Forget an upload that was begun."""
        (self._unfinished / upload_id).unlink()

    def finish(self, upload_id: str, digest: str) -> bool:
        """Keep an upload under its digest. False, and it is dropped, when it has another one."""
        path = self._unfinished / upload_id
        with path.open("rb") as file:
            found = f"sha256:{hashlib.file_digest(file, 'sha256').hexdigest()}"
            os.fsync(file.fileno())
        if found != digest:
            path.unlink()
            return False
        path.rename(self._whole / digest.replace(":", "-"))
        return True

    def keep_only(self, digests: Collection[str]) -> None:
        """Remove every other blob."""
        names = {digest.replace(":", "-") for digest in digests}
        for path in self._whole.iterdir():
            if path.name not in names:
                path.unlink()

    def close(self) -> None:
        """Remove what goes with the process."""
        if self._passing is not None:
            self._passing.cleanup()
