"""Blob and File (spec python-workers.md section 2.7)."""

from __future__ import annotations

from collections.abc import Iterable
from enum import StrEnum
from typing import Any

from edge.http.blob import Blob as JsBlob
from edge.http.blob import File as JsFile
from edge.js.buffers import JsBuffer
from edge.js.objects import JsArray, JsObject
from edge.js.typed_arrays import JsUint8Array


class BlobEnding(StrEnum):
    """What happens to line endings in text parts."""

    __module__ = "workers.blob"

    TRANSPARENT = "transparent"
    NATIVE = "native"


class Blob:
    """Immutable bytes with a content type.

    `blob_parts` is one part or an iterable of parts: str, bytes or another buffer, Blob, File or their
    JavaScript forms. One blob given by itself hands its content type on. Raises TypeError.
    """

    __module__ = "workers.blob"

    def __init__(
        self,
        blob_parts: Any,
        content_type: str | None = None,
        endings: BlobEnding | str | None = None,
    ) -> None:
        parts, inherited = _parts(blob_parts)
        content_type = content_type or (None if inherited is None else inherited.type)
        self._js_blob: JsBlob = JsBlob.js_new(parts, _options(content_type, endings))

    @property
    def size(self) -> int:
        return self._js_blob.size

    @property
    def content_type(self) -> str:
        return self._js_blob.type

    @property
    def js_object(self) -> JsBlob:
        return self._js_blob

    async def text(self) -> str:
        return await self._js_blob.text()  # type: ignore[no-any-return]

    async def bytes(self) -> bytes:
        return (await self._js_blob.arrayBuffer()).to_bytes()  # type: ignore[no-any-return]

    def slice(
        self, start: int | None = None, end: int | None = None, content_type: str | None = None
    ) -> Blob:
        return Blob([self._js_blob.slice(start, end, content_type)])


class File(Blob):
    """A Blob with a name and a time of change (milliseconds since the epoch)."""

    __module__ = "workers.blob"

    _js_blob: JsFile

    def __init__(
        self,
        blob_parts: Any,
        filename: str,
        content_type: str | None = None,
        endings: BlobEnding | str | None = None,
        last_modified: float | None = None,
    ) -> None:
        parts, inherited = _parts(blob_parts)
        content_type = content_type or (None if inherited is None else inherited.type)
        if not last_modified and isinstance(inherited, JsFile):
            last_modified = inherited.lastModified
        options = _options(content_type, endings, last_modified)
        self._js_blob = JsFile.js_new(parts, filename, options)

    @property
    def name(self) -> str:
        return self._js_blob.name

    @property
    def last_modified(self) -> float:
        return self._js_blob.lastModified


def _parts(value: Any) -> tuple[JsArray, JsBlob | None]:
    """The parts as JavaScript wants them, and the blob whose metadata is handed on."""
    if isinstance(value, (str, bytes)) or not isinstance(value, Iterable):
        part = _part(value)
        return JsArray([part]), part if isinstance(part, JsBlob) else None
    return JsArray([_part(item) for item in value]), None


def _part(value: Any) -> Any:
    if isinstance(value, str):
        return value
    if isinstance(value, Blob):
        return value._js_blob
    if isinstance(value, (JsBlob, JsBuffer)):
        return value
    try:
        with memoryview(value) as view:
            return JsUint8Array.of_bytes(view.tobytes())
    except TypeError:
        raise TypeError(f"Don't know how to handle {type(value)} for Blob()") from None


def _options(
    content_type: str | None, endings: BlobEnding | str | None, last_modified: float | None = None
) -> JsObject:
    options = {
        "type": content_type,
        "endings": str(endings) if endings else None,
        "lastModified": last_modified,
    }
    return JsObject({name: value for name, value in options.items() if value is not None})
