"""What a Worker has in `env`, for people to read: at the start of `edge dev` and in the inspector."""

from __future__ import annotations

from typing import NamedTuple

from edge.config import WorkerConfig


class BindingRow(NamedTuple):
    """One member of `env`: its name, what it leads to (as shown), and what it is."""

    name: str
    target: str | None
    kind: str

    def __str__(self) -> str:
        return f"env.{self.name}" if self.target is None else f"env.{self.name} ({self.target})"


def binding_rows(worker: WorkerConfig) -> list[BindingRow]:
    """The bindings of a Worker in the order of the kinds; secrets without their values."""
    rows = [BindingRow(kv.name, kv.id, "KV Namespace") for kv in worker.kv]
    rows += [BindingRow(durable.name, durable.class_name, "Durable Object") for durable in worker.durable]
    rows += [
        BindingRow(service.name, _service(service.service, service.entrypoint), "Worker")
        for service in worker.services
    ]
    rows += [BindingRow(one.name, one.queue, "Queue") for one in worker.queues]
    rows += [BindingRow(d1.name, d1.id, "D1 Database") for d1 in worker.d1]
    rows += [BindingRow(r2.name, r2.bucket, "R2 Bucket") for r2 in worker.r2]
    rows += [BindingRow(one.name, one.index, "Vectorize Index") for one in worker.vectorize]
    rows += [BindingRow(rate.name, rate.namespace_id, "Rate Limit") for rate in worker.rate_limits]
    rows += [BindingRow(name, None, "Analytics Engine Dataset") for name in worker.analytics]
    if worker.assets is not None and worker.assets.binding is not None:
        rows.append(BindingRow(worker.assets.binding, None, "Assets"))
    rows += [BindingRow(name, _preview(value), "Environment Variable") for name, value in worker.vars.items()]
    rows += [BindingRow(name, '"(hidden)"', "Environment Variable") for name in worker.secrets]
    return rows


def _service(name: str, entrypoint: str | None) -> str:
    return name if entrypoint is None else f"{name}#{entrypoint}"


def _preview(value: object) -> str:
    text = f'"{value}"' if isinstance(value, str) else str(value)
    return text if len(text) <= 40 else f"{text[:37]}..."
