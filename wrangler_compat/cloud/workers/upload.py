"""What a client uploads: metadata, and the modules of a Worker. Nothing here is stored.

Source: spec wrangler.md section 7.6, "Upload"; Cloudflare: "Multipart upload metadata".
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from edge.http.blob import File
from wrangler_compat.cloud.envelope import Refusal

#: Keys of the metadata that are not kept with the version as they are.
_ELSEWHERE = {"bindings", "annotations", "migrations", "exports", "keep_bindings", "keep_assets"}


@dataclass(frozen=True, slots=True)
class Module:
    """A file of a Worker, under the name by which others import it."""

    name: str
    type: str
    content: bytes


@dataclass(frozen=True, slots=True)
class Upload:
    """An upload that is whole and sound by itself; whether it fits the account is looked at later."""

    metadata: Mapping[str, Any]
    modules: Sequence[Module]

    @property
    def bindings(self) -> Sequence[dict[str, Any]]:
        found: Sequence[dict[str, Any]] = self.metadata.get("bindings") or ()
        return found

    @property
    def annotations(self) -> dict[str, str]:
        given = self.metadata.get("annotations") or {}
        return {name: value for name, value in given.items() if value is not None}

    @property
    def runtime(self) -> dict[str, Any]:
        """How the version runs: main module, compatibility date and flags, limits, assets…"""
        return {name: value for name, value in self.metadata.items() if name not in _ELSEWHERE}

    @property
    def etag(self) -> str:
        digest = hashlib.sha256()
        for module in self.modules:
            digest.update(f"{module.name}\0{module.type}\0{len(module.content)}\0".encode())
            digest.update(module.content)
        return digest.hexdigest()


def parse_upload(form: Sequence[tuple[str, str | File]]) -> Upload:
    """The upload in a form. Raises `Refusal` (10021) for what cannot be a Worker."""
    metadata = _metadata(dict(form).get("metadata"))
    modules = [_module(name, part) for name, part in form if name != "metadata"]
    upload = Upload(metadata, modules)
    _check_bindings(metadata.get("bindings"))
    main = metadata.get("main_module") or metadata.get("body_part")
    if main is None and "assets" not in metadata:
        raise invalid("the metadata must name a 'main_module' or a 'body_part'")
    if main is not None and main not in {module.name for module in modules}:
        raise invalid(f'No such module "{main}".')
    names = [module.name for module in modules]
    twice = next((name for name in names if names.count(name) > 1), None)
    if twice is not None:
        raise invalid(f'the module "{twice}" was uploaded twice')
    return upload


def invalid(message: str) -> Refusal:
    """The refusal of an upload that no Worker can be made of."""
    return Refusal(400, 10021, message)


def _metadata(part: str | File | None) -> dict[str, Any]:
    if part is None:
        raise invalid("the upload lacks the part 'metadata'")
    try:
        found = json.loads(part.data if isinstance(part, File) else part)
    except ValueError:
        raise invalid("the metadata is not valid JSON") from None
    if not isinstance(found, dict):
        raise invalid("the metadata must be a JSON object")
    return found


def _module(name: str, part: str | File) -> Module:
    if isinstance(part, str):
        return Module(name, "text/plain", part.encode())
    # wrangler gives each part the module's name, the official Python package calls them all "files".
    return Module(part.name or name, part.type or "application/octet-stream", part.data)


def _check_bindings(bindings: Any) -> None:
    if bindings is None:
        return
    sound = isinstance(bindings, list) and all(
        isinstance(binding, dict)
        and isinstance(binding.get("name"), str)
        and isinstance(binding.get("type"), str)
        for binding in bindings
    )
    if not sound:
        raise invalid("bindings must be an array of objects with a 'name' and a 'type'")
    names = [binding["name"] for binding in bindings]
    for name in names:
        if names.count(name) > 1:
            raise invalid(f"binding name '{name}' already in use. Please use a different name and try again.")
    for binding in bindings:
        if binding["type"] == "d1" and not (binding.get("id") or binding.get("database_id")):
            raise invalid(f"binding {binding['name']} of type d1 must have a valid `id` specified")
