"""Piping a readable stream into a writable one."""

from __future__ import annotations

import asyncio
from typing import Any

from edge.http.init import member
from edge.http.streams.readable import LOCKED, ReadableStream, js_chunk
from edge.http.streams.source import END
from edge.http.streams.writable import WritableStream
from edge.js.errors import JsException, error, type_error
from edge.js.promise import JsPromise
from edge.kernel.tasks import log_failure, spawn_outside


def pipe(source: ReadableStream, target: Any, options: Any) -> JsPromise:
    """`source.pipeTo(target, options)`: resolves when everything is written and closed."""
    if not isinstance(target, WritableStream):
        return JsPromise.rejected(
            type_error(
                "Failed to execute 'pipeTo' on 'ReadableStream': parameter 1 is not of type 'WritableStream'."
            )
        )
    try:
        source._lock(target)
        target._lock(source)
    except JsException as refusal:
        if source._reader is target:
            source._reader = None
        return JsPromise.rejected(refusal)
    return JsPromise.start(_pump(source, target, options), name="stream.pipe")


def pipe_through(source: ReadableStream, transform: Any, options: Any) -> ReadableStream:
    """`source.pipeThrough({writable, readable}, options)`; raises TypeError when either is missing."""
    readable, target = member(transform, "readable"), member(transform, "writable")
    if not (isinstance(readable, ReadableStream) and isinstance(target, WritableStream)):
        raise type_error(
            "Failed to execute 'pipeThrough' on 'ReadableStream': parameter 1 is not of type 'Transform'."
        )
    if source.locked:
        raise type_error(LOCKED)
    pipe(source, target, options).mark_handled()  # what fails shows on `readable`
    return readable


async def _pump(source: ReadableStream, target: WritableStream, options: Any) -> None:
    try:
        await _transfer(source, target, options)
    except (asyncio.CancelledError, GeneratorExit):
        # Who pipes has gone (a Durable Object that was put away); both ends may be others', who would wait.
        lost = error("Network connection lost.")
        for end in (target.fail(lost), source._cancel(lost)):
            spawn_outside(end, name="stream.pipe cut").add_done_callback(log_failure)
        raise
    finally:
        source._reader = target._writer = None


async def _transfer(source: ReadableStream, target: WritableStream, options: Any) -> None:
    signal = member(options, "signal")
    while True:
        if signal is not None and signal.aborted:
            await _abandon(source, target, options, signal.reason)
        try:
            chunk = await source.pull()
        except Exception as failure:
            if not member(options, "preventAbort"):
                await target.fail(failure)
            raise
        if chunk is END:
            break
        try:
            await target.write(js_chunk(chunk))
        except Exception as failure:
            if not member(options, "preventCancel"):
                await source._cancel(failure)
            raise
    if not member(options, "preventClose"):
        await target.finish()


async def _abandon(source: ReadableStream, target: WritableStream, options: Any, reason: Any) -> None:
    if not member(options, "preventAbort"):
        await target.fail(reason)
    if not member(options, "preventCancel"):
        await source._cancel(reason)
    raise reason
