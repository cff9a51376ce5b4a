"""What `edge deploy` uploads and what the real wrangler uploads for the same project are the same."""

from __future__ import annotations

import json
import re
import shutil
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from tests.peers.npm import peers, run_wrangler
from wrangler_compat.cli.main import edge
from wrangler_compat.deploy.plan import Plan, UploadOptions, make_plan
from wrangler_compat.deploy.project import DeployOptions, read_project

pytestmark = [pytest.mark.peers, pytest.mark.slow]

ROOT = Path(__file__).parent.parent.parent
PROJECTS = [
    "cortex",
    *sorted(f"examples/{file.parent.name}" for file in ROOT.glob("examples/*/wrangler.jsonc")),
]
FLAGS = ["--strict", "--containers-rollout=none"]


@dataclass(frozen=True)
class Form:
    """The upload that wrangler would have sent: metadata, and type and content of each part."""

    metadata: dict[str, Any]
    parts: dict[str, tuple[str, bytes]]


def dry_run(project: Path, *flags: str) -> Form:
    """What wrangler uploads for `project`."""
    outfile = project / "form.bin"
    done = run_wrangler(["deploy", "--dry-run", "--outfile", outfile.name, *FLAGS, *flags], project)
    assert done.returncode == 0, done.stderr.decode() + done.stdout.decode()
    parts = parsed(outfile.read_bytes())
    outfile.unlink()
    return Form(json.loads(parts.pop("metadata")[1]), parts)


def parsed(form: bytes) -> dict[str, tuple[str, bytes]]:
    boundary, _, _ = form.partition(b"\r\n")
    found = {}
    for part in form.split(boundary + b"\r\n")[1:]:
        head, _, body = part.partition(b"\r\n\r\n")
        name = re.search(rb'name="([^"]*)"', head)
        kind = re.search(rb"Content-Type: (.*)", head)
        assert name is not None
        content = (
            body.partition(b"\r\n" + boundary)[0] if body.endswith(b"--") else body.removesuffix(b"\r\n")
        )
        content = content.removesuffix(b"\r\n" + boundary + b"--\r\n").removesuffix(
            b"\r\n" + boundary + b"--"
        )
        found[name[1].decode()] = (kind[1].strip().decode() if kind else "", content)
    return found


def planned(project: Path, **options: Any) -> Plan:
    config = next(project.glob("wrangler.*"))
    return make_plan(read_project(config, DeployOptions(process={}, **options)), UploadOptions())


def own_parts(plan: Plan) -> dict[str, tuple[str, bytes]]:
    return {module.name: (module.mime_type, module.content) for module in plan.bundle.modules}


def comparable(metadata: Any) -> dict[str, Any]:
    """Without what wrangler decides by what is deployed; lists of bindings by name."""
    known = {key: value for key, value in metadata.items() if key != "code_update_strategy"}
    return {**known, "bindings": {binding["name"]: binding for binding in known["bindings"]}}


@pytest.fixture(params=PROJECTS)
def project(request: pytest.FixtureRequest, tmp_path: Path) -> Path:
    ignored = shutil.ignore_patterns(".wrangler", "__pycache__")
    return Path(shutil.copytree(ROOT / request.param, tmp_path / "project", ignore=ignored))


def test_wrangler_uploads_the_same_modules_and_metadata(project: Path) -> None:
    form, plan = dry_run(project), planned(project)
    added = {name for name in own_parts(plan) if name.startswith("python_modules/sandbox/")}
    assert {name: part for name, part in own_parts(plan).items() if name not in added} == form.parts
    if plan.companion is None:
        assert comparable(plan.metadata) == comparable(form.metadata)


def test_wrangler_accepts_the_written_folder_and_uploads_the_same(project: Path, tmp_path: Path) -> None:
    written = written_by(project, tmp_path)
    form, plan = dry_run(written), planned(project)
    assert form.parts == own_parts(plan)
    assert comparable(form.metadata) == comparable(plan.metadata)


def written_by(project: Path, tmp_path: Path, *flags: str) -> Path:
    folder = tmp_path / "dist"
    answer = CliRunner().invoke(edge, ["deploy", str(project), "--dry-run", "--outdir", str(folder), *flags])
    assert answer.exit_code == 0, answer.output
    return folder


EVERYTHING: dict[str, Any] = {
    "name": "everything",
    "main": "src/entry.py",
    "compatibility_date": "2026-10-01",
    "compatibility_flags": ["python_workers"],
    "vars": {"TEXT": "one", "NUMBER": 2, "OBJECT": {"deep": [None, True]}},
    "kv_namespaces": [{"binding": "KV", "id": "n1", "preview_id": "p1"}, {"binding": "LATER"}],
    "send_email": [{"name": "MAIL", "destination_address": "a@example.com"}],
    "durable_objects": {
        "bindings": [
            {"name": "OWN", "class_name": "Own"},
            {"name": "FOREIGN", "class_name": "Foreign", "script_name": "other"},
        ]
    },
    "migrations": [{"tag": "v1", "new_sqlite_classes": ["Own"]}],
    "workflows": [{"binding": "FLOW", "name": "flow", "class_name": "Flow"}],
    "queues": {"producers": [{"binding": "QUEUE", "queue": "q", "delivery_delay": 5}]},
    "r2_buckets": [{"binding": "R2", "bucket_name": "bucket", "jurisdiction": "eu"}],
    "d1_databases": [{"binding": "DB", "database_name": "db", "database_id": "d1"}],
    "vectorize": [{"binding": "VECTORS", "index_name": "index"}],
    "hyperdrive": [{"binding": "HYPER", "id": "h1"}],
    "secrets_store_secrets": [{"binding": "STORED", "store_id": "s1", "secret_name": "name"}],
    "ratelimits": [{"name": "RATE", "namespace_id": "1001", "simple": {"limit": 5, "period": 60}}],
    "services": [{"binding": "OTHER", "service": "other", "entrypoint": "Named", "props": {"a": 1}}],
    "analytics_engine_datasets": [{"binding": "STATS", "dataset": "stats"}],
    "mtls_certificates": [{"binding": "CERTIFICATE", "certificate_id": "c1"}],
    "pipelines": [{"binding": "PIPE", "pipeline": "p"}],
    "worker_loaders": [{"binding": "LOADER"}],
    "browser": {"binding": "BROWSER"},
    "ai": {"binding": "AI"},
    "images": {"binding": "IMAGES"},
    "version_metadata": {"binding": "VERSION"},
    "placement": {"mode": "smart"},
    "limits": {"cpu_ms": 100},
    "observability": {"enabled": True, "head_sampling_rate": 0.5},
    "logpush": True,
    "tail_consumers": [{"service": "tail"}],
    "rules": [{"type": "Text", "globs": ["**/*.md"], "fallthrough": True}],
    "keep_vars": True,
    "env": {"staging": {"vars": {"TEXT": "two"}, "placement": {"mode": "off"}}},
}
FILES = {
    "src/entry.py": "from workers import WorkerEntrypoint\nclass Default(WorkerEntrypoint): pass\n",
    "src/package/__init__.py": "",
    "src/package/page.html": "<p>page</p>",
    "src/package/notes.md": "# notes",
    "src/package/data.bin": "\x00\x01",
    "src/package/query.sql": "SELECT 1",
    "src/package/ignored.json": "{}",
    "src/package/module.wasm": "\x00asm",
    "python_modules/workers/__init__.py": "",
    "python_modules/workers/workflows.js": "export {}",
    "python_modules/other/script.js": "export {}",
    "python_modules/other/__init__.py": "",
    "python_modules/other/__pycache__/a.pyc": "compiled",
    "python_modules/other-1.0.dist-info/RECORD": "",
    "python_modules/pyvenv.cfg": "",
}


@pytest.fixture
def everything(tmp_path: Path) -> Path:
    folder = tmp_path / "everything"
    for name, text in {**FILES, "wrangler.json": json.dumps(EVERYTHING)}.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    return folder


@pytest.mark.parametrize("environment", [None, "staging"])
def test_every_kind_of_binding_and_of_module(everything: Path, environment: str | None) -> None:
    flags = [] if environment is None else ["--env", environment]
    form, plan = dry_run(everything, *flags), planned(everything, environment=environment)
    assert own_parts(plan) == form.parts
    assert comparable(plan.metadata) == comparable(form.metadata)
    assert len(form.parts) == 13


def test_every_kind_of_binding_and_of_module_through_the_written_folder(
    everything: Path, tmp_path: Path
) -> None:
    form, plan = dry_run(written_by(everything, tmp_path)), planned(everything)
    assert form.parts == own_parts(plan)
    assert comparable(form.metadata) == comparable(plan.metadata)


def companion_of(project: Path, tmp_path: Path) -> Path:
    """The companion of `project`, with its packages where npm would have put them."""
    folder = written_by(project, tmp_path) / "sandbox"
    (folder / "node_modules").symlink_to(peers() / "node_modules")
    return folder


@pytest.mark.parametrize("name", ["cortex", "examples/sandbox"])
def test_wrangler_bundles_the_companion_with_the_class_and_its_container(name: str, tmp_path: Path) -> None:
    folder = companion_of(ROOT / name, tmp_path)
    form = dry_run(folder, "--outdir", "built")
    worker = json.loads((folder / "wrangler.json").read_text())["name"]
    assert form.metadata["containers"] == [{"name": f"{worker}-sandbox", "class_name": "Sandbox"}]
    exported = (folder / "built" / "index.js").read_text().rpartition("export {")[2]
    assert {"Sandbox", "ContainerProxy"} <= set(re.findall(r"\w+", exported))
    assert form.metadata["main_module"] == "index.js"
