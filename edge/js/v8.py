"""V8's structured-clone serialization: what Durable Object storage and attachments keep.

data = serialize(value)
value = deserialize(data)
"""

from __future__ import annotations

from edge.js.v8_format import HostObjects
from edge.js.v8_read import deserialize
from edge.js.v8_write import serialize

__all__ = ["HostObjects", "deserialize", "serialize"]
