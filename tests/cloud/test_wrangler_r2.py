"""The real wrangler's `r2 … --remote` as a client."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.cloud.running import RunningCloud
from tests.cloud.wrangling import Wrangler

pytestmark = [pytest.mark.peers, pytest.mark.slow, pytest.mark.timeout(600)]  # many starts of Node.js


def test_buckets_and_objects(cloud: RunningCloud, wrangler: Wrangler, tmp_path: Path) -> None:
    wrangler("r2", "bucket", "create", "first")
    assert "already exists, and you own it. [code: 10004]" in wrangler(
        "r2", "bucket", "create", "first", exit_code=1
    )
    wrangler("r2", "bucket", "create", "other", "--storage-class", "InfrequentAccess")
    assert "first" in wrangler("r2", "bucket", "list")

    content = bytes(range(256)) * 4000  # a megabyte: it is streamed both ways
    (tmp_path / "up").write_bytes(content)
    kinds = ("--content-type", "image/png", "--cache-control", "max-age=60")
    wrangler("r2", "object", "put", "first/dir/a b.png", "--file", "up", *kinds, "--remote")
    wrangler("r2", "object", "get", "first/dir/a b.png", "--file", "down", "--remote")
    assert (tmp_path / "down").read_bytes() == content
    assert "[code: 10008]" in wrangler("r2", "bucket", "delete", "first", exit_code=1)
    wrangler("r2", "object", "delete", "first/dir/a b.png", "--remote")
    told = wrangler("r2", "object", "get", "first/dir/a b.png", "--remote", exit_code=1)
    assert "The specified key does not exist." in told
    wrangler("r2", "bucket", "delete", "first")
    told = wrangler("r2", "object", "put", "first/x", "--file", "up", "--remote", exit_code=1)
    assert "The specified bucket does not exist." in told
