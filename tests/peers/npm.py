"""Installs the real tools once, outside of the checkout, and runs them.

Tests that need them carry the marker `peers`. Where npm is missing, or the registry cannot be reached, they
are skipped with the reason.
"""

from __future__ import annotations

import fcntl
import json
import os
import shutil
import subprocess
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import cache
from pathlib import Path

import pytest

#: Pinned, so that a new release does not turn the suite red on a day when nobody changed anything.
VERSIONS = {
    "wrangler": "4.164.0",
    "node": "22.23.3",
    "create-cloudflare": "2.67.4",
    "@cloudflare/sandbox": "0.12.10",
}
INSTALL_LIMIT_S = 300.0

#: They must neither ask nor tell anybody.
QUIET = {
    "CI": "1",
    "CLOUDFLARE_CF_FETCH_ENABLED": "false",
    "FORCE_COLOR": "0",
    "NO_COLOR": "1",
    "WRANGLER_HIDE_BANNER": "true",
    "WRANGLER_SEND_ERROR_REPORTS": "false",
    "WRANGLER_SEND_METRICS": "false",
}


@cache
def peers() -> Path:
    """The folder whose `node_modules` holds the tools. Skips the test when they cannot be had."""
    if shutil.which("npm") is None:
        pytest.skip("npm is missing; on Debian: apt-get install npm")
    folder = _folder()
    folder.mkdir(parents=True, exist_ok=True)
    with _alone(folder):
        if not _installed(folder):
            problem = _install(folder)
            if problem is not None:
                pytest.skip(f"the real tools could not be installed from npm: {problem}")
    return folder


def run_wrangler(
    arguments: Sequence[str], cwd: Path, *, env: Mapping[str, str] | None = None, stdin: bytes = b""
) -> subprocess.CompletedProcess[bytes]:
    """Run the real wrangler to its end."""
    return subprocess.run(
        wrangler_command(arguments),
        cwd=cwd,
        env=environment(env),
        input=stdin,
        capture_output=True,
        timeout=110,
    )


def wrangler_command(arguments: Sequence[str]) -> list[str]:
    modules = peers() / "node_modules"
    return [str(modules / ".bin" / "node"), str(modules / "wrangler" / "bin" / "wrangler.js"), *arguments]


def workerd() -> Path:
    """The real runtime's binary."""
    return peers() / "node_modules" / ".bin" / "workerd"


def environment(more: Mapping[str, str] | None = None) -> dict[str, str]:
    """This process's environment without anybody's Cloudflare account."""
    foreign = ("CLOUDFLARE_", "CF_", "WRANGLER_")
    plain = {name: value for name, value in os.environ.items() if not name.startswith(foreign)}
    path = f"{peers() / 'node_modules' / '.bin'}{os.pathsep}{plain.get('PATH', '')}"
    return {**plain, **QUIET, "PATH": path, **(more or {})}


def _folder() -> Path:
    chosen = os.environ.get("EDGE_PEERS")
    if chosen:
        return Path(chosen)
    cache_home = os.environ.get("XDG_CACHE_HOME") or os.path.expanduser("~/.cache")
    return Path(cache_home) / "cortex-edge" / "peers"


def _installed(folder: Path) -> bool:
    for name, version in VERSIONS.items():
        manifest = folder / "node_modules" / name / "package.json"
        if not manifest.is_file() or json.loads(manifest.read_text())["version"] != version:
            return False
    return True


def _install(folder: Path) -> str | None:
    """Install the tools; what went wrong, if anything did."""
    wanted = [f"{name}@{version}" for name, version in VERSIONS.items()]
    command = [
        "npm",
        "install",
        "--no-audit",
        "--no-fund",
        "--loglevel=error",
        "--prefix",
        str(folder),
        *wanted,
    ]
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=INSTALL_LIMIT_S)
    except subprocess.TimeoutExpired:
        return f"no end after {INSTALL_LIMIT_S:g} s"
    return None if done.returncode == 0 else done.stderr.strip()[-500:]


@contextmanager
def _alone(folder: Path) -> Iterator[None]:
    """Test processes side by side install once."""
    with open(folder / ".lock", "w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield
