"""The real wrangler deploys, lists, rolls back and deletes Workers."""

from __future__ import annotations

import json
import shutil
from collections.abc import Sequence
from pathlib import Path

import pytest

from tests.cloud.running import RunningCloud
from tests.cloud.wrangling import Wrangler
from wrangler_compat.cloud.cloud import Cloud
from wrangler_compat.cloud.workers.asset_store import Asset
from wrangler_compat.cloud.workers.upload import Module
from wrangler_compat.cloud.workers.version import Version

pytestmark = [pytest.mark.peers, pytest.mark.slow, pytest.mark.timeout(600)]  # many starts of Node.js

ROOT = Path(__file__).parents[2]
HELLO = 'export default { fetch() { return new Response("one") } }\n'


def project(folder: Path, **configuration: object) -> Path:
    """A JavaScript Worker."""
    (folder / "index.js").write_text(HELLO)
    config = {"name": "hello", "main": "index.js", "compatibility_date": "2026-06-01", **configuration}
    (folder / "wrangler.jsonc").write_text(json.dumps(config))
    return folder


def deployed(cloud: Cloud, account_id: str, name: str) -> Version:
    version = cloud.workers.current(cloud.workers.require(account_id, name))
    assert version is not None
    return version


def modules_of(cloud: Cloud, account_id: str, name: str) -> Sequence[Module]:
    return cloud.workers.versions.modules(deployed(cloud, account_id, name))


def assets_of(cloud: Cloud, account_id: str, name: str) -> dict[str, Asset | None]:
    manifest = deployed(cloud, account_id, name).runtime["assets"]["manifest"]
    find = cloud.workers.assets.find
    return {path: find(account_id, entry["hash"]) for path, entry in manifest.items()}


def test_a_worker_in_javascript(wrangler: Wrangler, cloud: RunningCloud, tmp_path: Path) -> None:
    project(tmp_path, vars={"COLOUR": "blue", "LIST": [1]}, triggers={"crons": ["0 * * * *"]})
    told = wrangler("deploy", "--message", "first one", "--tag", "v1")
    assert "Deployed hello triggers" in told
    assert "schedule: 0 * * * *" in told
    assert "hello.localhost" in told
    [first] = wrangler.json("versions", "list", "--json")
    assert f"Current Version ID: {first['id']}" in told
    assert first["annotations"] == {"workers/message": "first one", "workers/tag": "v1"}
    assert first["metadata"]["source"] == "wrangler"
    shown = wrangler.json("versions", "view", first["id"], "--json")
    assert {"name": "COLOUR", "type": "plain_text", "text": "blue"} in shown["resources"]["bindings"]
    assert {"name": "LIST", "type": "json", "json": [1]} in shown["resources"]["bindings"]

    module, _ = cloud.look(lambda inside: modules_of(inside, cloud.account_id, "hello"))
    assert (module.name, module.type) == ("index.js", "application/javascript+module")
    assert b"one" in module.content


def test_secrets_versions_and_a_rollback(wrangler: Wrangler, tmp_path: Path) -> None:
    project(tmp_path)
    wrangler("deploy")
    wrangler("secret", "put", "TOKEN", stdin="first secret\n")
    assert wrangler.json("secret", "list") == [{"name": "TOKEN", "type": "secret_text"}]
    (tmp_path / "index.js").write_text(HELLO.replace("one", "two"))
    wrangler("deploy", "--message", "two")
    assert wrangler.json("secret", "list") == [{"name": "TOKEN", "type": "secret_text"}]  # kept

    (tmp_path / "index.js").write_text(HELLO.replace("one", "three"))
    wrangler("versions", "upload", "--message", "three")
    versions = wrangler.json("versions", "list", "--json")
    assert len(versions) == 4
    three = versions[-1]["id"]
    told = wrangler("secret", "put", "TOKEN", stdin="second", exit_code=1)
    assert "the latest version of your Worker isn't currently deployed" in told
    wrangler("versions", "deploy", f"{three}@100%", "-y")
    deployments = wrangler.json("deployments", "list", "--json")
    assert len(deployments) == 4
    assert deployments[-1]["versions"] == [{"version_id": three, "percentage": 100}]

    told = wrangler("rollback", "-y", "--message", "back to two")
    two = versions[-2]["id"]
    assert f"Worker Version {two} has been deployed to 100% of traffic." in told
    status = wrangler.json("deployments", "status", "--json")
    assert status["versions"] == [{"version_id": two, "percentage": 100}]
    assert status["annotations"]["workers/message"] == "back to two"

    wrangler("versions", "secret", "put", "OTHER", stdin="x")
    assert [secret["name"] for secret in wrangler.json("secret", "list")] == ["TOKEN", "OTHER"]


def test_a_secret_before_the_worker(wrangler: Wrangler, tmp_path: Path) -> None:
    project(tmp_path, secrets={"required": ["EARLY", "LATE"]})
    assert 'Creating new Worker "hello"' in wrangler("secret", "put", "EARLY", stdin="x")
    told = wrangler("deploy", exit_code=1)
    assert "The following required secrets have not been set: LATE" in told
    (tmp_path / "secrets.json").write_text(json.dumps({"LATE": "y", "EARLY": "z"}))
    wrangler("secret", "bulk", "secrets.json")
    wrangler("deploy")
    wrangler("secret", "delete", "LATE")
    assert [secret["name"] for secret in wrangler.json("secret", "list")] == ["EARLY"]


def test_a_worker_in_python(wrangler: Wrangler, cloud: RunningCloud, tmp_path: Path) -> None:
    shutil.copytree(ROOT / "examples" / "whiteboard", tmp_path, dirs_exist_ok=True)
    wrangler("kv", "namespace", "create", "boards")
    [namespace] = wrangler.json("kv", "namespace", "list")
    config = tmp_path / "wrangler.jsonc"
    boards = '{ "binding": "BOARDS" }'
    assert boards in config.read_text()
    config.write_text(
        config.read_text().replace(boards, f'{{ "binding": "BOARDS", "id": "{namespace["id"]}" }}')
    )
    assert "Current Version ID" in wrangler("deploy")
    found = cloud.look(lambda inside: modules_of(inside, cloud.account_id, "whiteboard"))
    assert {module.name: module.type for module in found} == {
        "entry.py": "text/x-python",
        "board.py": "text/x-python",
        "page.html": "text/plain",
    }
    script = cloud.look(lambda inside: inside.workers.require(cloud.account_id, "whiteboard"))
    assert script.classes["Board"].sqlite
    assert script.migration_tag == "v1"
    assert "Current Version ID" in wrangler("deploy")  # nothing is left to migrate


def test_deleting(wrangler: Wrangler, tmp_path: Path) -> None:
    project(tmp_path)
    wrangler("deploy")
    other = tmp_path / "other"
    other.mkdir()
    project(other, name="other", services=[{"binding": "HELLO", "service": "hello"}])
    Wrangler(wrangler.cloud, other)("deploy")
    told = wrangler("delete")
    assert "Worker other" in told
    assert "uses this Worker as a Service Binding" in told
    assert "Successfully deleted hello" in told
    told = wrangler("versions", "list", exit_code=1)
    assert "This Worker does not exist on your account. [code: 10007]" in told


def test_bindings_to_nothing(wrangler: Wrangler, tmp_path: Path) -> None:
    project(tmp_path, kv_namespaces=[{"binding": "KV", "id": "0" * 32}])
    assert f"KV namespace '{'0' * 32}' not found. [code: 10041]" in wrangler("deploy", exit_code=1)
    project(tmp_path, services=[{"binding": "GONE", "service": "gone"}])
    assert "[code: 10143]" in wrangler("deploy", exit_code=1)
    assert "[code: 10007]" in wrangler("versions", "list", exit_code=1)  # nothing was made by halves


def test_static_assets(wrangler: Wrangler, cloud: RunningCloud, tmp_path: Path) -> None:
    project(tmp_path, assets={"directory": "public"})
    (tmp_path / "public").mkdir()
    for number in range(120):
        (tmp_path / "public" / f"{number}.html").write_text(f"<p>page {number}</p>")
    (tmp_path / "public" / "blob").write_bytes(b"\0\xff")
    wrangler("deploy")
    assets = cloud.look(lambda inside: assets_of(inside, cloud.account_id, "hello"))
    assert len(assets) == 121
    assert assets["/7.html"] == Asset(b"<p>page 7</p>", "text/html; charset=utf-8")
    assert assets["/blob"] == Asset(b"\0\xff", None)
    assert "No updated asset files to upload" in wrangler("deploy")


def test_resources_without_an_id_are_made(wrangler: Wrangler, cloud: RunningCloud, tmp_path: Path) -> None:
    sections = {
        "kv_namespaces": [{"binding": "KV"}],
        "r2_buckets": [{"binding": "BUCKET"}],
        "d1_databases": [{"binding": "DB"}],
    }
    project(tmp_path, **sections)
    wrangler("deploy")
    first = cloud.look(lambda inside: deployed(inside, cloud.account_id, "hello"))
    assert sorted(binding["type"] for binding in first.bindings) == ["d1", "kv_namespace", "r2_bucket"]
    wrangler("deploy")  # takes them over
    second = cloud.look(lambda inside: deployed(inside, cloud.account_id, "hello"))
    assert second.id != first.id
    assert sorted(second.bindings, key=str) == sorted(first.bindings, key=str)
