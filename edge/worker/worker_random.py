"""Randomness as a Worker sees it in virtual time: drawn from the world's seed.

The Worker's own files and the packages vendored beside them get views of `random`, `secrets`, `uuid` and `os`
whose draws come from one of the world's streams, so that a seed replays them. Live worlds show the host's.
"""

from __future__ import annotations

import base64
import importlib
import os
import os.path
import uuid
from collections.abc import Callable
from types import ModuleType
from typing import Any

from edge.kernel.clock import Clock
from edge.kernel.random import RandomStreams
from edge.worker.modules import HostView

_LABEL = "worker.python"
_TOKEN_BYTES = 32
#: 100 ns intervals between the start of UUID time (1582-10-15) and the Unix epoch.
_UUID_EPOCH = 0x01B21DD213814000


def random_modules(streams: RandomStreams, clock: Clock) -> dict[str, Callable[[], ModuleType]]:
    """What makes the views of the modules that draw from the system's randomness."""
    draws = streams.stream(_LABEL)
    return {
        "random": lambda: random_module(draws),
        "secrets": lambda: secrets_module(draws),
        "uuid": lambda: uuid_module(draws, clock),
        "os": lambda: HostView(os, urandom=draws.randbytes),
        "os.path": lambda: os.path,
    }


def random_module(draws: Any) -> ModuleType:
    """`random`: its functions draw from `draws`, and so do the seeds of new generators."""
    host: Any = importlib.import_module("random")

    class Random(host.Random):  # type: ignore[misc]
        def __init__(self, x: Any = None) -> None:
            super().__init__(draws.getrandbits(128) if x is None else x)

    functions = {name: getattr(draws, name) for name in host.__all__ if name[0].islower()}
    return HostView(host, Random=Random, SystemRandom=Random, **functions)


def secrets_module(draws: Any) -> ModuleType:
    """`secrets`, secret to nobody who knows the seed."""
    host = importlib.import_module("secrets")

    def token_bytes(nbytes: int | None = None) -> bytes:
        found: bytes = draws.randbytes(_TOKEN_BYTES if nbytes is None else nbytes)
        return found

    def token_urlsafe(nbytes: int | None = None) -> str:
        return base64.urlsafe_b64encode(token_bytes(nbytes)).rstrip(b"=").decode()

    return HostView(
        host,
        token_bytes=token_bytes,
        token_hex=lambda nbytes=None: token_bytes(nbytes).hex(),
        token_urlsafe=token_urlsafe,
        choice=draws.choice,
        randbelow=draws.randrange,
        randbits=draws.getrandbits,
        SystemRandom=lambda *_: draws,
    )


def uuid_module(draws: Any, clock: Clock) -> ModuleType:
    """`uuid` with versions 1 and 4 from the seed and the world's clock."""

    def uuid4() -> uuid.UUID:
        return uuid.UUID(bytes=draws.randbytes(16), version=4)

    def uuid1(node: int | None = None, clock_seq: int | None = None) -> uuid.UUID:
        ticks = clock.now_ms() * 10_000 + _UUID_EPOCH + draws.randrange(10_000)
        sequence = draws.getrandbits(14) if clock_seq is None else clock_seq
        host = draws.getrandbits(48) | 1 << 40 if node is None else node
        fields = (ticks & 0xFFFFFFFF, ticks >> 32 & 0xFFFF, ticks >> 48 & 0x0FFF)
        return uuid.UUID(fields=(*fields, sequence >> 8 & 0x3F, sequence & 0xFF, host), version=1)

    return HostView(uuid, uuid4=uuid4, uuid1=uuid1)
