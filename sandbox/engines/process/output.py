"""What an entrypoint prints, as lines of the log."""

from __future__ import annotations

import logging

from edge.containers.engine import Connection, ContainerGone

_log = logging.getLogger("edge.containers")
_LINE_BYTES = 16 * 1024


async def log_lines(name: str, stream: Connection) -> None:
    """Log each line of `stream` until it ends; a longer one comes in pieces."""
    rest = b""
    try:
        while data := await stream.read():
            *lines, rest = (rest + data).split(b"\n")
            if len(rest) > _LINE_BYTES:
                lines, rest = [*lines, rest], b""
            for line in lines:
                _log.info("%s: %s", name, line.decode(errors="replace"))
        if rest:
            _log.info("%s: %s", name, rest.decode(errors="replace"))
    except ContainerGone:
        return
    finally:
        await stream.close()
