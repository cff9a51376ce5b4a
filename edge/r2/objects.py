"""The rows of a bucket's objects: Miniflare's tables. Everything here blocks.

Source: spec wrangler.md section 5.3.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from typing import Any

from edge.r2.logic.conditions import Condition
from edge.r2.logic.entry import Entry, HttpMetadata
from edge.r2.logic.limits import page_limit
from edge.r2.logic.listing import ListOptions, Page, page
from edge.r2.logic.refusal import PreconditionFailed
from edge.sql.database import SqlDatabase

_SCHEMA = """
CREATE TABLE IF NOT EXISTS _mf_objects (
    key TEXT PRIMARY KEY,
    blob_id TEXT,
    version TEXT NOT NULL,
    size INTEGER NOT NULL,
    etag TEXT NOT NULL,
    uploaded INTEGER NOT NULL,
    checksums TEXT NOT NULL,
    http_metadata TEXT NOT NULL,
    custom_metadata TEXT NOT NULL
);
CREATE TABLE IF NOT EXISTS _mf_multipart_uploads (
    upload_id TEXT PRIMARY KEY,
    key TEXT NOT NULL,
    http_metadata TEXT NOT NULL,
    custom_metadata TEXT NOT NULL,
    state TINYINT DEFAULT 0 NOT NULL
);
CREATE TABLE IF NOT EXISTS _mf_multipart_parts (
    upload_id TEXT NOT NULL REFERENCES _mf_multipart_uploads(upload_id),
    part_number INTEGER NOT NULL,
    blob_id TEXT NOT NULL,
    size INTEGER NOT NULL,
    etag TEXT NOT NULL,
    checksum_md5 TEXT NOT NULL,
    object_key TEXT REFERENCES _mf_objects(key) DEFERRABLE INITIALLY DEFERRED,
    PRIMARY KEY (upload_id, part_number)
);
"""
_COLUMNS = "key, blob_id, version, size, etag, uploaded, checksums, http_metadata, custom_metadata"
_GET = f"SELECT {_COLUMNS} FROM _mf_objects WHERE key = ?"
_PUT = f"INSERT OR REPLACE INTO _mf_objects ({_COLUMNS}) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)"
_LIST = f"SELECT {_COLUMNS} FROM _mf_objects WHERE key >= ? ORDER BY key"
_LIST_AFTER = f"SELECT {_COLUMNS} FROM _mf_objects WHERE key > ? ORDER BY key"
_DELETE = "DELETE FROM _mf_objects WHERE key = ? RETURNING blob_id"
_DELETE_PARTS = "DELETE FROM _mf_multipart_parts WHERE object_key = ? RETURNING blob_id"
_PARTS = "SELECT blob_id, size FROM _mf_multipart_parts WHERE object_key = ? ORDER BY part_number"

_HTTP_NAMES = {
    "contentType": "content_type",
    "contentLanguage": "content_language",
    "contentDisposition": "content_disposition",
    "contentEncoding": "content_encoding",
    "cacheControl": "cache_control",
    "cacheExpiry": "cache_expiry_ms",
}


def create_tables(database: SqlDatabase) -> None:
    """Bring a new file to the schema. Raises apsw.Error."""
    if not database.connection.table_exists("main", "_mf_multipart_parts"):
        database.connection.execute(_SCHEMA)


class Objects:
    """Objects by key. Writing methods join the open transaction of the database."""

    def __init__(self, database: SqlDatabase) -> None:
        self._database = database

    def get(self, key: str) -> Entry | None:
        """The object `key`."""
        row = self._execute(_GET, key).fetchone()
        return None if row is None else _entry(row)

    def parts(self, entry: Entry) -> list[tuple[str, int]]:
        """Id and size of the blobs that hold the bytes of an object, in their order."""
        if entry.blob_id is not None:
            return [(entry.blob_id, entry.size_bytes)]
        return list(self._execute(_PARTS, entry.key))

    def put(self, entry: Entry, condition: Condition | None = None) -> list[str]:
        """Put an object in the place of any other; gives the blobs that nobody needs any more.

        Raises `PreconditionFailed`.
        """
        if condition is not None:
            before = self.get(entry.key)
            if not condition.holds(None if before is None else (before.etag, before.uploaded_ms)):
                raise PreconditionFailed
        freed = self.delete([entry.key])
        self._execute(_PUT, *_row(entry))
        return freed

    def delete(self, keys: Sequence[str]) -> list[str]:
        """Remove objects; gives their blobs."""
        freed: list[str] = []
        for key in keys:
            for (blob_id,) in self._execute(_DELETE, key).fetchall():
                if blob_id is not None:
                    freed.append(blob_id)
                else:
                    freed += [part for (part,) in self._execute(_DELETE_PARTS, key).fetchall()]
        return freed

    def list(self, options: ListOptions) -> Page:
        """A page of a listing. Raises `R2Refused`."""
        limit = page_limit(options.limit, with_metadata=options.with_http or options.with_custom)
        return page(self._entries(options.prefix, options.after), options.prefix, options.delimiter, limit)

    def _entries(self, prefix: str, after: str | None) -> Iterator[Entry]:
        behind = after is not None and after >= prefix
        cursor = self._database.connection.cursor()
        try:
            for row in cursor.execute(_LIST_AFTER if behind else _LIST, (after if behind else prefix,)):
                if not row[0].startswith(prefix):
                    return
                yield _entry(row)
        finally:
            cursor.close()

    def _execute(self, sql: str, *parameters: Any) -> Any:
        return self._database.connection.cursor().execute(sql, parameters)


def metadata_columns(http: HttpMetadata, custom: Any) -> tuple[str, str]:
    """HTTP metadata and the user's own as the tables keep them."""
    given = {name: getattr(http, field) for name, field in _HTTP_NAMES.items()}
    return _json({name: value for name, value in given.items() if value is not None}), _json(dict(custom))


def http_of(text: str) -> HttpMetadata:
    """HTTP metadata from a column."""
    found = json.loads(text)
    return HttpMetadata(**{field: found.get(name) for name, field in _HTTP_NAMES.items()})


def _row(entry: Entry) -> tuple[Any, ...]:
    return (
        entry.key,
        entry.blob_id,
        entry.version,
        entry.size_bytes,
        entry.etag,
        entry.uploaded_ms,
        _json({name: digest for name, digest in entry.checksums.items() if digest != entry.etag}),
        *metadata_columns(entry.http, entry.custom),
    )


def _entry(row: tuple[Any, ...]) -> Entry:
    key, blob_id, version, size_bytes, etag, uploaded_ms, checksums, http, custom = row
    found = json.loads(checksums)
    if len(etag) == 32:  # not of a multipart upload: the etag is the MD5, and is not stored twice
        found["md5"] = etag
    return Entry(
        key, blob_id, version, size_bytes, etag, uploaded_ms, found, http_of(http), json.loads(custom)
    )


def _json(value: dict[str, Any]) -> str:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))
