"""Workflows: the names exist so that code that mentions them can be imported; using them is refused.

Source: spec python-workers.md section 7.
"""

from __future__ import annotations

from typing import Any, NoReturn

from edge.errors import UnsupportedError
from wrangler_compat.modules.sdk.bindings import _BindingWrapper
from wrangler_compat.modules.sdk.errors import NonRetryableError

__all__ = ["NonRetryableError"]

_UNSUPPORTED = "Workflows are not emulated yet (docs/limitations.md)."


class _WorkflowBindingWrapper(_BindingWrapper):
    """A Workflow binding."""

    __module__ = "workers.rpc"

    async def get(self, *_args: Any, **_kwargs: Any) -> NoReturn:
        raise UnsupportedError(_UNSUPPORTED)

    async def create(self, *_args: Any, **_kwargs: Any) -> NoReturn:
        raise UnsupportedError(_UNSUPPORTED)

    async def create_batch(self, *_args: Any, **_kwargs: Any) -> NoReturn:
        raise UnsupportedError(_UNSUPPORTED)
