"""A version as the emulator's configuration of a Worker, or the reason why it cannot run here. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from edge.config import (
    AssetsConfig,
    D1Binding,
    DurableBinding,
    KvBinding,
    QueueBinding,
    R2Binding,
    RateLimitBinding,
    ServiceBinding,
    VectorizeBinding,
    WorkerConfig,
)
from wrangler_compat.cloud.serving.unpacked import ASSETS, SOURCE
from wrangler_compat.cloud.workers.bindings import Binding
from wrangler_compat.cloud.workers.script import Script
from wrangler_compat.cloud.workers.version import Version

#: Bindings that the emulator has.
EMULATED = {
    *("plain_text", "json", "secret_text", "kv_namespace", "r2_bucket", "d1", "vectorize", "service"),
    *("durable_object_namespace", "ratelimit", "analytics_engine", "assets", "queue"),
}


class CannotRun(Exception):
    """Why a Worker is kept and not run; the text is for whoever asks for it."""


def configured(script: Script, version: Version, root: Path) -> WorkerConfig:
    """The Worker whose files are in `root`. Raises `CannotRun`."""
    main = version.runtime.get("main_module") or version.runtime.get("body_part")
    if main is not None and not main.endswith(".py"):
        raise CannotRun(f"its main module is {main}, and edge runs Workers in Python")
    if version.runtime.get("containers"):
        raise CannotRun("it has containers, which do not run here")
    by_type = _by_type(version.bindings)
    return WorkerConfig(
        script.name,
        root,
        None if main is None else root / SOURCE / main,
        str(version.runtime.get("compatibility_date") or "2021-11-02"),
        tuple(version.runtime.get("compatibility_flags") or ()),
        vars=_texts(by_type),
        secrets={one["name"]: one["text"] for one in by_type["secret_text"]},
        kv=tuple(KvBinding(one["name"], one["namespace_id"]) for one in by_type["kv_namespace"]),
        r2=tuple(R2Binding(one["name"], one["bucket_name"]) for one in by_type["r2_bucket"]),
        d1=tuple(D1Binding(one["name"], one.get("id") or one["database_id"]) for one in by_type["d1"]),
        vectorize=tuple(VectorizeBinding(one["name"], one["index_name"]) for one in by_type["vectorize"]),
        queues=tuple(
            QueueBinding(one["name"], one["queue_name"], int(one.get("delivery_delay") or 0))
            for one in by_type["queue"]
        ),
        services=tuple(
            ServiceBinding(one["name"], one["service"], one.get("entrypoint"), one.get("props") or {})
            for one in by_type["service"]
        ),
        durable=tuple(
            DurableBinding(one["name"], one["class_name"], one.get("script_name"))
            for one in by_type["durable_object_namespace"]
        ),
        rate_limits=tuple(
            RateLimitBinding(
                one["name"], one["namespace_id"], one["simple"]["limit"], one["simple"]["period"]
            )
            for one in by_type["ratelimit"]
        ),
        analytics=tuple(one["name"] for one in by_type["analytics_engine"]),
        assets=_assets(version, root, by_type["assets"]),
        crons=tuple(script.settings.get("crons") or ()),
        durable_classes={name: found.sqlite for name, found in script.classes.items()},
        former_names={
            name: found.first_name for name, found in script.classes.items() if found.first_name != name
        },
    )


def runnable(
    workers: Mapping[str, WorkerConfig], reasons: Mapping[str, str]
) -> tuple[list[WorkerConfig], dict[str, str]]:
    """The Workers that can run together, and why the others cannot: one that needs a Worker which does not
    run does not run either."""
    running, left_out = dict(workers), dict(reasons)
    while True:
        lost = {name: need for name, worker in running.items() if (need := _missing(worker, running))}
        if not lost:
            return [running[name] for name in sorted(running)], left_out
        for name, need in lost.items():
            del running[name]
            left_out[name] = f"it needs the Worker {need}, which does not run here"


def _missing(worker: WorkerConfig, running: Mapping[str, WorkerConfig]) -> str | None:
    needed = [binding.service for binding in worker.services]
    needed += [binding.script for binding in worker.durable if binding.script]
    return next((name for name in needed if name not in running), None)


def _by_type(bindings: Sequence[Binding]) -> dict[str, list[Binding]]:
    found: dict[str, list[Binding]] = {kind: [] for kind in EMULATED}
    for binding in bindings:
        if binding["type"] not in EMULATED:
            raise CannotRun(
                f"its binding {binding['name']} is of the type {binding['type']}, which is not emulated"
            )
        found[binding["type"]].append(binding)
    return found


def _texts(by_type: Mapping[str, Sequence[Binding]]) -> dict[str, Any]:
    texts: dict[str, Any] = {one["name"]: one["text"] for one in by_type["plain_text"]}
    return {**texts, **{one["name"]: one["json"] for one in by_type["json"]}}


def _assets(version: Version, root: Path, bindings: Sequence[Binding]) -> AssetsConfig | None:
    if "assets" not in version.runtime:
        return None
    config = version.runtime["assets"]["config"]
    first = config.get("run_worker_first") or False
    return AssetsConfig(
        root / ASSETS,
        bindings[0]["name"] if bindings else None,
        config.get("html_handling") or "auto-trailing-slash",
        config.get("not_found_handling") or "none",
        first if isinstance(first, bool) else tuple(first),
    )
