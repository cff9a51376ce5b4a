"""The rules, by what they are about. Importing this package registers them all."""

from wrangler_compat.check.rules import (
    boundary,
    configuration,
    durable_objects,
    entrypoints,
    global_scope,
    javascript,
    limits,
    operating_system,
    packages,
    waiting,
)

__all__ = [
    "boundary",
    "configuration",
    "durable_objects",
    "entrypoints",
    "global_scope",
    "javascript",
    "limits",
    "operating_system",
    "packages",
    "waiting",
]
