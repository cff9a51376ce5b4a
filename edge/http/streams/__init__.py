"""The Streams standard: readable, writable and transform streams whose chunks are never joined."""

from edge.http.streams.readable import ReadableStream
from edge.http.streams.writable import WritableStream

__all__ = ["ReadableStream", "WritableStream"]
