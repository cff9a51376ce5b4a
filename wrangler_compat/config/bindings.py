"""The bindings of a Worker: from wrangler's sections to `edge.config`.

Sources: spec wrangler.md sections 2 (texts), 3.3 (fields) and 5.1 (which id names the local data).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

from edge.config import DurableBinding, KvBinding, ServiceBinding
from wrangler_compat.config.diagnostics import MISSING, Diagnostics, shown
from wrangler_compat.config.fields import Fields
from wrangler_compat.config.schema import FIELDS
from wrangler_compat.config.section import Section


def kv_bindings(fields: Fields) -> tuple[KvBinding, ...]:
    """`kv_namespaces`; the preview id names the data in dev, then the id, then the binding."""
    found = []
    for index, entry in fields.entries("kv_namespaces"):
        section = Section(fields, "kv_namespaces", index, entry)
        name = section.required("binding", 'bindings should have a string "binding" field')
        if entry.get("id", MISSING) == "":
            section.wrong('bindings should have a string "id" field')
        section.optional("id", 'bindings should have a string "id" field')
        section.optional("preview_id")
        section.close()
        if name is not None:
            found.append(KvBinding(name, section.first("preview_id", "id") or name))
    return tuple(found)


def durable_bindings(fields: Fields) -> tuple[DurableBinding, ...]:
    """`durable_objects.bindings`."""
    section = fields.table("durable_objects")
    fields.warn_unexpected(section, FIELDS["durable_objects"], "durable_objects")
    entries = section.get("bindings", [])
    if not isinstance(entries, list):
        name = fields.named("durable_objects", "bindings")
        fields.error(
            f'The field "{name}" should be an array but got {shown(entries)}.', "durable_objects", "bindings"
        )
        return ()
    found = [_durable(fields, index, entry) for index, entry in enumerate(entries)]
    return tuple(binding for binding in found if binding is not None)


def _durable(fields: Fields, index: int, entry: Any) -> DurableBinding | None:
    place = ("bindings", index)
    group = f'"{fields.named("durable_objects", *place)}": {shown(entry)}'
    problems = _durable_problems(entry, fields.named("durable_objects", *place))
    if problems:
        lines = [group, *(f"  - {problem}" for problem in problems)]
        fields.error("\n".join(lines), "durable_objects", *place)
        return None
    unexpected = [name for name in entry if name not in FIELDS["durable_objects.bindings"]]
    if unexpected:
        names = ",".join(f'"{name}"' for name in unexpected)
        text = f"Unexpected fields found in {fields.named('durable_objects', *place)} field: {names}"
        fields.warn(f"{group}\n  - {text}", "durable_objects", *place)
    script = entry.get("script_name")
    return DurableBinding(entry["name"], entry["class_name"], script)


def _durable_problems(entry: Any, field: str) -> list[str]:
    if not isinstance(entry, dict):
        return [f'Expected "{field}" to be an object but got {shown(entry)}']
    found = [
        f'binding should have a string "{key}" field.'
        for key in ("name", "class_name")
        if not isinstance(entry.get(key), str)
    ]
    found += [
        f'the field "{key}", when present, should be a string.'
        for key in ("script_name", "environment")
        if key in entry and not isinstance(entry[key], str)
    ]
    if "environment" in entry and "script_name" not in entry:
        found.append('binding should have a "script_name" field if "environment" is present.')
    return found


def service_bindings(fields: Fields) -> tuple[ServiceBinding, ...]:
    """`services`; a Worker named in none of the configurations is refused when the world starts."""
    found = []
    for index, entry in fields.entries("services"):
        section = Section(fields, "services", index, entry)
        name = section.required("binding", 'bindings should have a string "binding" field')
        service = section.required("service", 'bindings should have a string "service" field')
        section.optional("environment", 'bindings should have a string "environment" field')
        section.optional("entrypoint", 'bindings should have a string "entrypoint" field')
        section.close()
        entrypoint, props = entry.get("entrypoint"), entry.get("props", {})
        if name is not None and service is not None and not isinstance(entrypoint, (int, list, dict)):
            found.append(ServiceBinding(name, service, entrypoint, props if isinstance(props, dict) else {}))
    return tuple(found)


def check_unique(named: Iterable[tuple[str, str]], diagnostics: Diagnostics) -> None:
    """Every name once. `named` holds (binding name, kind in wrangler's words) in wrangler's order."""
    kinds: dict[str, list[str]] = {}
    for name, kind in named:
        kinds.setdefault(name, []).append(kind)
    clashes = {name: found for name, found in kinds.items() if len(found) > 1}
    if not clashes:
        return
    for name, found in clashes.items():
        for text in _clash(name, found):
            diagnostics.error(text)
    diagnostics.error(
        "Bindings must have unique names, so that they can all be referenced in the worker.\n"
        "Please change your bindings to have unique names."
    )


def _clash(name: str, kinds: list[str]) -> Iterator[str]:
    distinct = list(dict.fromkeys(kinds))
    if len(distinct) == 2:
        yield f"{name} assigned to {distinct[0]} and {distinct[1]} bindings."
    elif len(distinct) > 2:
        yield f"{name} assigned to {', '.join(distinct[:-1])}, and {distinct[-1]} bindings."
    for kind in distinct:
        if kinds.count(kind) > 1:
            yield f"{name} assigned to multiple {kind} bindings."
