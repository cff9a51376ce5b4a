"""The classes of this package that JavaScript knows by name: what the module `js` shows of them."""

from __future__ import annotations

from edge.http.abort import AbortController, AbortSignal
from edge.http.blob import Blob, File
from edge.http.events import CloseEvent, ErrorEvent, Event, EventTarget, MessageEvent
from edge.http.formdata import FormData
from edge.http.headers import Headers
from edge.http.request import Request
from edge.http.response import Response
from edge.http.streams.compression import CompressionStream, DecompressionStream
from edge.http.streams.readable import ReadableStream
from edge.http.streams.readers import ReadableStreamBYOBReader, ReadableStreamDefaultReader
from edge.http.streams.text import TextDecoderStream, TextEncoderStream
from edge.http.streams.transform import FixedLengthStream, IdentityTransformStream, TransformStream
from edge.http.streams.writable import WritableStream, WritableStreamDefaultWriter
from edge.http.url import URL, URLSearchParams
from edge.http.websocket import WebSocket, WebSocketPair
from edge.js.proxy import JsProxy

HOST_CLASSES: dict[str, type[JsProxy]] = {
    cls.js_name: cls
    for cls in (
        AbortController,
        AbortSignal,
        Blob,
        CloseEvent,
        CompressionStream,
        DecompressionStream,
        ErrorEvent,
        Event,
        EventTarget,
        File,
        FixedLengthStream,
        FormData,
        Headers,
        IdentityTransformStream,
        MessageEvent,
        ReadableStream,
        ReadableStreamBYOBReader,
        ReadableStreamDefaultReader,
        Request,
        Response,
        TextDecoderStream,
        TextEncoderStream,
        TransformStream,
        URL,
        URLSearchParams,
        WebSocket,
        WebSocketPair,
        WritableStream,
        WritableStreamDefaultWriter,
    )
}
