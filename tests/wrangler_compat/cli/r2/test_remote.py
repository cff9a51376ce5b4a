"""`edge r2` on what is on Cloudflare, against `edge cloud`."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.wrangler_compat.cli.running import done, edge, refused
from wrangler_compat.cli.r2 import remote

pytestmark = pytest.mark.usefixtures("cloud")


@pytest.fixture
def bucket(cloud: dict[str, str]) -> str:
    said = done("r2", "bucket", "create", "my-pictures")
    head, _, snippet = said.partition("configuration file:\n")
    assert head.startswith(
        "Creating bucket 'my-pictures'...\n"
        "✅ Created bucket 'my-pictures' with default storage class of Standard.\n"
    )
    assert json.loads(snippet) == {"r2_buckets": [{"bucket_name": "my-pictures", "binding": "my_pictures"}]}
    return "my-pictures"


def test_objects(project: Path, bucket: str) -> None:
    blob = bytes(range(256)) * 5000
    (project / "blob").write_bytes(blob)
    path = f"{bucket}/dir/a b?c=ü.bin"
    said = done("r2", "object", "put", path, "--file", "blob", "--ct", "image/png", "--remote")
    assert said == (
        "Resource location: remote\n\n"
        'Creating object "dir/a b?c=ü.bin" in bucket "my-pictures".\nUpload complete.\n'
    )
    assert edge("r2", "object", "get", path, "--pipe", "--remote").out == blob
    done("r2", "object", "get", path, "--file", "copy", "--remote")
    assert (project / "copy").read_bytes() == blob
    done("r2", "object", "delete", path, "--remote")
    assert "The specified key does not exist." in refused("r2", "object", "get", path, "--pipe", "--remote")
    assert not (project / ".wrangler").exists()


def test_what_is_too_large_is_not_sent(bucket: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(remote, "UPLOAD_BYTES_MAX", 10)
    done("r2", "object", "put", f"{bucket}/a", "--pipe", "--remote", stdin=b"x" * 10)
    said = refused("r2", "object", "put", f"{bucket}/b", "--pipe", "--remote", stdin=b"x" * 11)
    assert "only files up to 300 MiB can be uploaded" in said
    assert "does not exist" in refused("r2", "object", "get", f"{bucket}/b", "--pipe", "--remote")


def test_buckets(bucket: str) -> None:
    said = done("r2", "bucket", "list")
    assert said.splitlines()[:2] == ["Listing buckets...", "name:           my-pictures"]
    assert json.loads(done("r2", "bucket", "info", bucket, "--json"))["name"] == bucket
    assert f"name:                   {bucket}\n" in done("r2", "bucket", "info", bucket)
    assert "already exists" in refused("r2", "bucket", "create", bucket)
    done("r2", "object", "put", f"{bucket}/a", "--pipe", "--remote", stdin=b"x")
    assert "not empty" in refused("r2", "bucket", "delete", bucket)
    done("r2", "object", "delete", f"{bucket}/a", "--remote")
    assert done("r2", "bucket", "delete", bucket).endswith("Deleted bucket my-pictures.\n")
    assert done("r2", "bucket", "list") == "Listing buckets...\n"


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["bucket", "create", "No Name"], 'The bucket name "No Name" is invalid.'),
        (["bucket", "info", "absent"], "failed."),
        (["object", "put", "absent/a", "--pipe", "--remote"], "failed."),
        (["object", "get", "absent/a", "--pipe", "--remote"], ""),
    ],
)
def test_mistakes(arguments: list[str], message: str) -> None:
    assert message in refused("r2", *arguments, stdin=b"x")
