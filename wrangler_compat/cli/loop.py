"""An event loop for commands, which do one thing after the other."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Iterator
from contextlib import contextmanager

from edge.kernel import tasks


@contextmanager
def running() -> Iterator[asyncio.Runner]:
    """A loop that runs coroutines to their ends. What a store logs of a failure is not printed: the command
    says it itself."""
    logging.getLogger("edge").addHandler(logging.NullHandler())
    with asyncio.Runner() as runner:
        tasks.install(runner.get_loop())
        yield runner
