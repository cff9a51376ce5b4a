"""The browsers that hear a session's runs: each connection belongs to one message, and may be one of several.

A browser that comes back says which frame it had last; what it cannot have any more it is told at once,
instead of being left to wait for it.
"""

import json

from frame_socket import accepted, told
from js import WebSocketPair
from pyodide.ffi import JsException, to_js
from switches import in_order, parse


class Browsers:
    """The WebSockets of a Durable Object; `buffer` has the frames of its runs."""

    def __init__(self, ctx, buffer):
        self._ctx = ctx
        self._buffer = buffer

    def connect(self, message_id, on, after):
        """A browser that has the frames up to `after` connects; gives the answer to its request. It hears
        the frames since, or why there are none."""
        client, server = WebSocketPair.new().object_values()
        self._ctx.acceptWebSocket(server, to_js([message_id]))
        server.serializeAttachment(json.dumps({"id": message_id, "switches": ",".join(in_order(on))}))
        refusal = self._buffer.refusal(message_id, after)
        if refusal is not None:
            server.send(json.dumps(told(refusal)))
            server.close(1008, "not from there")
            return accepted(client)
        for text in self._buffer.after(message_id, after):
            server.send(text)
        if after and self._buffer.is_all(message_id, after):
            server.close(1000, "that was all")
        return accepted(client)

    @staticmethod
    def of(socket):
        """The message of a connection, and its switches."""
        attachment = json.loads(socket.deserializeAttachment())
        return attachment["id"], parse(attachment["switches"])

    def tell(self, message_id, texts):
        """Send frames to all who hear a run."""
        for socket in self._ctx.getWebSockets(message_id):
            for text in texts:
                send(socket, text)


def send(socket, text):
    """Send, unless the connection is closing just now: neither the run nor those who stay need know."""
    try:
        socket.send(text)
    except JsException:
        return
