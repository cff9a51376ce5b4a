"""The socket to serve on, bound before anything slow happens."""

from __future__ import annotations

import errno
import socket
from ipaddress import ip_address

from edge.errors import UserError

_BACKLOG = 2048


def listen(host: str, port: int) -> socket.socket:
    """A listening socket. Raises UserError when the address cannot be had."""
    address = "127.0.0.1" if host == "localhost" else host
    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    listener = socket.socket(family, socket.SOCK_STREAM)
    try:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind((address, port))
        listener.listen(_BACKLOG)
    except OSError as error:
        listener.close()
        raise UserError(_explain(error, host, port)) from None
    listener.setblocking(False)
    return listener


def _explain(error: OSError, host: str, port: int) -> str:
    if error.errno == errno.EADDRINUSE:
        return f"port {port} on {host} is already in use: stop what uses it, or choose another with --port"
    if error.errno == errno.EACCES:
        return f"port {port} needs privileges that this process does not have: choose another with --port"
    return f"cannot listen on {host}:{port}: {error.strerror or error}"


def is_loopback(listener: socket.socket) -> bool:
    """Whether only this machine can reach `listener`."""
    return ip_address(listener.getsockname()[0]).is_loopback


def url_of(listener: socket.socket, scheme: str) -> str:
    """The URL that reaches `listener`."""
    host, port = listener.getsockname()[:2]
    return f"{scheme}://[{host}]:{port}" if ":" in host else f"{scheme}://{host}:{port}"
