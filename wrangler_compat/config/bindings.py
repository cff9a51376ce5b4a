"""The bindings of a Worker: from wrangler's sections to `edge.config`.

Sources: spec wrangler.md sections 2 (texts), 3.3 (fields) and 5.1 (which id names the local data).
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from edge.config import DurableBinding, KvBinding, ServiceBinding
from wrangler_compat.config.diagnostics import MISSING, shown
from wrangler_compat.config.fields import Fields
from wrangler_compat.config.schema import FIELDS


def kv_bindings(fields: Fields) -> tuple[KvBinding, ...]:
    """`kv_namespaces`; the preview id names the data in dev, then the id, then the binding."""
    found = []
    for index, entry in fields.entries("kv_namespaces"):
        field = f'"kv_namespaces[{index}]"'
        name = entry.get("binding", MISSING)
        if not isinstance(name, str):
            fields.error(f'{field} bindings should have a string "binding" field but got {shown(entry)}.',
                         "kv_namespaces", index)  # fmt: skip
            continue
        ids = [entry.get(key, MISSING) for key in ("preview_id", "id")]
        for key, value in zip(("preview_id", "id"), ids, strict=True):
            if value is not MISSING and (not isinstance(value, str) or not value):
                fields.error(f'{field} bindings should have a string "{key}" field but got {shown(entry)}.',
                             "kv_namespaces", index)  # fmt: skip
        fields.warn_unexpected(entry, FIELDS["kv_namespaces"], "kv_namespaces", index)
        refuse_remote(fields, "kv_namespaces", index, entry)
        found.append(KvBinding(name, next((value for value in ids if isinstance(value, str)), name)))
    return tuple(found)


def durable_bindings(fields: Fields) -> tuple[DurableBinding, ...]:
    """`durable_objects.bindings`."""
    section = fields.raw("durable_objects")
    if section is MISSING:
        return ()
    if not isinstance(section, dict):
        fields.error(
            f'The field "durable_objects" should be an object but got {shown(section)}.', "durable_objects"
        )
        return ()
    if "bindings" not in section:
        fields.error(
            'The field "durable_objects" is missing the required "bindings" property.', "durable_objects"
        )
        return ()
    if not isinstance(section["bindings"], list):
        fields.error(
            f'The field "durable_objects.bindings" should be an array but got {shown(section["bindings"])}.',
            "durable_objects",
            "bindings",
        )
        return ()
    entries = enumerate(section["bindings"])
    return tuple(
        binding for index, entry in entries if (binding := _durable(fields, index, entry)) is not None
    )


def _durable(fields: Fields, index: int, entry: Any) -> DurableBinding | None:
    place = ("bindings", index)
    group = f'"durable_objects.bindings[{index}]": {shown(entry)}'
    found = entry if isinstance(entry, dict) else {}
    name, class_name, script = (found.get(key, MISSING) for key in ("name", "class_name", "script_name"))
    problems = []
    if not isinstance(name, str):
        problems.append('binding should have a string "name" field.')
    if not isinstance(class_name, str):
        problems.append('binding should have a string "class_name" field.')
    if script is not MISSING and not isinstance(script, str):
        problems.append('the field "script_name", when present, should be a string.')
    if "environment" in found and script is MISSING:
        problems.append('binding should have a "script_name" field if "environment" is present.')
    if problems:
        fields.error(
            "\n".join([group, *(f"  - {problem}" for problem in problems)]), "durable_objects", *place
        )
        return None
    fields.warn_unexpected(found, FIELDS["durable_objects.bindings"], "durable_objects", *place)
    return DurableBinding(found["name"], found["class_name"], script if isinstance(script, str) else None)


def service_bindings(fields: Fields) -> tuple[ServiceBinding, ...]:
    """`services`; a Worker named in none of the configurations is refused when the world starts."""
    found = []
    for index, entry in fields.entries("services"):
        name, service = entry.get("binding", MISSING), entry.get("service", MISSING)
        field = f'"services[{index}]"'
        if not isinstance(name, str):
            fields.error(f'{field} bindings should have a string "binding" field but got {shown(entry)}.',
                         "services", index)  # fmt: skip
            continue
        if not isinstance(service, str):
            fields.error(f'{field} bindings should have a string "service" field but got {shown(entry)}.',
                         "services", index)  # fmt: skip
            continue
        entrypoint, props = entry.get("entrypoint"), entry.get("props", {})
        if entrypoint is not None and not isinstance(entrypoint, str):
            fields.error(f'{field} bindings should have a string "entrypoint" field but got {shown(entry)}.',
                         "services", index)  # fmt: skip
            continue
        fields.warn_unexpected(entry, FIELDS["services"], "services", index)
        refuse_remote(fields, "services", index, entry)
        found.append(ServiceBinding(name, service, entrypoint, props if isinstance(props, dict) else {}))
    return tuple(found)


def refuse_remote(fields: Fields, key: str, index: int, entry: dict[str, Any]) -> None:
    """Say that a binding to what is on Cloudflare is not emulated."""
    if entry.get("remote"):
        fields.error(
            f'"{key}[{index}]" has "remote": true, and remote bindings are not emulated.', key, index
        )


def check_unique(fields: Fields, named: Iterable[tuple[str, str]]) -> None:
    """Every name once. `named` holds (binding name, kind in wrangler's words)."""
    kinds: dict[str, list[str]] = {}
    for name, kind in named:
        kinds.setdefault(name, []).append(kind)
    clashes = {name: found for name, found in kinds.items() if len(found) > 1}
    if not clashes:
        return
    for name, found in clashes.items():
        fields.diagnostics.error(_clash(name, found))
    fields.diagnostics.error(
        "Bindings must have unique names, so that they can all be referenced in the worker.\n"
        "Please change your bindings to have unique names."
    )


def _clash(name: str, kinds: list[str]) -> str:
    distinct = sorted(set(kinds))
    if len(distinct) == 1:
        return f"{name} assigned to multiple {distinct[0]} bindings."
    if len(distinct) == 2:
        return f"{name} assigned to {distinct[0]} and {distinct[1]} bindings."
    return f"{name} assigned to {', '.join(distinct[:-1])}, and {distinct[-1]} bindings."
