"""Calls to the sandbox's object by RPC: names, options and results in both ways of writing."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sandbox.container.names import camel_case
from sandbox.container.values import Record
from sandbox.errors.convert import error_from_rpc

#: The session id that stands for "no session": the JavaScript class knows it, too.
NO_SESSION = "__DISABLE_SESSION__"


class Remote:
    """The object behind a sandbox. `session_id` is the session that its calls belong to: None for the
    default one."""

    def __init__(self, stub: Any, session_id: str | None = None) -> None:
        self.stub = stub
        self.session_id = session_id

    async def call(self, method: str, *args: Any) -> Any:
        """Call a method by its JavaScript name; arguments at the end that are None are left out. Raises
        SandboxError for what the sandbox or the platform says, else what the call raised."""
        given = list(args)
        while given and given[-1] is None:
            given.pop()
        try:
            result = await getattr(self.stub, method)(*given)
        except Exception as failure:
            error = error_from_rpc(failure, f"sandbox.{method}")
            if error is failure:
                raise
            raise error from failure
        return shaped(result)

    def options(self, options: Mapping[str, Any], **more: Any) -> dict[str, Any] | None:
        """Options as the object takes them, with the session; None when there is nothing to say."""
        chosen = {camel_case(name): value for name, value in {**options, **more}.items() if value is not None}
        if self.session_id is not None:
            chosen.setdefault("sessionId", self.session_id)
        return chosen or None


def shaped(value: Any) -> Any:
    """A result whose objects, also nested ones, are Records."""
    if isinstance(value, Mapping):
        return Record({name: shaped(member) for name, member in value.items()})
    return [shaped(member) for member in value] if isinstance(value, list) else value
