"""How long to wait for a container, how often to look, and when to give up (spec section 3.5)."""

from __future__ import annotations

import asyncio
import math
from dataclasses import dataclass
from typing import Any

from js import AbortSignal
from pyodide.ffi import create_proxy, to_js

INSTANCE_TIMEOUT_MS = 8_000
PORT_TIMEOUT_MS = 20_000
INTERVAL_MS = 300
PING_TIMEOUT_MS = 5_000


@dataclass(frozen=True)
class Patience:
    """`tries` looks, `interval_ms` apart, until the JavaScript AbortSignal `signal` fires."""

    tries: int
    interval_ms: float = INTERVAL_MS
    signal: Any = None

    @classmethod
    def of(cls, timeout_ms: float, interval_ms: float = INTERVAL_MS, signal: Any = None) -> Patience:
        return cls(math.ceil(timeout_ms / interval_ms), interval_ms, signal)

    @property
    def aborted(self) -> bool:
        return self.signal is not None and bool(self.signal.aborted)

    def ping_signal(self) -> Any:
        """What ends one look."""
        timeout = AbortSignal.timeout(PING_TIMEOUT_MS)
        return timeout if self.signal is None else AbortSignal.any(to_js([self.signal, timeout]))

    async def pause(self) -> None:
        """Wait for the next look, or for the signal."""
        if self.signal is None:
            await asyncio.sleep(self.interval_ms / 1000)
            return
        fired = asyncio.Event()
        listener = create_proxy(lambda *_: fired.set())
        self.signal.addEventListener("abort", listener)
        try:
            if not self.aborted:
                await asyncio.wait_for(fired.wait(), self.interval_ms / 1000)
        except TimeoutError:
            return
        finally:
            self.signal.removeEventListener("abort", listener)
            listener.destroy()
