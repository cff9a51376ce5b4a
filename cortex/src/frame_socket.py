"""A WebSocket as a stream of JSON frames."""

import asyncio
import json

from envelope import ApiError
from pyodide.ffi import JsException, create_proxy
from tokens import PROTOCOL
from workers import Response


def accepted(client):
    """The answer to a browser that asked for a WebSocket."""
    return Response(None, status=101, headers={"Sec-WebSocket-Protocol": PROTOCOL}, web_socket=client)


def frame_of(text):
    """The frame of a text; None when it is none."""
    try:
        frame = json.loads(text)
    except (ValueError, TypeError, RecursionError):
        return None
    return frame if isinstance(frame, dict) and isinstance(frame.get("type"), str) else None


def told(failure):
    """The frame by which a browser learns why its message failed."""
    if isinstance(failure, ApiError):
        return {"type": "error", "error": failure.message, "status": failure.status}
    status = 503 if isinstance(failure, JsException) else 500
    return {"type": "error", "error": f"{type(failure).__name__}: {failure}", "status": status}


class FrameSocket:
    """Accepts a JavaScript WebSocket. `async for` gives its frames until it closes."""

    def __init__(self, socket):
        self._socket = socket
        self._frames = asyncio.Queue()
        self.closed = False
        self._proxies = [create_proxy(self._message), create_proxy(self._closed), create_proxy(self._closed)]
        for kind, proxy in zip(("message", "close", "error"), self._proxies):
            socket.addEventListener(kind, proxy)
        socket.accept()

    def _message(self, event):
        if isinstance(event.data, str):
            self._frames.put_nowait(event.data)

    def _closed(self, event):
        self.closed = True
        self._frames.put_nowait(None)

    def __aiter__(self):
        return self

    async def __anext__(self):
        while (text := await self._frames.get()) is not None:
            if (frame := frame_of(text)) is not None:
                return frame
        self._frames.put_nowait(None)  # whoever asks again learns the same
        raise StopAsyncIteration

    def send(self, frame):
        """Send a frame; nothing happens when the other side is gone."""
        if not self.closed:
            self._socket.send(json.dumps(frame))

    def close(self, code=1000, reason=""):
        if not self.closed:
            self.closed = True
            self._socket.close(code, reason)
            self._frames.put_nowait(None)
