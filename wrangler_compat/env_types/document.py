"""The file that `edge types` writes: the Protocol `Env` and what it is made of."""

from __future__ import annotations

import keyword
import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from wrangler_compat.config.diagnostics import Diagnostics
from wrangler_compat.config.environment import select
from wrangler_compat.config.fields import Fields
from wrangler_compat.config.load import Examined, LoadOptions, examine, refuse_errors
from wrangler_compat.config.worker import required_secrets
from wrangler_compat.env_types.bindings import Typed, plain_bindings
from wrangler_compat.env_types.parts import Imports, combined
from wrangler_compat.env_types.variables import variable_types
from wrangler_compat.env_types.workers import WorkerTypes

FILE_NAME = "worker_env.pyi"


@dataclass(frozen=True, slots=True)
class TypesOptions:
    """What the command line can say."""

    environment: str | None = None
    interface: str = "Env"
    strict_vars: bool = True


def default_path(config: Path) -> Path:
    """Beside the main module, where the Worker's own modules can import it. Raises ConfigError."""
    worker = _examined(config, None).worker
    return (worker.main.parent if worker.main is not None else worker.root) / FILE_NAME


def env_types(configs: Sequence[Path], options: TypesOptions) -> str:
    """The text for the Worker of the first configuration; the others are Workers it has bindings to.
    Raises ConfigError, WorkerLoadError."""
    examined = [
        _examined(path, options.environment if index == 0 else None) for index, path in enumerate(configs)
    ]
    first = examined[0]
    workers = WorkerTypes(first.worker, {one.worker.name: one.worker for one in reversed(examined)})
    typed = [*plain_bindings(first.fields.environment.settings), *workers.bindings()]
    typed += variable_types(_tables(first, options.environment), _secrets(first), strict=options.strict_vars)
    imports = Imports()
    parts = combined(sorted({one.part for one in typed if one.part}), imports)
    imports.add("typing", "Protocol")
    classes = [*parts, *workers.protocols.values(), _interface(options.interface, typed)]
    text = "\n\n".join(classes)
    for name in ("Any", "Literal"):
        if f"{name}[" in text or f"-> {name}" in text or f": {name}" in text:
            imports.add("typing", name)
    source = os.path.relpath(first.source.path, first.worker.root)
    heading = f"# What `self.env` holds, made by `edge types` from {source}. Changes are lost."
    return "\n".join([heading, "", *imports.lines(), "", text, ""])


def _examined(path: Path, environment: str | None) -> Examined:
    examined = examine(path, LoadOptions(environment=environment, allow_unsupported=True))
    refuse_errors(examined)
    return examined


def _interface(name: str, typed: Sequence[Typed]) -> str:
    lines = [f"class {name}(Protocol):", '    """The bindings, variables and secrets of the Worker."""', ""]
    return "\n".join([*lines, *(_member(one) for one in typed)] if typed else lines[:2])


def _member(one: Typed) -> str:
    remark = f"  # {one.remark}" if one.remark else ""
    if not one.name.isidentifier() or keyword.iskeyword(one.name):
        return f"    # getattr(env, {one.name!r}): {one.type}"
    return f"    {one.name}: {one.type}{remark}"


def _tables(examined: Examined, environment: str | None) -> list[dict[str, Any]]:
    """`vars` of the environment; without one, those of every environment after the top level's."""
    own = examined.fields.table("vars")
    if examined.fields.environment.name is not None:
        return [own]
    environments = examined.source.data.get("env", {})
    others = [
        Fields(select(examined.source.data, name, Diagnostics(""))).table("vars") for name in environments
    ]
    return [own, *others]


def _secrets(examined: Examined) -> list[str]:
    """Names alone: the values are nobody's business."""
    return list(dict.fromkeys([*(required_secrets(examined.fields) or ()), *examined.worker.secrets]))
