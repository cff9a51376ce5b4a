"""What bindings lead to: it must be there, and it knows who uses it.

Source: spec wrangler.md section 7.6; the codes are those of Cloudflare's own refusals where known.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from wrangler_compat.cloud.catalogue import Catalogue
from wrangler_compat.cloud.envelope import Refusal
from wrangler_compat.cloud.workers.bindings import Binding
from wrangler_compat.cloud.workers.script import Script, Scripts

if TYPE_CHECKING:
    from wrangler_compat.cloud.workers.workers import Workers


def check_references(
    catalogue: Catalogue, scripts: Scripts, script: Script, bindings: Sequence[Binding]
) -> None:
    """Raises `Refusal` for a binding to a namespace, Worker or class that does not exist."""
    for binding in bindings:
        kind = binding["type"]
        if kind == "kv_namespace":
            _check_namespace(catalogue, script, binding.get("namespace_id"))
        elif kind == "r2_bucket":
            _check_bucket(catalogue, script, binding.get("bucket_name"))
        elif kind == "d1":
            _check_database(catalogue, script, binding)
        elif kind == "service":
            _check_service(scripts, script, binding)
        elif kind == "durable_object_namespace":
            _check_class(scripts, script, binding)


def _check_namespace(catalogue: Catalogue, script: Script, namespace_id: str | None) -> None:
    sql = "SELECT id FROM kv_namespaces WHERE account = ? AND id = ?"
    if catalogue.row(sql, script.account_id, namespace_id) is None:
        raise Refusal(400, 10041, f"KV namespace '{namespace_id}' not found.")


def _check_bucket(catalogue: Catalogue, script: Script, name: str | None) -> None:
    sql = "SELECT name FROM r2_buckets WHERE account = ? AND name = ?"
    if catalogue.row(sql, script.account_id, name) is None:
        raise Refusal(400, 10085, f"R2 bucket '{name}' not found. Please use a different name and try again.")


def _check_database(catalogue: Catalogue, script: Script, binding: Binding) -> None:
    database_id = binding.get("id") or binding.get("database_id")
    sql = "SELECT id FROM d1_databases WHERE account = ? AND id = ?"
    if catalogue.row(sql, script.account_id, database_id) is None:
        text = f"D1 binding '{binding['name']}' references database '{database_id}' which was not found."
        raise Refusal(400, 10181, text)


def _check_service(scripts: Scripts, script: Script, binding: Binding) -> None:
    name = binding.get("service")
    if name != script.name and (name is None or scripts.find(script.account_id, name) is None):
        raise Refusal(
            400,
            10143,
            f"Could not resolve service binding '{binding['name']}'. Target script '{name}' not found.",
        )


def _check_class(scripts: Scripts, script: Script, binding: Binding) -> None:
    class_name, owner_name = binding.get("class_name"), binding.get("script_name") or script.name
    owner = script if owner_name == script.name else scripts.find(script.account_id, owner_name)
    if owner is None or class_name not in owner.classes:
        raise Refusal(
            400,
            10061,
            f"Cannot create binding for class '{class_name}' because it is not currently configured to "
            f"implement Durable Objects. Did you forget to apply a --new-class migration for this class?",
        )


def users_of(workers: Workers, script: Script) -> dict[str, list[Binding]]:
    """The other Workers whose deployed version has bindings to `script`, with these bindings."""
    found: dict[str, list[Binding]] = {}
    for other in workers.scripts.all(script.account_id):
        version = workers.current(other)
        if other.key == script.key or version is None:
            continue
        used = [binding for binding in version.bindings if _leads_to(binding, script.name)]
        if used:
            found[other.name] = used
    return found


def _leads_to(binding: Binding, name: str) -> bool:
    by = {"service": "service", "durable_object_namespace": "script_name"}
    return binding.get(by.get(binding["type"], "")) == name
