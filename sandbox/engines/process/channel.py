"""The host's end of a control socket: requests with answers, and events that come by themselves."""

from __future__ import annotations

import asyncio
import os
import socket
from collections import deque
from collections.abc import Callable, Sequence
from typing import Any

from edge.containers.engine import ContainerGone
from sandbox.engines.process.inside import messages
from sandbox.engines.process.inside.messages import Message

#: Called with what comes unasked, and the descriptors that came with it (to be closed by whoever gets them).
OnEvent = Callable[[Message, list[int]], None]


def error_of(fields: dict[str, Any]) -> OSError:
    """The OSError that happened on the other side, of the class that fits its number."""
    return OSError(int(fields["errno"]), str(fields["text"]), fields["file"])


class Channel:
    """Talks to the zygote or to process 1 of a sandbox."""

    def __init__(
        self, sock: socket.socket, on_event: OnEvent | None, on_close: Callable[[], None] = lambda: None
    ) -> None:
        """Without `on_event` nothing comes unasked: then it holds virtual time only while a request waits."""
        sock.setblocking(False)
        self._sock = sock
        self._on_event = on_event
        self._on_close = on_close
        self._loop = asyncio.get_running_loop()
        self._waiting: dict[int, asyncio.Future[tuple[Message, list[int]]]] = {}
        self._unsent: deque[tuple[Message, list[int]]] = deque()
        self._next_id = 0
        self.closed = False
        if on_event is not None:
            self._loop.add_reader(sock, self._readable)

    async def ask(self, message: Message, fds: Sequence[int] = ()) -> tuple[Message, list[int]]:
        """Send a request and wait for its answer. Raises the OSError it met, ContainerGone."""
        if self.closed:
            raise ContainerGone("the sandbox has ended")
        self._next_id += 1
        answer = self._waiting[self._next_id] = self._loop.create_future()
        if self._on_event is None:
            self._loop.add_reader(self._sock, self._readable)
        self._send({"id": self._next_id, **message}, fds)
        # Shielded: whoever stops waiting leaves the answer (and a process it names) to `_deliver`.
        reply, attached = await asyncio.shield(answer)
        if "error" in reply:
            raise error_of(reply["error"])
        return reply, attached

    def tell(self, message: Message) -> None:
        """Send a request whose answer does not matter."""
        if not self.closed:
            self._send({"id": 0, **message}, ())

    def close(self) -> None:
        """Let go of the other side; whoever waits for it learns that it is gone."""
        if self.closed:
            return
        self.closed = True
        self._loop.remove_reader(self._sock)
        self._loop.remove_writer(self._sock)
        self._sock.close()
        for _, fds in self._unsent:
            _close_all(fds)
        self._unsent.clear()
        waiting, self._waiting = self._waiting, {}
        for answer in waiting.values():
            if not answer.done():
                answer.set_exception(ContainerGone("the sandbox has ended"))
                answer.exception()  # nobody may be waiting any more: that is no oversight
        self._on_close()

    def _send(self, message: Message, fds: Sequence[int]) -> None:
        # Copies, because the caller closes its own as soon as it stops waiting.
        self._unsent.append((message, [os.dup(fd) for fd in fds]))
        if len(self._unsent) == 1:
            self._flush()

    def _flush(self) -> None:
        while self._unsent:
            message, fds = self._unsent[0]
            try:
                messages.send(self._sock, message, fds)
            except BlockingIOError:
                self._loop.add_writer(self._sock, self._flush)
                return
            except messages.Closed:
                self.close()
                return
            _close_all(fds)
            self._unsent.popleft()
        self._loop.remove_writer(self._sock)

    def _readable(self) -> None:
        while not self.closed:
            try:
                message, fds = messages.receive(self._sock)
            except BlockingIOError:
                return
            except messages.Closed:
                self.close()
                return
            self._deliver(message, fds)

    def _deliver(self, message: Message, fds: list[int]) -> None:
        if "id" not in message:
            assert self._on_event is not None, "events come only where they are expected"
            self._on_event(message, fds)
            return
        answer = self._waiting.pop(message["id"], None)
        if self._on_event is None and not self._waiting:
            self._loop.remove_reader(self._sock)
        if answer is None or answer.done():
            _close_all(fds)
        else:
            answer.set_result((message, fds))


def _close_all(fds: Sequence[int]) -> None:
    for fd in fds:
        os.close(fd)
