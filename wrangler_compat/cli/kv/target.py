"""Which namespace a command means.

Source: wrangler 4.164, `kv key` and `kv bulk` with `--binding`, `--namespace-id` and `--preview`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from edge.errors import UserError


@dataclass(frozen=True, slots=True)
class Target:
    """A namespace, and how messages call it."""

    id: str
    shown: str


def target(
    bindings: Sequence[dict[str, Any]],
    binding: str | None,
    namespace_id: str | None,
    *,
    preview: bool | None,
    remote: bool = False,
) -> Target:
    """The namespace that the flags name; `bindings` are the entries of `kv_namespaces`. A binding without
    an id is local data by its own name, and nothing when `remote`. Raises UserError."""
    if namespace_id is not None:
        return Target(namespace_id, f'id: "{namespace_id}"')
    if not bindings:
        raise UserError(
            "No KV namespaces are configured in your wrangler config file. Use `--namespace-id` to specify "
            'the namespace directly, or add a "kv_namespaces" entry to your config.'
        )
    found = next((entry for entry in bindings if entry.get("binding") == binding), None)
    if found is None:
        known = ", ".join(f'"{entry.get("binding")}"' for entry in bindings)
        raise UserError(
            f'No KV namespace with binding "{binding}" was found in the "kv_namespaces" section of your '
            f"wrangler config. Check the binding name is correct, or use `--namespace-id` instead. "
            f"It has: {known}."
        )
    chosen = _chosen_id(found, f'binding "{binding}"', preview)
    if chosen is None and remote:
        raise UserError(
            f'No namespace ID is configured for binding "{binding}". Add an "id" to the "{binding}" entry in '
            'your config\'s "kv_namespaces" section, or use `--namespace-id` instead.'
        )
    chosen = chosen or str(binding)
    return Target(chosen, f'binding: "{binding}" (id: "{chosen}")')


def _chosen_id(entry: dict[str, Any], called: str, preview: bool | None) -> str | None:
    own, for_preview = entry.get("id"), entry.get("preview_id")
    if preview:
        if not for_preview:
            raise UserError(
                f'No preview namespace ID is configured for {called}. Add a "preview_id" to its entry in '
                'your config\'s "kv_namespaces" section, or use `--namespace-id` to specify a preview '
                "namespace directly."
            )
        return str(for_preview)
    if preview is None and own and for_preview:
        raise UserError(
            f'The {called} has both an "id" and a "preview_id" configured. Pass `--preview` to target the '
            "preview namespace, or `--no-preview` to target the production namespace."
        )
    if preview is None:
        own = own or for_preview
    return None if own is None else str(own)
