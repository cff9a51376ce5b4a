"""The rows of multipart uploads. Everything here blocks.

An upload stays after its end, so that it is known whether it was completed, aborted, or never was.

Source: spec runtime.md section 12, wrangler.md section 5.3.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from enum import IntEnum
from typing import Any

from edge.r2.logic.entry import Entry, HttpMetadata
from edge.r2.logic.parts import ChosenPart, Part, choose, multipart_etag
from edge.r2.logic.refusal import internal_error, no_such_upload
from edge.r2.objects import Objects, http_of, metadata_columns
from edge.sql.database import SqlDatabase

_CREATE = (
    "INSERT INTO _mf_multipart_uploads (upload_id, key, http_metadata, custom_metadata) VALUES (?, ?, ?, ?)"
)
_FIND = (
    "SELECT state, http_metadata, custom_metadata FROM _mf_multipart_uploads WHERE upload_id = ? AND key = ?"
)
_END = "UPDATE _mf_multipart_uploads SET state = ? WHERE upload_id = ?"
_PUT_PART = (
    "INSERT OR REPLACE INTO _mf_multipart_parts "
    "(upload_id, part_number, blob_id, size, etag, checksum_md5) VALUES (?, ?, ?, ?, ?, ?)"
)
_PART = "SELECT blob_id FROM _mf_multipart_parts WHERE upload_id = ? AND part_number = ?"
_PARTS = "SELECT part_number, blob_id, size, etag, checksum_md5 FROM _mf_multipart_parts WHERE upload_id = ?"
_LINK = "UPDATE _mf_multipart_parts SET object_key = ? WHERE upload_id = ? AND part_number = ?"
_DELETE_UNUSED = (
    "DELETE FROM _mf_multipart_parts WHERE upload_id = ? AND object_key IS NULL RETURNING blob_id"
)


class _State(IntEnum):
    IN_PROGRESS = 0
    COMPLETED = 1
    ABORTED = 2


class Uploads:
    """Multipart uploads by id and key. All methods join the open transaction of the database."""

    def __init__(self, database: SqlDatabase, objects: Objects) -> None:
        self._database = database
        self._objects = objects

    def create(self, key: str, upload_id: str, http: HttpMetadata, custom: dict[str, str]) -> None:
        """Begin an upload."""
        self._execute(_CREATE, upload_id, key, *metadata_columns(http, custom))

    def put_part(self, key: str, upload_id: str, part: Part) -> list[str]:
        """Add a part in the place of another of its number; gives the blobs that nobody needs any more.

        Raises `R2Refused` for an upload that is not under way.
        """
        found = self._find(key, upload_id)
        if found is None or found[0] != _State.IN_PROGRESS:
            raise no_such_upload()
        freed = [blob_id for (blob_id,) in self._execute(_PART, upload_id, part.number).fetchall()]
        self._execute(_PUT_PART, upload_id, part.number, part.blob_id, part.size_bytes, part.etag, part.md5)
        return freed

    def complete(
        self, key: str, upload_id: str, chosen: Sequence[ChosenPart], *, version: str, now_ms: int
    ) -> tuple[Entry, list[str]]:
        """Make the object of the chosen parts; gives it and the blobs that nobody needs any more.

        Raises `R2Refused`.
        """
        found = self._find(key, upload_id)
        if found is None:
            raise internal_error()
        state, http, custom = found
        if state != _State.IN_PROGRESS:
            raise no_such_upload()
        uploaded = {row[0]: Part(*row) for row in self._execute(_PARTS, upload_id).fetchall()}
        parts = choose(chosen, uploaded)
        entry = Entry(
            key,
            None,
            version,
            sum(part.size_bytes for part in parts),
            multipart_etag(parts),
            now_ms,
            http=http_of(http),
            custom=json.loads(custom),
        )
        freed = self._objects.put(entry)
        for part in parts:
            self._execute(_LINK, key, upload_id, part.number)
        return entry, freed + self._end(upload_id, _State.COMPLETED)

    def abort(self, key: str, upload_id: str) -> list[str]:
        """Give up an upload, if it is still under way; gives its blobs. Raises `R2Refused`."""
        found = self._find(key, upload_id)
        if found is None:
            raise internal_error()
        return self._end(upload_id, _State.ABORTED) if found[0] == _State.IN_PROGRESS else []

    def _end(self, upload_id: str, state: _State) -> list[str]:
        freed = [blob_id for (blob_id,) in self._execute(_DELETE_UNUSED, upload_id).fetchall()]
        self._execute(_END, int(state), upload_id)
        return freed

    def _find(self, key: str, upload_id: str) -> tuple[int, str, str] | None:
        row: tuple[int, str, str] | None = self._execute(_FIND, upload_id, key).fetchone()
        return row

    def _execute(self, sql: str, *parameters: Any) -> Any:
        return self._database.connection.cursor().execute(sql, parameters)
