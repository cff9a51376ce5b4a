"""`edge deploy --target workerd` in front of the real workerd.

Python needs a runtime that workerd downloads when it starts. So here a Worker in JavaScript stands in for the
project's own, in the configuration that was written for it: same bindings, same stores, same data.
"""

from __future__ import annotations

import json
import shutil
import subprocess
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx
import pytest
from click.testing import CliRunner

from tests.peers.npm import environment, peers, run_wrangler, workerd
from tests.wrangler_compat.deploy.projects import SHOP, write_project
from wrangler_compat.cli.main import edge
from wrangler_compat.deploy.workerd.capnp import Embed, constant

pytestmark = [pytest.mark.peers, pytest.mark.slow]

ROOT = Path(__file__).parents[2]
START_WAIT_S = 30
CONFIG: dict[str, Any] = {
    "vars": {"TEXT": 'quoted "text"\n', "OBJECT": {"a": [1, None]}},
    "kv_namespaces": [{"binding": "KV", "id": "0123456789abcdef0123456789abcdef"}, {"binding": "OTHER"}],
    "d1_databases": [{"binding": "DB", "database_name": "db", "database_id": "d1"}],
    "r2_buckets": [{"binding": "R2", "bucket_name": "bucket"}],
    "queues": {
        "producers": [{"binding": "QUEUE", "queue": "q"}],
        "consumers": [{"queue": "q", "max_batch_size": 1, "max_batch_timeout": 0}],
    },
    "durable_objects": {"bindings": [{"name": "CART", "class_name": "Cart"}]},
    "migrations": [{"tag": "v1", "new_sqlite_classes": ["Cart"]}],
    "assets": {"directory": "public", "binding": "ASSETS", "run_worker_first": ["/api/*"]},
    "triggers": {"crons": ["* * * * *"]},
}


@pytest.fixture
def dist(tmp_path: Path) -> Path:
    """The folder that was written for a project with everything workerd has, its Worker in JavaScript."""
    files: dict[str, str | bytes] = {
        "src/entry.py": SHOP,
        "public/a.txt": "asset",
        "public/_headers": "/*\n  X: 1",
    }
    write_project(tmp_path / "project", files, **CONFIG)
    return written(tmp_path / "project", tmp_path / "dist")


def written(project: Path, folder: Path, *more: str) -> Path:
    flags = [*more, "--target", "workerd", "--outdir", str(folder), "--listen", "127.0.0.1:0"]
    answer = CliRunner().invoke(edge, ["deploy", str(project), *flags])
    assert answer.exit_code == 0, answer.output
    return folder


def in_javascript(folder: Path, name: str) -> None:
    """Put a Worker in JavaScript in the place of the Python one."""
    config = folder / "workerd.capnp"
    text = config.read_text()
    start = text.index("modules = [")
    end = text.index("compatibilityDate")
    assert "pythonModule" in text[start:end]
    text = f'{text[:start]}modules = [(name = "stand-in.js", esModule = embed "stand-in.js")],\n{text[end:]}'
    config.write_text(text.replace('compatibilityFlags = ["python_workers"]', "compatibilityFlags = []"))
    shutil.copy(Path(__file__).with_name("workerd") / name, folder / "stand-in.js")


@contextmanager
def serving(folder: Path) -> Iterator[httpx.Client]:
    """A client of workerd, which serves `folder`."""
    with listening(folder, "http") as ports, client_of(ports["http"]) as client:
        yield client


def client_of(port: int) -> httpx.Client:
    return httpx.Client(base_url=f"http://127.0.0.1:{port}", timeout=START_WAIT_S)


@contextmanager
def listening(folder: Path, *sockets: str) -> Iterator[dict[str, int]]:
    """The ports of workerd, which serves `folder`, by the names of the `sockets` it has."""
    command = [str(workerd()), "serve", "--experimental", "--control-fd=1", "workerd.capnp"]
    with subprocess.Popen(
        command, cwd=folder, env=environment(), stdout=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout is not None
        try:
            heard = (json.loads(line) for line in process.stdout)
            ports: dict[str, int] = {}
            while ports.keys() != set(sockets):
                event = next(heard)
                if event["event"] == "listen":
                    ports[event["socket"]] = event["port"]
            yield ports
        finally:
            process.terminate()


def test_the_stores_keep_what_they_are_given(dist: Path) -> None:
    in_javascript(dist, "stores.js")
    with serving(dist) as client:
        step = steps_of(client)
        assert step("vars") == {"text": 'quoted "text"\n', "object": {"a": [1, None]}}
        assert client.get("/a.txt").text == step("asset") == "asset"
        assert client.get("/a.txt").headers["x"] == "1"
        assert step("put") is True
        assert [step("cart"), step("cart")] == [1, 2]
        while step("message") is None:  # delivered when it is; the test's timeout is the limit
            pass
        assert step("message") == "message"
    with serving(dist) as client:
        step = steps_of(client)
        assert step("get") == {
            "small": {"value": "value", "metadata": {"a": 1}, "cacheStatus": "MISS"},
            "large": 200_000,
            "other": None,
            "keys": ["large", "message", "small"],
            "sum": 3,
        }
        assert step("cart") == 3


def steps_of(client: httpx.Client) -> Callable[[str], Any]:
    def step(name: str) -> Any:
        answer = client.get(f"/api/{name}")
        assert answer.status_code == 200, answer.text
        return answer.json()

    return step


def test_a_bucket_does_what_the_binding_asks(dist: Path) -> None:
    in_javascript(dist, "bucket.js")
    sha256 = "84d89877f0d4041efb6bf91a16f0248f2fd573e6af05c19f96bedb9f882f7882"
    with serving(dist) as client:
        answer = client.get("/api/x", headers={"sha256": sha256})
        assert answer.status_code == 200, answer.text
        found = answer.json()
    md5 = "781e5e245d69b566979b86e28d23f2c7"
    assert found["put"] == ["a/one", 10, md5, f'"{md5}"']
    assert found["head"] == ["text/plain", "v", sha256, None]
    assert found["get"] == "0123456789"
    assert found["ranges"] == ["234", "6789", "89", "12"]
    assert found["big"] == [3_000_000, True]
    assert found["across"] == 20
    assert found["conditions"] == [True, False, None, "0123456789"]
    assert "did not match what we received" in found["wrong"]
    assert found["list"] == [["a/big", "a/one", "b"], [], False]
    assert found["prefix"] == [["a/big", "a/one"], [], False]
    assert found["delimiter"] == [["b"], ["a/"], False]
    assert found["pages"] == [[["a/big"], [], True], [["a/one", "b"], [], False]]
    assert found["included"] == {"k": "v"}
    assert "(10025)" in found["part"]
    assert found["parts"] == [(5 << 20) + 3, "parts", "\x01end"]
    assert "(10024)" in found["over"]
    assert found["left"] == [["a/big", "a/one"], [], False]
    assert found["read"] == 3_000_000


def test_schedules_are_planned(dist: Path) -> None:
    in_javascript(dist, "stores.js")
    config = dist / "workerd.capnp"
    crons = '(name = "CRONS"'
    text = config.read_text().replace(crons, f'(name = "TEST_CLOCK", json = "true"), {crons}')
    cron = '(name = "cron", address = "127.0.0.1:0", http = (), service = "edge/cron")'
    config.write_text(text.replace("sockets = [", f"sockets = [{cron}, "))
    with listening(dist, "http", "cron") as ports, client_of(ports["cron"]) as clock:
        told = clock.post("/clock?advance=0").json()
        assert list(told["at"]) == ["WORKER"]
        assert 0 < told["at"]["WORKER"] - told["now"] <= 60_000
        assert told["at"]["WORKER"] % 60_000 == 0


PROJECTS = [
    "cortex",
    *sorted(f"examples/{file.parent.name}" for file in ROOT.glob("examples/*/wrangler.jsonc")),
]


@pytest.mark.parametrize("name", PROJECTS)
def test_workerd_takes_the_configuration_of(name: str, tmp_path: Path) -> None:
    folder = written(ROOT / name, tmp_path / "dist", "--allow-unsupported")
    command = [str(workerd()), "compile", "--config-only", "workerd.capnp"]
    done = subprocess.run(command, cwd=folder, env=environment(), capture_output=True, timeout=60)
    assert (done.returncode, done.stderr) == (0, b"")
    assert (folder / "src" / "entry.py").read_bytes() in done.stdout


def test_the_companion_runs_with_its_class(tmp_path: Path) -> None:
    dist = tmp_path / "dist"
    flags = ["--dry-run", "--outdir", str(dist)]
    assert CliRunner().invoke(edge, ["deploy", str(ROOT / "examples/sandbox"), *flags]).exit_code == 0
    folder = dist / "sandbox"
    (folder / "node_modules").symlink_to(peers() / "node_modules")
    built = run_wrangler(["deploy", "--dry-run", "--outdir", "built", "--containers-rollout=none"], folder)
    assert built.returncode == 0, built.stderr.decode()
    worker = {
        "modules": [{"name": "index.js", "esModule": Embed("built/index.js")}],
        "compatibilityDate": "2026-10-01",
        "compatibilityFlags": ["nodejs_compat"],
        "durableObjectNamespaces": [{"className": "Sandbox", "uniqueKey": "box", "enableSql": True}],
        "durableObjectStorage": {"localDisk": "disk"},
        "bindings": [{"name": "Sandbox", "durableObjectNamespace": "Sandbox"}],
    }
    (folder / "data").mkdir()
    disk = {"name": "disk", "disk": {"path": "data", "writable": True}}
    socket = {"name": "http", "address": "127.0.0.1:0", "http": {}, "service": "main"}
    config = {"services": [{"name": "main", "worker": worker}, disk], "sockets": [socket]}
    (folder / "workerd.capnp").write_text(constant("config", "Config", config))
    with serving(folder) as client:
        answer = client.get("/")
    assert (answer.status_code, answer.text) == (
        404,
        "The sandboxes of the Worker workbench are reached through it.",
    )
