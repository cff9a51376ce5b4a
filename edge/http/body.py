"""The Body mixin of Request and Response: one payload, read once.

A payload is bytes, a ReadableStream or None. Bytes stay bytes until JavaScript asks for `body`: most
bodies are read or sent in one piece, and never need a stream.

Source: spec runtime.md section 4; Fetch standard, "Body mixin".
"""

from __future__ import annotations

from typing import Any

from edge.http.buffers import array_buffer, buffer_bytes, decode_text, encode_text, uint8array
from edge.http.streams.readable import ReadableStream
from edge.js.errors import JsException, type_error
from edge.js.promise import JsPromise
from edge.js.proxy import JsProxy, jsnull
from edge.js.webidl import to_string

Payload = bytes | ReadableStream | None

TEXT_TYPE = "text/plain;charset=UTF-8"
URLENCODED_TYPE = "application/x-www-form-urlencoded;charset=UTF-8"
USED = "Body has already been used. It can only be used once. Use tee() first if you need to read it twice."


class Body(JsProxy):
    """What Request and Response share. Subclasses give `_content_type()`."""

    __slots__ = ("_payload", "_used")

    _payload: Payload
    _used: bool

    # -- native ---------------------------------------------------------------------------------

    def take_payload(self) -> Payload:
        """The payload, for sending it on; the body counts as used from then on.

        Raises TypeError when it was used or is locked.
        """
        self._check_unused()
        payload = self._payload
        if payload is not None:
            self._used = True
        return payload

    async def read_bytes(self) -> bytes:
        """The whole body. Raises TypeError when it was used or is locked."""
        payload = self.take_payload()
        if isinstance(payload, ReadableStream):
            return await payload.read_all()
        return payload or b""

    def _check_unused(self) -> None:
        payload = self._payload
        if self._used or (isinstance(payload, ReadableStream) and payload.disturbed):
            raise type_error(USED)
        if isinstance(payload, ReadableStream) and payload.locked:
            raise type_error("This ReadableStream is currently locked to a reader.")

    def _clone_payload(self) -> Payload:
        """A second payload for a clone; a stream is teed, bytes are shared."""
        self._check_unused()
        if isinstance(self._payload, ReadableStream):
            self._payload, other = self._payload.branches()
            return other
        return self._payload

    def _content_type(self) -> str | None:
        raise NotImplementedError

    def _read(self, convert: Any) -> JsPromise:
        """Read everything and convert it; settled at once when the payload is in memory."""
        try:
            payload = self.take_payload()
            if not isinstance(payload, ReadableStream):
                return JsPromise.resolved(convert(payload or b""))
        except JsException as error:
            return JsPromise.rejected(error)
        return JsPromise.start(_read_stream(payload, convert), name="body.read")

    # -- JavaScript -----------------------------------------------------------------------------

    @property
    def body(self) -> Any:
        payload = self._payload
        if payload is None:
            return jsnull
        if not isinstance(payload, ReadableStream):
            payload = self._payload = ReadableStream.from_bytes(payload, used=self._used)
        return payload

    @property
    def bodyUsed(self) -> bool:
        payload = self._payload
        return self._used or (isinstance(payload, ReadableStream) and payload.disturbed)

    def text(self) -> JsPromise:
        return self._read(decode_text)

    def json(self) -> JsPromise:
        return self._read(_parse_json)

    def arrayBuffer(self) -> JsPromise:
        return self._read(array_buffer)

    def bytes(self) -> JsPromise:
        return self._read(uint8array)

    def blob(self) -> JsPromise:
        from edge.http.blob import Blob

        return self._read(lambda data: Blob(data, self._content_type() or ""))

    def formData(self) -> JsPromise:
        from edge.http.multipart import parse_form

        return self._read(lambda data: parse_form(data, self._content_type()))


async def _read_stream(stream: ReadableStream, convert: Any) -> Any:
    return convert(await stream.read_all())


def _parse_json(data: bytes) -> Any:
    from edge.js.json_text import parse

    return parse(decode_text(data))


def extract(value: Any) -> tuple[Payload, str | None]:
    """Payload and default Content-Type of what JavaScript passed as a body.

    Raises TypeError for a stream that was read from or is locked.
    """
    if value is None or value is jsnull:
        return None, None
    if isinstance(value, str):
        return encode_text(value), TEXT_TYPE
    if isinstance(value, ReadableStream):
        value.check_usable_as_body()
        return value, None
    if isinstance(value, JsProxy):
        return _extract_object(value)
    return encode_text(to_string(value)), TEXT_TYPE


def _extract_object(value: JsProxy) -> tuple[Payload, str | None]:
    from edge.http.blob import Blob
    from edge.http.formdata import FormData
    from edge.http.multipart import encode_form
    from edge.http.url import URLSearchParams

    if isinstance(value, Blob):
        return value.data, value.type or None
    if isinstance(value, URLSearchParams):
        return str(value).encode(), URLENCODED_TYPE
    if isinstance(value, FormData):
        return encode_form(value)
    data = buffer_bytes(value)
    if data is not None:
        return data, None
    return encode_text(to_string(value)), TEXT_TYPE
