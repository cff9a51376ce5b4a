"""Messages between the host and the processes inside: JSON with file descriptors on a SOCK_SEQPACKET pair.

A sequenced-packet socket keeps messages whole, so there is no framing. What is too long for one packet (the
arguments of a program may be megabytes) travels in an anonymous file whose descriptor comes last.
"""

from __future__ import annotations

import array
import json
import os
import socket
from collections.abc import Sequence
from typing import Any

Message = dict[str, Any]

_PACKET_BYTES = 64 * 1024
_FDS_MAX = 64


class Closed(Exception):
    """The other side is gone."""


def send(sock: socket.socket, message: Message, fds: Sequence[int] = ()) -> None:
    """Send one message. Raises Closed, BlockingIOError when a non-blocking socket is full."""
    data = json.dumps(message, separators=(",", ":")).encode()
    attached = list(fds)
    overflow = -1
    if len(data) > _PACKET_BYTES:
        overflow = os.memfd_create("message")
        with open(os.dup(overflow), "wb") as file:
            file.write(data)
        attached.append(overflow)
        data = b"{}"
    ancillary = [(socket.SOL_SOCKET, socket.SCM_RIGHTS, array.array("i", attached))] if attached else []
    try:
        sock.sendmsg([data], ancillary, socket.MSG_NOSIGNAL)
    except (BrokenPipeError, ConnectionResetError) as error:
        raise Closed from error
    finally:
        if overflow >= 0:
            os.close(overflow)


def receive(sock: socket.socket) -> tuple[Message, list[int]]:
    """The next message and its descriptors. Raises Closed, BlockingIOError when there is none yet."""
    try:
        data, ancillary, _, _ = sock.recvmsg(
            _PACKET_BYTES, socket.CMSG_SPACE(_FDS_MAX * 4), socket.MSG_CMSG_CLOEXEC
        )
    except ConnectionResetError as error:
        raise Closed from error
    fds = array.array("i")
    for level, kind, content in ancillary:
        if level == socket.SOL_SOCKET and kind == socket.SCM_RIGHTS:
            fds.frombytes(content[: len(content) - len(content) % fds.itemsize])
    received = fds.tolist()
    if not data:
        raise Closed
    if data == b"{}":
        with open(received.pop(), "rb") as file:
            file.seek(0)
            data = file.read()
    message = json.loads(data)
    return message, received


def error_fields(error: OSError) -> Message:
    """How an OSError travels."""
    name = error.filename and os.fsdecode(error.filename)
    return {"errno": error.errno or 5, "text": error.strerror or str(error), "file": name}
