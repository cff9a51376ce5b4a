"""An account's images: manifests and tags in the catalogue, everything else as blobs.

Source: OCI distribution specification 1.1.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from wrangler_compat.cloud.catalogue import Catalogue
from wrangler_compat.cloud.registry.blobs import Blobs, digest_of


@dataclass(frozen=True, slots=True)
class Manifest:
    """What an image is made of, as it was pushed."""

    digest: str
    type: str
    content: bytes


class Images:
    """The repositories of one account. A reference is a tag or a digest."""

    def __init__(self, catalogue: Catalogue, account_id: str, blobs: Blobs) -> None:
        self._catalogue = catalogue
        self._account_id = account_id
        self.blobs = blobs

    def repositories(self) -> dict[str, list[str]]:
        """All tags by repository."""
        rows = self._catalogue.rows(
            "SELECT repository, tag FROM image_tags WHERE account = ? ORDER BY repository, tag",
            self._account_id,
        )
        found: dict[str, list[str]] = {}
        for repository, tag in rows:
            found.setdefault(repository, []).append(tag)
        return found

    def find(self, repository: str, reference: str) -> Manifest | None:
        """A manifest by its tag or digest."""
        row = self._catalogue.row(
            "SELECT digest, type, content FROM image_manifests WHERE account = ?1 AND repository = ?2 AND "
            "digest = coalesce((SELECT digest FROM image_tags "
            "WHERE account = ?1 AND repository = ?2 AND tag = ?3), ?3)",
            self._account_id, repository, reference,
        )  # fmt: skip
        return None if row is None else Manifest(*row)

    def put(self, repository: str, reference: str, kind: str, content: bytes) -> str:
        """Keep a manifest whose parts are here; its digest."""
        digest = digest_of(content)
        with self._catalogue.transaction():
            self._catalogue.change(
                "INSERT OR REPLACE INTO image_manifests VALUES (?, ?, ?, ?, ?)",
                self._account_id, repository, digest, kind, content,
            )  # fmt: skip
            if reference != digest:
                self._catalogue.change(
                    "INSERT OR REPLACE INTO image_tags VALUES (?, ?, ?, ?)",
                    self._account_id, repository, reference, digest,
                )  # fmt: skip
        return digest

    def missing(self, repository: str, content: bytes) -> str | None:
        """The digest of a part that a manifest names and that is not here. Raises ValueError when it is no
        manifest."""
        for digest in parts_of(content):
            if self.blobs.find(digest) is None and self.find(repository, digest) is None:
                return digest
        return None

    def remove(self, repository: str, reference: str) -> bool:
        """Take a tag away, or all tags of a digest; a manifest without tags goes with the last one. False
        when there is nothing of that name."""
        found = self.find(repository, reference)
        if found is None:
            return False
        of = (self._account_id, repository)
        with self._catalogue.transaction():
            self._catalogue.change(
                "DELETE FROM image_tags WHERE account = ? AND repository = ? AND ? IN (tag, digest)",
                *of, reference,
            )  # fmt: skip
            self._catalogue.change(
                "DELETE FROM image_manifests WHERE account = ?1 AND repository = ?2 AND digest = ?3 AND "
                "NOT EXISTS (SELECT 1 FROM image_tags "
                "WHERE account = ?1 AND repository = ?2 AND digest = ?3)",
                *of, found.digest,
            )  # fmt: skip
        return True

    def drop_unused(self) -> None:
        """Remove the blobs that no manifest names."""
        rows = self._catalogue.rows("SELECT content FROM image_manifests WHERE account = ?", self._account_id)
        self.blobs.keep_only({digest for row in rows for digest in parts_of(row["content"])})


def parts_of(content: bytes) -> Iterator[str]:
    """The digests that a manifest, or a list of manifests, names. Raises ValueError when it is neither."""
    found = json.loads(content)
    if not isinstance(found, dict):
        raise ValueError("a manifest is a JSON object")
    parts: Sequence[Any] = [found.get("config"), *found.get("layers", ()), *found.get("manifests", ())]
    for part in parts:
        if isinstance(part, dict) and isinstance(part.get("digest"), str):
            yield part["digest"]
