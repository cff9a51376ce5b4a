"""Buckets for tests."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from edge.js.arrays import JsArray
from edge.js.errors import JsException
from edge.js.objects import JsObject
from edge.kernel.clock import VirtualClock
from edge.kernel.random import RandomStreams
from edge.r2.binding import R2Bucket
from edge.r2.open import open_bucket
from tests.loops import run_virtual

Script = Callable[[R2Bucket], Any]


def using(script: Script, directory: Path | None = None) -> Any:
    """What `script` gives on a bucket, in virtual time."""

    async def all_of_it() -> Any:
        bucket = open_bucket("b", directory, VirtualClock(), RandomStreams(1))
        try:
            return await script(bucket)
        finally:
            await bucket._close()

    return run_virtual(all_of_it())


def refused(script: Script) -> tuple[str, str]:
    """Name and message of the error that `script` ends with, on a bucket that holds `a.txt`: hello."""

    async def all_of_it(bucket: R2Bucket) -> Any:
        await bucket.put("a.txt", "hello")
        return await script(bucket)

    with pytest.raises(JsException) as caught:
        using(all_of_it)
    return caught.value.name, caught.value.message


def plain(value: Any) -> Any:
    """JavaScript's plain data as Python's."""
    return value.to_py() if isinstance(value, (JsArray, JsObject)) else value
