"""The companion of a Worker with sandboxes goes first: wrangler bundles and uploads it, edge does the rest.

Its JavaScript needs a bundler that knows Cloudflare's runtime, which is wrangler; npm brings it, and the SDK,
into a folder of this user's cache. Its image and its application are made like every other container's.
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import subprocess
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from edge.errors import UserError
from wrangler_compat.cloudflare.account import Account
from wrangler_compat.cloudflare.refusal import CloudflareApiError
from wrangler_compat.deploy.companion import Companion
from wrangler_compat.deploy.containers.container import Container, described
from wrangler_compat.deploy.deployed import NO_WORKER
from wrangler_compat.deploy.tell import Tell

_CONFIG, _PACKAGE = "wrangler.json", "package.json"
_SAID_LINES = 15


@dataclass(frozen=True, slots=True)
class Prepared:
    """A companion in its folder. `tag` is what its version is marked with: it tells whether that is what is
    live."""

    name: str
    folder: Path
    containers: tuple[Container, ...]
    tag: str

    def deploy(self, account: Account, say: Tell, warn: Tell) -> str:
        """Let wrangler deploy it, unless it is live as it is; the id of its version. Raises UserError."""
        live = _live(self.name, account)
        if live is not None and live["annotations"].get("workers/tag") == self.tag:
            say(f"The companion {self.name} is live as it is.")
            return str(live["id"])
        if shutil.which("npm") is None:
            if live is None:
                raise UserError(f"{_why(self.name)} {_NO_NPM}")
            warn(f"The companion {self.name} is not the one of this project, and stays. {_NO_NPM}")
            return str(live["id"])
        self._install(say)
        say(f"Deploying the companion {self.name} with wrangler")
        arguments = ("deploy", "--containers-rollout", "none", "--tag", self.tag)
        self._run((str(self.folder / "node_modules" / ".bin" / "wrangler"), *arguments), account, say)
        live = _live(self.name, account)
        if live is None:
            raise UserError(f"wrangler deployed the companion {self.name}, and the API knows nothing of it.")
        return str(live["id"])

    def _install(self, say: Tell) -> None:
        wanted = json.loads((self.folder / _PACKAGE).read_text())
        packages = {**wanted["dependencies"], **wanted["devDependencies"]}
        if not all(_has(self.folder, package, version) for package, version in packages.items()):
            say(f"Installing {', '.join(packages)} with npm in {self.folder}")
            self._run(("npm", "install", "--no-audit", "--no-fund"), None, say)

    def _run(self, command: Sequence[str], account: Account | None, say: Tell) -> None:
        programs = self.folder / "node_modules" / ".bin"  # first, as npm has it: a Node.js may be among them
        environment = {**os.environ, "PATH": f"{programs}{os.pathsep}{os.environ.get('PATH', '')}"}
        if account is not None:
            environment["CLOUDFLARE_ACCOUNT_ID"] = account.id
        said: list[str] = []
        with subprocess.Popen(
            command,
            cwd=self.folder,
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        ) as process:
            assert process.stdout is not None
            for line in process.stdout:
                said.append(line.rstrip())
                say(f"  {said[-1]}")
        if process.returncode:
            last = "\n".join(said[-_SAID_LINES:])
            raise UserError(
                f"The companion {self.name} could not be deployed: {Path(command[0]).name} ended with "
                f"{process.returncode}.\n{last}\nThe Worker was not changed."
            )


def prepare(companion: Companion) -> Prepared:
    """Write a companion to its folder, which is the same the next time."""
    project = str(companion.project.folder.resolve())
    key = hashlib.sha256(f"{project} {companion.name}".encode()).hexdigest()[:16]
    folder = _cache() / "companions" / f"{companion.name}-{key}"
    folder.mkdir(parents=True, exist_ok=True)
    digest = hashlib.sha256()
    for name, content in sorted(companion.files(folder).items()):
        (folder / name).write_bytes(content)
        digest.update(f"{name} {len(content)}\0".encode() + content)
    config = json.loads((folder / _CONFIG).read_text())
    containers = tuple(
        described(
            entry.get("name") or f"{companion.name}-{entry['class_name']}".lower(),
            entry["class_name"],
            entry,
            folder,
            config.get("observability"),
        )
        for entry in config["containers"]
    )
    return Prepared(companion.name, folder, containers, f"edge-{digest.hexdigest()[:16]}")


_NO_NPM = "It is JavaScript, which npm and wrangler bundle: install Node.js, and deploy again."


def _why(name: str) -> str:
    return f"The sandboxes are objects of the companion {name}, which is not deployed yet."


def _live(name: str, account: Account) -> Mapping[str, Any] | None:
    """The version of a Worker that is live."""
    at = f"/workers/scripts/{name}"
    try:
        deployments = account.call("GET", f"{at}/deployments")["deployments"]
    except CloudflareApiError as error:
        if error.code in NO_WORKER:
            return None
        raise
    if not deployments:
        return None
    version: Mapping[str, Any] = account.call(
        "GET", f"{at}/versions/{deployments[0]['versions'][0]['version_id']}"
    )
    return {"id": version["id"], "annotations": version.get("annotations") or {}}


def _has(folder: Path, package: str, wanted: str) -> bool:
    """Whether a package is installed in a version that `wanted` allows: one version, or `~` or `^` of one."""
    path = folder / "node_modules" / package / _PACKAGE
    if not path.is_file():
        return False
    version = str(json.loads(path.read_text())["version"])
    if wanted.startswith("^"):
        return version.partition(".")[0] == wanted[1:].partition(".")[0]
    return f"{version}.".startswith(f"{wanted[1:]}.") if wanted.startswith("~") else version == wanted


def _cache() -> Path:
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "cortex-edge"
