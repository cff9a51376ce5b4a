"""The packages of a container: by npm, or as archives of a cache that all containers share.

    GET  /packages            {installed}
    POST /packages            {packages, later} by npm, after the answer when `later`
    PUT  /packages/HASH/SPEC  the archive of a package, which has that SHA-256
    POST /packages/build      {package}: install it apart and pack it: {sha256, bytes, version}
    GET  /packages/HASH       the archive that was built

Names of packages come from users: they reach `npm` as arguments of their own, never a shell.
"""

from __future__ import annotations

import asyncio
import hashlib
import json
import re
from typing import Any
from urllib.parse import unquote

from host import Host
from prepare import packages, read_state, remember

INSTALL_LIMIT_S = 60.0
BUILD_LIMIT_S = 180.0  # nobody waits
ARCHIVE_BYTES_MAX = 32 << 20
_BUILD = "/tmp/cortex-package"
_HASHED = re.compile(r"/packages/([0-9a-f]{64})(?:/([^/]+))?")
_VERSION = re.compile(r"(?<=.)@[^/]*$")
_INSTALLED = "npmPackagesInstalled"

Answer = tuple[int, dict[str, Any] | bytes]


def name_of(spec: str) -> str:
    """`@scope/name` of `@scope/name@1.2.3`."""
    return _VERSION.sub("", spec)


class Packages:
    """Those of one container."""

    def __init__(self, host: Host) -> None:
        self._host = host
        self._installing = asyncio.Lock()
        self._built: dict[str, bytes] = {}

    async def http(self, method: str, path: str, body: dict[str, Any] | bytes | None) -> Answer | None:
        """Answer a request below `/packages`, None for any other. Raises BadRequest."""
        if (method, path) == ("GET", "/packages"):
            return 200, {"installed": await self.installed()}
        if (method, path) == ("POST", "/packages/build"):
            (spec,) = packages({"packages": [body.get("package") if isinstance(body, dict) else None]})
            return await self._build(spec)
        hashed = _HASHED.fullmatch(path)
        if hashed is None:
            return None
        if method == "PUT" and hashed[2] is not None:
            (spec,) = packages({"packages": [unquote(hashed[2])]})
            return await self._take(hashed[1], spec, body if isinstance(body, bytes) else b"")
        if method == "GET" and hashed[1] in self._built:
            return 200, self._built[hashed[1]]
        return None

    async def installed(self) -> list[str]:
        """What was asked for and is there."""
        known = (await read_state(self._host)).get(_INSTALLED, [])
        return [spec for spec in known if isinstance(spec, str) and await self._is_there(spec)]

    async def _is_there(self, spec: str) -> bool:
        path = f"{self._host.npm_prefix}/lib/node_modules/{name_of(spec)}/package.json"
        try:
            await self._host.read(path)
        except (OSError, ValueError):
            return False
        return True

    async def missing(self, wanted: dict[str, Any]) -> list[str]:
        """Those of `packages` that are not there. Raises BadRequest."""
        have = await self.installed()
        return [spec for spec in packages(wanted) if spec not in have]

    # -- by npm

    async def install(self, wanted: dict[str, Any]) -> dict[str, list[str]]:
        """Install the `packages` that are missing: `{installed, failed, skipped}`. A failure is tolerated:
        `npx` fetches a package when it is first used."""
        async with self._installing:
            missing = await self.missing(wanted)
            if not missing:
                return {"installed": [], "failed": [], "skipped": ["packages"]}
            command = ["npm", "install", "-g", "--prefer-offline", "--", *missing]
            if await self._host.run(command, INSTALL_LIMIT_S) != 0:
                return {"installed": [], "failed": missing, "skipped": []}
            await self._remember(missing)
            return {"installed": missing, "failed": [], "skipped": []}

    async def _remember(self, fresh: list[str]) -> None:
        """Another version of the same package has gone."""
        names = {name_of(spec) for spec in fresh}
        state = (await read_state(self._host)).get(_INSTALLED, [])
        others = [spec for spec in state if isinstance(spec, str) and name_of(spec) not in names]
        await remember(self._host, {_INSTALLED: sorted({*others, *fresh})})

    # -- as an archive

    async def _take(self, sha256: str, spec: str, archive: bytes) -> Answer:
        """Unpack an archive, if it is what its name says."""
        if hashlib.sha256(archive).hexdigest() != sha256:
            return 422, {"error": "the archive is not what its hash says"}
        try:
            await self._host.unpack(archive, name_of(spec))
        except ValueError as bad:
            return 422, {"error": f"the archive was not unpacked: {bad}"}
        except OSError as failure:
            return 500, {"error": f"the archive was not unpacked: {failure}"}
        await self._remember([spec])
        return 200, {"installed": [spec]}

    async def _build(self, spec: str) -> Answer:
        """Install a package where nothing else is, and pack it."""
        command = ["npm", "install", "-g", f"--prefix={_BUILD}", "--no-audit", "--no-fund", "--", spec]
        code = await self._host.run(command, BUILD_LIMIT_S)
        if code != 0:
            return 502, {"error": f"npm ended with {code}"}
        try:
            archive = await self._host.pack(_BUILD, name_of(spec))
            manifest = json.loads(
                await self._host.read(f"{_BUILD}/lib/node_modules/{name_of(spec)}/package.json")
            )
        except (OSError, ValueError) as failure:
            return 500, {"error": f"the package was not packed: {failure}"}
        if len(archive) > ARCHIVE_BYTES_MAX:
            return 413, {"error": f"the archive has {len(archive)} bytes, at most {ARCHIVE_BYTES_MAX}"}
        sha256 = hashlib.sha256(archive).hexdigest()
        self._built = {sha256: archive}
        return 200, {"sha256": sha256, "bytes": len(archive), "version": str(manifest.get("version"))}
