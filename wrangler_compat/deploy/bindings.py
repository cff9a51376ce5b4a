"""The bindings of an upload: from wrangler's sections to `bindings` of its metadata.

Unlike `wrangler_compat.config.bindings`, which says what `edge dev` emulates, this knows every kind that
Cloudflare takes.

Source: wrangler's binding-utils.ts and create-worker-upload-form.ts; spec wrangler.md section 7.6.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from edge.errors import ConfigError
from wrangler_compat.config.diagnostics import shown


@dataclass(frozen=True, slots=True)
class Binding:
    """One binding: what is sent, and how it is shown. `label` is its `kind` (a type of the metadata) in
    wrangler's words."""

    name: str
    label: str
    sent: Mapping[str, Any]
    shown: str = ""
    kind: str = ""

    @property
    def needs_resource(self) -> bool:
        """Whether the configuration does not say what is bound: it has to be bound already."""
        return bool(self.sent["type"] == "inherit")


@dataclass(frozen=True, slots=True)
class _Kind:
    """A section whose entries are bindings. `fields` maps names of the metadata to the configuration's;
    `id_field` names the resource, and without it the binding is inherited."""

    key: str
    type: str
    label: str
    fields: Mapping[str, str] = field(default_factory=dict)
    name_field: str = "binding"
    id_field: str | None = None
    shown: str = ""


def _same(*names: str) -> dict[str, str]:
    return {name: name for name in names}


#: In the order in which wrangler sends them.
_KINDS = (
    _Kind("kv_namespaces", "kv_namespace", "KV Namespace", {"namespace_id": "id"}, id_field="id", shown="id"),
    _Kind("send_email", "send_email", "Send Email",
          _same("destination_address", "allowed_destination_addresses", "allowed_sender_addresses"), "name",
          shown="destination_address"),
    _Kind("durable_objects.bindings", "durable_object_namespace", "Durable Object",
          _same("class_name", "script_name", "environment"), "name", shown="class_name"),
    _Kind("workflows", "workflow", "Workflow",
          {"workflow_name": "name", **_same("class_name", "script_name")}, shown="class_name"),
    _Kind("queues.producers", "queue", "Queue", {"queue_name": "queue", **_same("delivery_delay")},
          id_field="queue", shown="queue"),
    _Kind("r2_buckets", "r2_bucket", "R2 Bucket", _same("bucket_name", "jurisdiction"),
          id_field="bucket_name", shown="bucket_name"),
    _Kind("d1_databases", "d1", "D1 Database", {"id": "database_id"}, id_field="database_id",
          shown="database_name"),
    _Kind("vectorize", "vectorize", "Vectorize Index", _same("index_name"), shown="index_name"),
    _Kind("ai_search_namespaces", "ai_search_namespace", "AI Search Namespace", _same("namespace"),
          id_field="namespace", shown="namespace"),
    _Kind("ai_search", "ai_search", "AI Search Instance", _same("instance_name"), shown="instance_name"),
    _Kind("agent_memory", "agent_memory", "Agent Memory", _same("namespace"), id_field="namespace",
          shown="namespace"),
    _Kind("hyperdrive", "hyperdrive", "Hyperdrive Config", _same("id"), shown="id"),
    _Kind("secrets_store_secrets", "secrets_store_secret", "Secrets Store Secret",
          _same("store_id", "secret_name"), shown="secret_name"),
    _Kind("artifacts", "artifacts", "Artifacts", _same("namespace"), shown="namespace"),
    _Kind("unsafe_hello_world", "unsafe_hello_world", "Hello World", _same("enable_timer")),
    _Kind("flagship", "flagship", "Flagship", _same("app_id"), id_field="app_id", shown="app_id"),
    _Kind("ratelimits", "ratelimit", "Rate Limit", _same("namespace_id", "simple"), "name",
          shown="namespace_id"),
    _Kind("vpc_services", "vpc_service", "VPC Service", _same("service_id"), shown="service_id"),
    _Kind("vpc_networks", "vpc_network", "VPC Network", _same("tunnel_id", "network_id")),
    _Kind("services", "service", "Worker", _same("service", "environment", "entrypoint", "props"),
          shown="service"),
    _Kind("analytics_engine_datasets", "analytics_engine", "Analytics Engine Dataset", _same("dataset"),
          shown="dataset"),
    _Kind("mtls_certificates", "mtls_certificate", "mTLS Certificate", _same("certificate_id"),
          shown="certificate_id"),
    _Kind("pipelines", "pipelines", "Pipeline", _same("pipeline", "stream"), shown="pipeline"),
    _Kind("worker_loaders", "worker_loader", "Worker Loader"),
    _Kind("browser", "browser", "Browser Rendering"),
    _Kind("ai", "ai", "AI", _same("staging")),
    _Kind("images", "images", "Images"),
    _Kind("stream", "stream", "Stream"),
    _Kind("media", "media", "Media"),
    _Kind("version_metadata", "version_metadata", "Worker Version Metadata"),
)  # fmt: skip

#: Sections that are bindings, and that this upload does not know how to send.
REFUSED = frozenset({"dispatch_namespaces", "wasm_modules", "text_blobs", "data_blobs", "unsafe", "connect"})


def upload_bindings(
    settings: Mapping[str, Any],
    *,
    overrides: Mapping[str, str],
    secrets: Mapping[str, str],
) -> list[Binding]:
    """All bindings of an environment's `settings`. `overrides` are variables of the command line,
    `secrets` go with the upload. Raises ConfigError for what are no bindings."""
    variables: Mapping[str, Any] = {**settings.get("vars", {}), **overrides}
    texts = {name: value for name, value in variables.items() if isinstance(value, str)}
    found = [_text(name, value, name in overrides) for name, value in texts.items() if name not in secrets]
    found += [
        _json(name, value) for name, value in variables.items() if name not in texts and name not in secrets
    ]
    found += [_secret(name, value) for name, value in secrets.items()]
    for kind in _KINDS:
        found += [_bound(kind, entry) for entry in _entries(settings, kind.key)]
    assets = settings.get("assets", {}).get("binding")
    if assets:
        found.append(Binding(assets, "Assets", {"name": assets, "type": "assets"}))
    return found


def _text(name: str, value: str, hidden: bool) -> Binding:
    sent = {"name": name, "type": "plain_text", "text": value}
    return Binding(name, "Environment Variable", sent, "hidden" if hidden else _cut(value))


def _json(name: str, value: Any) -> Binding:
    return Binding(name, "Environment Variable", {"name": name, "type": "json", "json": value}, _cut(value))


def _secret(name: str, value: str) -> Binding:
    return Binding(name, "Secret", {"name": name, "type": "secret_text", "text": value}, "hidden")


def _bound(kind: _Kind, entry: Any) -> Binding:
    name = entry.get(kind.name_field) if isinstance(entry, Mapping) else None
    if not isinstance(name, str):
        raise ConfigError(
            f'"{kind.key}" bindings should have a string "{kind.name_field}" field but got {shown(entry)}.'
        )
    resource = str(entry.get(kind.shown, ""))
    if "script_name" in entry:
        resource += f", defined in {entry['script_name']}"
    if kind.id_field is not None and kind.id_field not in entry:
        return Binding(name, kind.label, {"name": name, "type": "inherit"}, resource, kind.type)
    given = {sent: entry[own] for sent, own in kind.fields.items() if own in entry}
    return Binding(name, kind.label, {"name": name, "type": kind.type, **given}, resource, kind.type)


def _entries(settings: Mapping[str, Any], key: str) -> list[Any]:
    """A section is a list of bindings, or one."""
    section, _, part = key.partition(".")
    found = settings.get(section)
    if part and isinstance(found, Mapping):
        found = found.get(part)
    if not found:
        return []
    if not isinstance(found, (list, Mapping)):
        raise ConfigError(f'The field "{key}" should be an array or an object but got {shown(found)}.')
    return found if isinstance(found, list) else [found]


def _cut(value: Any, length: int = 40) -> str:
    text = json.dumps(value, ensure_ascii=False)
    return text if len(text) <= length else f"{text[: length - 3]}..."
