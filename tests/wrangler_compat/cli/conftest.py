from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.wrangler_compat.cli.clouds import cloud_in_a_thread

CONFIG = {
    "name": "shared",
    "main": "src/entry.py",
    "compatibility_date": "2026-10-01",
    "compatibility_flags": ["python_workers"],
    "kv_namespaces": [
        {"binding": "KV", "id": "shared-kv"},
        {"binding": "BOTH", "id": "real", "preview_id": "trial"},
        {"binding": "NEW"},
    ],
    "r2_buckets": [{"binding": "BUCKET", "bucket_name": "shared-bucket"}],
    "d1_databases": [{"binding": "DB", "database_name": "shared-db", "database_id": "shared-d1"}],
    "env": {"staging": {"kv_namespaces": [{"binding": "KV", "id": "staging-kv"}]}},
}


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A project, and the current folder."""
    (tmp_path / "wrangler.jsonc").write_text(json.dumps(CONFIG))
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("CLOUDFLARE_ENV", raising=False)
    return tmp_path


@pytest.fixture
def cloud(project: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[dict[str, str]]:
    """A local Cloudflare, to which `--remote` leads by these variables of the environment."""
    for name in ("CLOUDFLARE_API_KEY", "CLOUDFLARE_EMAIL"):
        monkeypatch.delenv(name, raising=False)
    with cloud_in_a_thread() as environment:
        for name, value in environment.items():
            monkeypatch.setenv(name, value)
        yield environment
