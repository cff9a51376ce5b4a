"""The real wrangler's `kv … --remote` and `whoami` as clients."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.cloud.running import RunningCloud
from tests.cloud.wrangling import Wrangler

pytestmark = [pytest.mark.peers, pytest.mark.slow, pytest.mark.timeout(600)]  # many starts of Node.js


def test_kv(cloud: RunningCloud, wrangler: Wrangler, tmp_path: Path) -> None:
    assert "Success!" in wrangler("kv", "namespace", "create", "first")
    [namespace] = wrangler.json("kv", "namespace", "list")
    assert namespace["title"] == "first"
    at = ("--namespace-id", namespace["id"], "--remote")

    wrangler("kv", "key", "put", "plain/a b", "one", *at)
    wrangler("kv", "key", "put", "meta", "two", "--metadata", '{"n": 1}', "--ttl", "600", *at)
    (tmp_path / "bytes").write_bytes(b"\0\xff")
    wrangler("kv", "key", "put", "file", "--path", "bytes", "--metadata", '{"b": true}', *at)
    listed = {key["name"]: key for key in wrangler.json("kv", "key", "list", *at)}
    assert set(listed) == {"plain/a b", "meta", "file"}
    assert listed["meta"]["metadata"] == {"n": 1}
    assert listed["meta"]["expiration"] > 0
    assert wrangler("kv", "key", "get", "plain/a b", "--text", *at) == "one\n"
    values = f"{cloud.url}/accounts/{cloud.account_id}/storage/kv/namespaces/{namespace['id']}/values"
    told = wrangler("kv", "key", "get", "gone", *at, exit_code=1)
    assert f"Failed to fetch {values}/gone - 404: Not Found" in told

    pairs = [{"key": f"bulk-{number:04}", "value": "v"} for number in range(1500)]
    (tmp_path / "pairs.json").write_text(json.dumps(pairs))
    wrangler("kv", "bulk", "put", "pairs.json", *at)
    assert len(wrangler.json("kv", "key", "list", "--prefix", "bulk-", *at)) == 1500
    (tmp_path / "keys.json").write_text(json.dumps(["bulk-0001", "gone"]))
    assert '"bulk-0001"' in wrangler("kv", "bulk", "get", "keys.json", *at)
    (tmp_path / "keys.json").write_text(json.dumps([pair["key"] for pair in pairs]))
    wrangler("kv", "bulk", "delete", "keys.json", "--force", *at)
    assert len(wrangler.json("kv", "key", "list", *at)) == 3

    wrangler("kv", "namespace", "rename", "first", "--new-name", "second")
    told = wrangler("kv", "namespace", "create", "second", exit_code=1)
    assert 'A KV namespace with the title "second" already exists.' in told
    wrangler("kv", "namespace", "delete", "--namespace-id", namespace["id"], "-y")
    assert wrangler.json("kv", "namespace", "list") == []


def test_who_am_i(cloud: RunningCloud, wrangler: Wrangler) -> None:
    told = wrangler("whoami")
    assert "associated with the email test@localhost" in told
    assert cloud.account_id in told
    assert "Invalid access token [code: 9109]" in wrangler(
        "whoami", exit_code=1, CLOUDFLARE_API_TOKEN="wrong"
    )
    told = wrangler("kv", "namespace", "list", exit_code=1, CLOUDFLARE_API_TOKEN="wrong")
    assert "Authentication error [code: 10000]" in told
