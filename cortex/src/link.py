"""The connection to a container's agent server, shared by the runs of a session."""

import asyncio

from frame_socket import FrameSocket


class Link:
    """The connection to the agent server, shared by the runs of a session."""

    def __init__(self, socket):
        self._socket = FrameSocket(socket)
        self._channels = {}

    @property
    def closed(self):
        return self._socket.closed

    async def read(self):
        """Sort what comes in by its message, until the connection ends."""
        async for frame in self._socket:
            if (channel := self._channels.get(frame.get("messageId"))) is not None:
                channel.put_nowait(frame)
        for channel in self._channels.values():
            channel.put_nowait(None)

    def channel(self, message_id):
        """The frames of one message, and a way to answer."""
        queue = self._channels[message_id] = asyncio.Queue()
        return Channel(self._socket, queue)

    def close(self):
        """Give it up: runs that go on connect anew."""
        self._socket.close()

    def forget(self, message_id):
        self._channels.pop(message_id, None)


class Channel:
    """One message's part of a link."""

    def __init__(self, socket, queue):
        self._socket = socket
        self._queue = queue

    def send(self, frame):
        self._socket.send(frame)

    def __aiter__(self):
        return self

    async def __anext__(self):
        frame = await self._queue.get()
        if frame is None:
            raise StopAsyncIteration
        return frame
