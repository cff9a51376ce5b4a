"""Durable Object namespaces: what a class's objects are known by outside of its Worker. Pure.

Source: Cloudflare API, "Durable Objects: list namespaces".
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from wrangler_compat.cloud.workers.bindings import Binding
from wrangler_compat.cloud.workers.script import Script


def namespace_id(script: Script, class_name: str) -> str:
    """The id of the namespace of a class that `script` has; it stays when the class is renamed."""
    first_name = script.classes[class_name].first_name
    return hashlib.sha256(f"{script.account_id} {script.tag} {first_name}".encode()).hexdigest()[:32]


def namespaces_of(script: Script) -> Iterator[dict[str, Any]]:
    """The namespaces of a Worker, as the API lists them."""
    for class_name, found in script.classes.items():
        yield {
            "id": namespace_id(script, class_name),
            "name": f"{script.name}_{class_name}",
            "script": script.name,
            "class": class_name,
            "use_sqlite": found.sqlite,
        }


def class_of(scripts: Sequence[Script], wanted_id: str) -> tuple[Script, str] | None:
    """The Worker and the class behind a namespace's id."""
    for script in scripts:
        for class_name in script.classes:
            if namespace_id(script, class_name) == wanted_id:
                return script, class_name
    return None


def with_namespace(script: Script, binding: Binding) -> Mapping[str, Any]:
    """A version's binding with the id of the namespace, when it leads to a class of its own Worker."""
    own = binding.get("script_name") in (None, script.name) and binding.get("class_name") in script.classes
    if binding["type"] != "durable_object_namespace" or not own:
        return binding
    return {**binding, "namespace_id": namespace_id(script, binding["class_name"])}
