"""WebSocket frames that a client forgot to mask.

`wrangler tail` sends its one message without a mask, which RFC 6455 forbids and Cloudflare lets pass. So on
the sockets of tails a frame without a mask is given one that changes nothing.
"""

from __future__ import annotations

from uvicorn.protocols.websockets.websockets_sansio_impl import WebSocketsSansIOProtocol

TAILS = "/tails/"

_MASKED = 0x80
_EXTENDED_BYTES = {126: 2, 127: 8}
_NO_CHANGE = b"\0\0\0\0"


class Masker:
    """Takes the bytes of frames as they come, gives them with masks."""

    def __init__(self) -> None:
        self._waiting = b""
        self._payload_bytes_left = 0

    def feed(self, data: bytes) -> bytes:
        """The bytes to pass on; a head that is not whole yet waits."""
        self._waiting += data
        passed = bytearray()
        while self._waiting:
            if not self._payload_bytes_left:
                head = self._head()
                if head is None:
                    break
                passed += head
            part = self._waiting[: self._payload_bytes_left]
            self._waiting = self._waiting[len(part) :]
            self._payload_bytes_left -= len(part)
            passed += part
        return bytes(passed)

    def _head(self) -> bytes | None:
        """The head of the next frame with a mask; None when it is not all there."""
        if len(self._waiting) < 2:
            return None
        first, second = self._waiting[:2]
        code = second & ~_MASKED
        masked = bool(second & _MASKED)
        plain_end = 2 + _EXTENDED_BYTES.get(code, 0)
        end = plain_end + (4 if masked else 0)
        if len(self._waiting) < end:
            return None
        extended = self._waiting[2:plain_end]
        mask = self._waiting[plain_end:end] if masked else _NO_CHANGE
        self._payload_bytes_left = int.from_bytes(extended, "big") if extended else code
        self._waiting = self._waiting[end:]
        return bytes([first, code | _MASKED]) + extended + mask


class LenientSocket(WebSocketsSansIOProtocol):
    """uvicorn's WebSockets, lenient where tails are told."""

    _masker: Masker | None = None
    _is_open = False

    def data_received(self, data: bytes) -> None:
        if self._masker is not None:
            data = self._masker.feed(data)
        elif not self._is_open:  # the first bytes are the request, whole, as uvicorn hands it over
            self._is_open = True
            if data.startswith(f"GET {TAILS}".encode()):
                self._masker = Masker()
        super().data_received(data)
