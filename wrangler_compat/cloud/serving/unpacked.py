"""A version as files: its own modules in `src`, vendored packages and static assets beside it.

That is how a project lies on disk, so a version loads as `edge dev` loads a project. A version never changes:
what is unpacked once stays as it is.
"""

from __future__ import annotations

import shutil
from collections.abc import Iterable
from pathlib import Path, PurePosixPath

from wrangler_compat.cloud.workers.asset_store import AssetStore
from wrangler_compat.cloud.workers.script import Script
from wrangler_compat.cloud.workers.upload import invalid
from wrangler_compat.cloud.workers.version import Version, Versions

VENDORED = "python_modules"
SOURCE = "src"
ASSETS = "assets"
#: Files that say how assets are served; they come with the configuration, not with the assets.
_RULES = ("_headers", "_redirects")


def unpacked(folder: Path, script: Script, version: Version, versions: Versions, assets: AssetStore) -> Path:
    """The folder of a version, below `folder`. Raises `Refusal` for names that lead out of it."""
    root = folder / script.name / version.id
    if root.is_dir():
        return root
    partial = root.with_name(f"{root.name}.partial")
    shutil.rmtree(partial, ignore_errors=True)
    try:
        for path, content in _files(script, version, versions, assets):
            target = partial / path
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_bytes(content)
        partial.mkdir(parents=True, exist_ok=True)
        partial.rename(root)  # all of it at once
    finally:
        shutil.rmtree(partial, ignore_errors=True)
    return root


def module_path(name: str) -> PurePosixPath:
    """Where a module lies. Raises `Refusal` for a name that leads elsewhere."""
    path = PurePosixPath(name)
    return _inside(path if path.parts[:1] == (VENDORED,) else SOURCE / path)


def _files(
    script: Script, version: Version, versions: Versions, assets: AssetStore
) -> Iterable[tuple[PurePosixPath, bytes]]:
    for module in versions.modules(version):
        yield module_path(module.name), module.content
    served = version.runtime.get("assets") or {"manifest": {}, "config": {}}
    for name, entry in served["manifest"].items():
        asset = assets.find(script.account_id, entry["hash"])
        assert asset is not None, "a version claims only assets that are here"
        yield _inside(PurePosixPath(ASSETS, name.lstrip("/"))), asset.data
    for rules in _RULES:
        if rules in served["config"]:
            yield PurePosixPath(ASSETS, rules), str(served["config"][rules]).encode()


def _inside(path: PurePosixPath) -> PurePosixPath:
    if path.is_absolute() or ".." in path.parts or len(path.parts) < 2:
        raise invalid(f'"{path}" cannot be the name of a file of a Worker')
    return path
