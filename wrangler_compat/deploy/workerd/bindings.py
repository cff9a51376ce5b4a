"""Bindings in workerd's words. What it has no service for is refused.

Source: workerd.capnp, struct `Binding`; the headers of workerd's bundled modules (1.20261117).
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from edge.errors import UnsupportedError
from wrangler_compat.deploy.bindings import Binding
from wrangler_compat.deploy.plan import Plan

#: The fields that name a resource.
_IDS = {"kv_namespace": "namespace_id", "r2_bucket": "bucket_name", "d1": "id", "queue": "queue_name"}
Sent = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Bound:
    """The bindings of the Worker, and the stores they lead to."""

    bindings: tuple[dict[str, Any], ...]
    stores: frozenset[str]


def service_name(name: str) -> str:
    """What a service of ours is called; no Worker has a name with a slash."""
    return f"edge/{name}"


def bind(plan: Plan, *, allow_unsupported: bool) -> tuple[Bound, list[str]]:
    """The bindings of `plan` in workerd's words, and warnings. Raises UnsupportedError for others, unless
    `allow_unsupported` leaves them out."""
    found: list[dict[str, Any]] = []
    stores: set[str] = set()
    missing = [f"the container {container['name']}" for container in plan.containers]
    for binding in plan.bindings:
        made = _made(_with_id(binding), plan)
        if made is None:
            missing.append(f"{binding.name} ({binding.label})")
            continue
        value, store = made
        found.append({"name": binding.name, **value})
        stores |= {store} if store else set()
    found += [{"name": name, "fromEnvironment": name} for name in plan.missing_secrets]
    if plan.project.settings.get("queues", {}).get("consumers"):
        stores.add("queues")
    text = f"workerd has nothing for {', '.join(missing)}"
    if missing and not allow_unsupported:
        raise UnsupportedError(f"{text} (docs/deploy.md). Give --allow-unsupported to leave this out.")
    return Bound(tuple(found), frozenset(stores)), [f"{text}: left out."] if missing else []


def _with_id(binding: Binding) -> Sent:
    """What names no resource gets one of its own here, by the name of the binding, as in dev."""
    if not binding.needs_resource:
        return binding.sent
    return {**binding.sent, "type": binding.kind, _IDS.get(binding.kind, "id"): binding.name}


def _made(sent: Sent, plan: Plan) -> tuple[dict[str, Any], str | None] | None:
    maker = _MAKERS.get(sent["type"])
    return None if maker is None else maker(sent, plan)


def _kv(sent: Sent, plan: Plan) -> tuple[dict[str, Any], str]:
    return {"kvNamespace": _designator("kv", namespace=sent["namespace_id"])}, "kv"


def _r2(sent: Sent, plan: Plan) -> tuple[dict[str, Any], str]:
    return {"r2Bucket": _designator("r2", bucket=sent["bucket_name"])}, "r2"


def _d1(sent: Sent, plan: Plan) -> tuple[dict[str, Any], str]:
    fetcher = {"name": "fetcher", "service": _designator("d1", database=sent["id"])}
    return {"wrapped": {"moduleName": "cloudflare-internal:d1-api", "innerBindings": [fetcher]}}, "d1"


def _queue(sent: Sent, plan: Plan) -> tuple[dict[str, Any], str]:
    return {"queue": _designator("queues", queue=sent["queue_name"])}, "queues"


def _durable(sent: Sent, plan: Plan) -> tuple[dict[str, Any], None] | None:
    """Only of this Worker: another one is not in the configuration."""
    if sent.get("script_name", plan.name) != plan.name:
        return None
    return {"durableObjectNamespace": sent["class_name"]}, None


def _service(sent: Sent, plan: Plan) -> tuple[dict[str, Any], None] | None:
    if sent["service"] != plan.name:
        return None
    target: dict[str, Any] = {"name": sent["service"]}
    if "entrypoint" in sent:
        target["entrypoint"] = sent["entrypoint"]
    return {"service": {**target, "props": {"json": json.dumps(sent.get("props", {}))}}}, None


def _designator(service: str, **props: str) -> dict[str, Any]:
    return {"name": service_name(service), "props": {"json": json.dumps(props)}}


_ASSETS = {"name": service_name("assets"), "entrypoint": "AssetWorker"}
_MAKERS: dict[str, Callable[[Sent, Plan], tuple[dict[str, Any], str | None] | None]] = {
    "plain_text": lambda sent, plan: ({"text": sent["text"]}, None),
    "json": lambda sent, plan: ({"json": json.dumps(sent["json"])}, None),
    # A secret is not written to the folder.
    "secret_text": lambda sent, plan: ({"fromEnvironment": sent["name"]}, None),
    "assets": lambda sent, plan: (
        {"service": {"name": service_name("assets"), "entrypoint": "AssetWorker"}},
        None,
    ),
    "kv_namespace": _kv,
    "r2_bucket": _r2,
    "d1": _d1,
    "queue": _queue,
    "durable_object_namespace": _durable,
    "service": _service,
}
