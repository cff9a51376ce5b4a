"""The bindings of a version: what an upload names, and what it takes over from the version before. Pure.

Source: spec wrangler.md section 7.6; Cloudflare: "Multipart upload metadata" (`keep_bindings`, `inherit`).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from wrangler_compat.cloud.envelope import Refusal

Binding = dict[str, Any]

SECRET_TYPES = ("secret_text", "secret_key")
_HIDDEN = ("text", "key_base64", "key_jwk")


def resolved(
    uploaded: Sequence[Binding], before: Sequence[Binding], keep_types: Sequence[str] | None
) -> list[Binding]:
    """The bindings of a new version, after those of the version `before`.

    `inherit` takes over a binding by name; types in `keep_types` stay unless a new binding has their name.
    Without `keep_types` secrets stay: that is what a plain deploy relies on. Raises `Refusal` (10057) when
    there is nothing to inherit.
    """
    known = {binding["name"]: binding for binding in before}
    missing = [
        (10057, f"inherit binding '{binding['name']}' is invalid: there is no binding to inherit")
        for binding in uploaded
        if binding["type"] == "inherit" and _source(binding) not in known
    ]
    if missing:
        raise Refusal(400, *missing[0], more=missing[1:])
    bindings = [
        {**known[_source(binding)], "name": binding["name"]} if binding["type"] == "inherit" else binding
        for binding in uploaded
    ]
    taken = {binding["name"] for binding in bindings}
    kept = SECRET_TYPES if keep_types is None else keep_types
    return bindings + [old for old in before if old["type"] in kept and old["name"] not in taken]


def _source(binding: Binding) -> str:
    """The name of the binding that an `inherit` takes over."""
    return str(binding.get("old_name", binding["name"]))


def with_secrets(bindings: Sequence[Binding], secrets: Mapping[str, Binding | None]) -> list[Binding]:
    """`bindings` with secrets put and removed (None). Raises `Refusal` when a name is another binding's, or
    a secret to remove is not there."""
    for name, secret in secrets.items():
        old = next((binding for binding in bindings if binding["name"] == name), None)
        if old is not None and old["type"] not in SECRET_TYPES:
            raise Refusal(
                400,
                10053,
                f"Binding name '{name}' already in use. Please use a different name and try again.",
            )
        if secret is None and old is None:
            raise Refusal(404, 10056, f"Secret '{name}' not found")
    kept = [binding for binding in bindings if binding["name"] not in secrets]
    return kept + [secret for secret in secrets.values() if secret is not None]


def changed_secrets(before: Sequence[Binding], after: Sequence[Binding]) -> list[str]:
    """The names of secrets that differ between two versions."""
    old = {binding["name"]: binding for binding in before if binding["type"] in SECRET_TYPES}
    new = {binding["name"]: binding for binding in after if binding["type"] in SECRET_TYPES}
    return sorted(name for name in old.keys() | new.keys() if old.get(name) != new.get(name))


def shown(binding: Binding) -> Binding:
    """A binding as the API shows it: a secret keeps its value to itself."""
    if binding["type"] not in SECRET_TYPES:
        return binding
    return {name: value for name, value in binding.items() if name not in _HIDDEN}
