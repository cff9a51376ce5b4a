"""The services of a configuration: the Worker, what stores its data, and what calls it.

workerd has KV, D1, queues, cron triggers and static assets of its own (`bundled` modules and `assets`
services); R2 is a Worker that edge adds.

Source: workerd.capnp and the headers of workerd's bundled modules (1.20261117).
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import Any

from wrangler_compat.deploy.assets import asset_settings
from wrangler_compat.deploy.bundle import Module
from wrangler_compat.deploy.plan import Plan
from wrangler_compat.deploy.workerd.bindings import Bound, bind, service_name
from wrangler_compat.deploy.workerd.capnp import Embed

MODULES, ASSETS, STORAGE, DATA = "src", "assets", "storage", "data"
#: What the bundled Workers are written for.
_DATE = "2026-11-17"
_FIELDS = {
    "PythonModule": "pythonModule",
    "ESModule": "esModule",
    "CommonJS": "commonJsModule",
    "CompiledWasm": "wasm",
    "Text": "text",
    "Data": "data",
}


@dataclass(frozen=True, slots=True)
class Store:
    """A Worker that keeps data in objects of its own: a bundled `module`, or files that edge adds (`more`
    besides `module`)."""

    name: str
    class_name: str
    binding: str
    module: str
    more: tuple[str, ...] = ()
    blobs: str | None = None
    flags: tuple[str, ...] = ()


KV = Store("kv", "KVNamespace", "SHARD", "/workerd/kv.js", blobs="BLOBS")
D1 = Store("d1", "D1Database", "DATABASE", "/workerd/d1.js")
QUEUES = Store(
    "queues", "QueueShard", "SHARD", "/workerd/queues.js", flags=("service_binding_extra_handlers",)
)
CRON = Store("cron", "Schedule", "SCHEDULE", "/workerd/cron.js", flags=("service_binding_extra_handlers",))
R2 = Store("r2", "Bucket", "BUCKET", "r2.js", more=("r2_protocol.js",))
_BY_NAME = {store.name: store for store in (KV, D1, QUEUES, R2)}


def configuration(plan: Plan, address: str, *, allow_unsupported: bool) -> tuple[dict[str, Any], list[str]]:
    """The value of type `Config` for `plan`, listening on `address`, and warnings. Raises UnsupportedError
    for bindings that workerd does not have, unless `allow_unsupported` leaves them out."""
    bound, warnings = bind(plan, allow_unsupported=allow_unsupported)
    services = [_worker(plan, bound)] if plan.bundle.main is not None else []
    if plan.project.worker.durable_classes and services:
        services.append(_disk("objects"))
    for name in sorted(bound.stores):
        services += _store(_BY_NAME[name], _more(_BY_NAME[name], plan))
    if plan.triggers.crons:
        crons = [{"name": "CRONS", "json": json.dumps({"WORKER": list(plan.triggers.crons)})}]
        services += _store(CRON, [*crons, {"name": "WORKER", "service": plan.name}])
    if plan.project.worker.assets is not None:
        services.append(_assets(plan))
    front = service_name(ASSETS) if plan.project.worker.assets is not None else plan.name
    socket = {"name": "http", "address": address, "http": {}, "service": front}
    return {"services": services, "sockets": [socket]}, warnings


def data_folders(config: Mapping[str, Any]) -> list[str]:
    """The folders that have to be there before workerd starts."""
    return [service["disk"]["path"] for service in config["services"] if "disk" in service]


def _worker(plan: Plan, bound: Bound) -> dict[str, Any]:
    settings, worker = plan.project.settings, plan.project.worker
    namespaces = [
        {
            "className": name,
            # The first name of a class that was renamed: where wrangler keeps its data, too.
            "uniqueKey": f"{plan.name}-{worker.former_names.get(name, name)}",
            "enableSql": sqlite,
        }
        for name, sqlite in worker.durable_classes.items()
    ]
    found: dict[str, Any] = {
        "modules": [_module(module) for module in plan.bundle.modules],
        "compatibilityDate": settings["compatibility_date"],
        "compatibilityFlags": list(settings.get("compatibility_flags", [])),
        "bindings": list(bound.bindings),
    }
    if namespaces:
        found |= {
            "durableObjectNamespaces": namespaces,
            "durableObjectStorage": {"localDisk": service_name("objects")},
        }
    return {"name": plan.name, "worker": found}


def _module(module: Module) -> dict[str, Any]:
    path = module.name if module.is_vendored else f"{MODULES}/{module.name}"
    return {"name": module.name, _FIELDS[module.kind]: Embed(path)}


def _store(store: Store, more: list[dict[str, Any]]) -> list[dict[str, Any]]:
    name = PurePosixPath(store.module).name
    module = (
        {"bundled": store.module}
        if store.module.startswith("/")
        else {"esModule": Embed(f"{STORAGE}/{name}")}
    )
    bindings = [{"name": store.binding, "durableObjectNamespace": store.class_name}, *more]
    if store.blobs is not None:
        bindings.append({"name": store.blobs, "service": service_name(f"{store.name}-blobs")})
    worker = {
        "modules": [{"name": name, **module}, *map(_added, store.more)],
        "compatibilityDate": _DATE,
        "compatibilityFlags": list(store.flags),
        "bindings": bindings,
        "durableObjectNamespaces": [
            {"className": store.class_name, "uniqueKey": f"edge-{store.name}", "enableSql": True}
        ],
        "durableObjectStorage": {"localDisk": service_name(f"{store.name}-objects")},
    }
    disks = [_disk(f"{store.name}-objects"), *([_disk(f"{store.name}-blobs")] if store.blobs else [])]
    return [{"name": service_name(store.name), "worker": worker}, *disks]


def _added(name: str) -> dict[str, Any]:
    return {"name": name, "esModule": Embed(f"{STORAGE}/{name}")}


def _disk(name: str) -> dict[str, Any]:
    return {"name": service_name(name), "disk": {"path": f"{DATA}/{name}", "writable": True}}


def _more(store: Store, plan: Plan) -> list[dict[str, Any]]:
    """Queues are told who takes their messages."""
    if store is not QUEUES:
        return []
    names = {
        "max_batch_size": "maxBatchSize",
        "max_batch_timeout": "maxBatchTimeout",
        "max_retries": "maxRetries",
        "dead_letter_queue": "deadLetterQueue",
        "retry_delay": "retryDelay",
        "max_concurrency": "maxConcurrency",
    }
    consumers = {
        entry["queue"]: {"consumer": "WORKER", **{names[key]: entry[key] for key in names if key in entry}}
        for entry in plan.project.settings.get("queues", {}).get("consumers", ())
    }
    return [{"name": "CONSUMERS", "json": json.dumps(consumers)}, {"name": "WORKER", "service": plan.name}]


def _assets(plan: Plan) -> dict[str, Any]:
    assets = plan.project.worker.assets
    assert assets is not None, "only for projects with static files"
    settings = asset_settings(assets, plan.project.settings["assets"])
    names = {"_headers": "headers", "_redirects": "redirects"}
    service: dict[str, Any] = {
        "path": ASSETS,
        "config": json.dumps({names.get(name, name): value for name, value in settings.items()}),
    }
    if plan.bundle.main is not None:
        service["userWorker"] = plan.name
    else:
        service["compatibilityDate"] = plan.project.settings["compatibility_date"]
    return {"name": service_name(ASSETS), "assets": service}
