"""Bindings to Durable Objects and to other Workers: their methods, read from the source that defines them."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from pathlib import Path

from edge.config import WorkerConfig
from wrangler_compat.env_types.bindings import Typed
from wrangler_compat.env_types.classes import Sources
from wrangler_compat.env_types.rpc import method_lines


class WorkerTypes:
    """Writes a Protocol for each class that the bindings of one Worker reach."""

    def __init__(self, own: WorkerConfig, known: Mapping[str, WorkerConfig]) -> None:
        """`known` are the Workers whose source can be read, by name; `own` is one of them."""
        self._own = own
        self._known = known
        self._sources: dict[Path, Sources] = {}
        #: Class text by name, in the order in which they were needed.
        self.protocols: dict[str, str] = {}

    def bindings(self) -> Iterator[Typed]:
        """The bindings of Durable Objects, then those of services. Raises WorkerLoadError for source that
        cannot be parsed."""
        for durable in self._own.durable:
            script = durable.script or self._own.name
            stub = self._protocol(
                script, durable.class_name, f"{durable.class_name}Stub", "DurableObjectStub"
            )
            yield Typed(durable.name, f"DurableObjectNamespace[{stub or 'AnyDurableObjectStub'}]", "durable")
        for service in self._own.services:
            entrypoint = service.entrypoint or "Default"
            name = f"{_pascal(service.service)}{service.entrypoint or ''}Service"
            yield Typed(
                service.name,
                self._protocol(service.service, entrypoint, name, "Fetcher") or "AnyFetcher",
                "fetcher",
            )

    def _protocol(self, script: str, class_name: str, name: str, base: str) -> str | None:
        """The name of the Protocol of a class, None when its source is not at hand."""
        worker = self._known.get(script)
        if worker is None or worker.main is None:
            return None
        sources = self._sources.setdefault(worker.main.parent, Sources(worker.main.parent))
        found = sources.find_class(worker.main, class_name)
        if found is None:
            return None
        where = "" if worker is self._own else f" of the Worker {worker.name}"
        lines = [f"class {name}({base}, Protocol):", f'    """{class_name}{where}, over RPC."""']
        methods = [f"    {line}" for line in method_lines(sources.methods(found))]
        self.protocols[name] = "\n".join([*lines, *([""] if methods else []), *methods])
        return name


def _pascal(name: str) -> str:
    return "".join(part.capitalize() for part in re.split(r"[^a-zA-Z0-9]+", name))
