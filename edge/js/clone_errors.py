"""What the platform says about values that cannot be cloned.

Source: V8 kDataCloneError, workerd `jsg/ser.c++`; recorded: durable_kv `value_types`, durable_rpc
`echo_types`.
"""

from __future__ import annotations

from typing import Any

from edge.js.errors import JsException, data_clone_error
from edge.js.functions import JsDoubleProxy, JsFunction
from edge.js.promise import JsPromise
from edge.js.proxy import JsProxy

#: A Python object sent over RPC that is neither plain data nor a function.
RPC_PROXY_REFUSED = (
    "Proxy could not be serialized because it is not a valid RPC receiver type. The Proxy must emulate "
    "either a plain object or an RpcTarget, as indicated by the Proxy's prototype chain."
)


def refuse(value: Any) -> JsException:
    """The DataCloneError for a value that storage or `structuredClone` cannot take."""
    if isinstance(value, JsFunction):
        return data_clone_error(f"{value} could not be cloned.")
    if isinstance(value, JsPromise):
        return data_clone_error("#<Promise> could not be cloned.")
    if isinstance(value, JsProxy) and not isinstance(value, JsDoubleProxy):
        name = type(value).js_name
        return data_clone_error(
            f'Could not serialize object of type "{name}". This type does not support serialization.'
        )
    shown = "function(){}" if callable(value) else "[object Object]"
    return data_clone_error(f"{shown} could not be cloned.")


def refuse_rpc(value: Any) -> JsException:
    """The DataCloneError for a value that RPC cannot take."""
    if isinstance(value, JsProxy) and not isinstance(value, JsDoubleProxy):
        return refuse(value)
    return data_clone_error(RPC_PROXY_REFUSED)
