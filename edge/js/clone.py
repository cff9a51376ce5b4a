"""Structured clone: the copy of a value that crosses to another isolate.

Source: HTML "structured clone", V8. A clone is what deserializing the serialized value gives.
"""

from __future__ import annotations

from typing import Any

from edge.js.clone_errors import RPC_PROXY_REFUSED, refuse, refuse_rpc
from edge.js.proxy import JsNull
from edge.js.v8 import HostObjects, deserialize, serialize

__all__ = ["RPC_PROXY_REFUSED", "HostObjects", "refuse", "refuse_rpc", "structured_clone"]


def structured_clone(value: Any, *, host: HostObjects | None = None) -> Any:
    """A deep copy of `value`; DataCloneError for what cannot be cloned. Functions and host objects go
    through `host`."""
    if value is None or isinstance(value, (str, int, float, JsNull)):
        return value
    return deserialize(serialize(value, host=host), host=host)
