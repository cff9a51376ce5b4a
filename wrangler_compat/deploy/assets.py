"""The static files of an upload: which, and the hashes by which Cloudflare knows them.

Sources: spec wrangler.md section 7.6; wrangler's helpers/assets.ts and hash.ts.
"""

from __future__ import annotations

import base64
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

from edge.assets.manifest import Asset, Manifest
from edge.config import AssetsConfig
from edge.errors import UserError

SIZE_MAX_BYTES = 25 << 20
COUNT_MAX = 100_000
_HASH_DIGITS = 32
_PAGES_WORKER = "/_worker.js"


@dataclass(frozen=True)
class AssetFile:
    """One static file. `path` starts with a slash; `content_type` is None where the name tells none."""

    path: str
    file: Path
    size_bytes: int
    content_type: str | None

    @cached_property
    def hash(self) -> str:
        """What Cloudflare knows it by; read when it is asked for."""
        return asset_hash(self.file.read_bytes(), self.file.name)


def asset_files(config: AssetsConfig) -> list[AssetFile]:
    """The files of the directory, in order. Raises UserError for one that Cloudflare does not take."""
    manifest = Manifest(config.directory)
    if len(manifest) > COUNT_MAX:
        raise UserError(f"There are {len(manifest)} static files, and a Worker has at most {COUNT_MAX}.")
    found = [_asset(path, manifest[path]) for path in manifest.paths()]
    _refuse_pages_worker(config, found)
    return found


def asset_settings(config: AssetsConfig, configured: dict[str, Any]) -> dict[str, Any]:
    """`assets.config` of the upload: what the configuration says, and the two files of rules."""
    names = ("html_handling", "not_found_handling", "run_worker_first")
    settings = {name: configured[name] for name in names if name in configured}
    for name in ("_redirects", "_headers"):
        file = config.directory / name
        if file.is_file():
            settings[name] = file.read_text(encoding="utf-8")
    return settings


def asset_hash(content: bytes, file_name: str) -> str:
    """32 hex digits: BLAKE3 of the content in base64 and the extension without its dot."""
    import blake3

    extension = Path(file_name).suffix[1:]
    return str(blake3.blake3(base64.b64encode(content) + extension.encode()).hexdigest()[:_HASH_DIGITS])


def _asset(path: str, asset: Asset) -> AssetFile:
    size_bytes = asset.size_bytes
    if size_bytes > SIZE_MAX_BYTES:
        raise UserError(
            "Asset too large.\n"
            "Cloudflare Workers supports assets with sizes of up to 25 MiB, and this one has "
            f"{size_bytes / (1 << 20):.1f} MiB.",
            file=asset.file,
        )
    return AssetFile(path, asset.file, size_bytes, asset.content_type)


def _refuse_pages_worker(config: AssetsConfig, found: list[AssetFile]) -> None:
    if (config.directory / ".assetsignore").exists():
        return
    for file in found:
        if file.path.startswith(_PAGES_WORKER):
            raise UserError(
                f"As an asset, {file.path[1:]} would make code of the server public. Remove it, or add an "
                '".assetsignore" file that names it (or is empty, to upload it).',
                file=file.file,
            )
