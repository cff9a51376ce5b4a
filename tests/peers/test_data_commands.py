"""The same data under `edge kv` and the real wrangler: written with one, read with the other."""

from __future__ import annotations

import json
from pathlib import Path

import click
import pytest

from tests.peers.npm import run_wrangler
from tests.wrangler_compat.cli.conftest import project as project  # the same project for both
from tests.wrangler_compat.cli.running import Ended, edge

pytestmark = [pytest.mark.peers, pytest.mark.slow]


def wrangler(project: Path, *arguments: str) -> Ended:
    done = run_wrangler(arguments, project)
    return Ended(done.returncode, done.stdout, done.stderr.decode())


def lines(ended: Ended) -> list[str]:
    """What was printed, without blanks at the ends of lines, and only when all went well."""
    assert ended.code == 0, ended.err
    return [line.rstrip() for line in ended.text.strip().splitlines()]


def both(project: Path, *arguments: str) -> list[str]:
    """What both print; they have to agree."""
    theirs, ours = wrangler(project, *arguments), edge(*arguments)
    assert lines(theirs) == lines(ours)
    return lines(ours)


def refused_alike(project: Path, *arguments: str) -> None:
    """Both say no, and the first sentence of why is the same."""
    theirs, ours = wrangler(project, *arguments), edge(*arguments)
    assert (theirs.code, ours.code) == (1, 1)
    said = next(line for line in click.unstyle(theirs.err).splitlines() if "[ERROR]" in line)
    assert said.partition("[ERROR] ")[2].partition(". ")[0].rstrip(".") in ours.err


KV = ("--binding", "KV")


def test_kv_keys_of_one_are_the_others(project: Path) -> None:
    blob = bytes(range(256)) * 500
    (project / "blob").write_bytes(blob)
    put = ("kv", "key", "put")
    assert lines(wrangler(project, *put, "theirs", "w", "--metadata", '{"by":"ü"}', *KV))
    assert lines(edge(*put, "ours", "e", "--metadata", '{"by":"ü"}', "--expiration", "4102444800", *KV))
    assert lines(edge(*put, "blob", "--path", "blob", *KV))
    listed = json.loads("\n".join(both(project, "kv", "key", "list", *KV)))
    assert [key["name"] for key in listed] == ["blob", "ours", "theirs"]
    both(project, "kv", "key", "list", "--prefix", "o", *KV)
    for key in ("theirs", "ours", "none"):
        both(project, "kv", "key", "get", key, "--text", *KV)
    assert wrangler(project, "kv", "key", "get", "blob", *KV).out == blob
    assert lines(edge("kv", "key", "delete", "theirs", *KV))
    assert both(project, "kv", "key", "get", "theirs", *KV) == ["Value not found"]


def test_kv_says_the_same(project: Path) -> None:
    (project / "pairs.json").write_text(json.dumps([{"key": "a", "value": "1"}, {"key": "b", "value": "2"}]))
    (project / "keys.json").write_text(json.dumps(["a", {"name": "b"}, "none"]))
    both(project, "kv", "key", "put", "k", "v", "--ttl", "3600", *KV)
    both(project, "kv", "key", "put", "k", "--path", "keys.json", "--namespace-id", "raw")
    both(project, "kv", "key", "delete", "k", *KV)
    both(project, "kv", "bulk", "put", "pairs.json", *KV)
    both(project, "kv", "bulk", "get", "keys.json", *KV)
    both(project, "kv", "bulk", "delete", "keys.json", *KV)
    assert both(project, "kv", "key", "list", *KV) == ["[]"]


@pytest.mark.parametrize(
    "arguments",
    [
        ("key", "put", "a", "1"),
        ("key", "put", "a", *KV),
        ("key", "put", "a", "1", "--binding", "NOPE"),
        ("key", "put", "a", "1", "--binding", "BOTH"),
        ("key", "put", "a", "1", *KV, "--ttl", "5"),
        ("key", "put", "", "1", *KV),
        ("key", "get", "a", *KV, "-e", "nope"),
        ("bulk", "put", "wrong.json", *KV),
        ("bulk", "put", "absent.json", *KV),
        ("bulk", "get", "wrong.json", *KV),
    ],
)
def test_kv_refuses_the_same(project: Path, arguments: tuple[str, ...]) -> None:
    (project / "wrong.json").write_text('[{"key": "a", "value": 1}]')
    refused_alike(project, "kv", *arguments)


def test_r2_objects_of_one_are_the_others(project: Path) -> None:
    blob = bytes(range(256)) * 5000
    (project / "blob").write_bytes(blob)
    put = ("r2", "object", "put")
    both(project, *put, "shared-bucket/same", "--file", "blob", "--ct", "text/plain")
    assert lines(wrangler(project, *put, "shared-bucket/dir/theirs", "--file", "blob"))
    assert lines(edge(*put, "shared-bucket/dir/ours", "--pipe", "--cl", "de", stdin=blob))
    for key in ("same", "dir/theirs", "dir/ours"):
        get = ("r2", "object", "get", f"shared-bucket/{key}")
        assert wrangler(project, *get, "--pipe").out == blob
        assert edge(*get, "--pipe").out == blob
        both(project, *get)
        assert (project / key).read_bytes() == blob
    both(project, "r2", "object", "delete", "shared-bucket/dir/theirs")
    gone = ("r2", "object", "get", "shared-bucket/dir/theirs", "--pipe")
    assert (wrangler(project, *gone).code, edge(*gone).code) == (1, 1)


@pytest.mark.parametrize(
    "arguments",
    [
        ("get", "shared-bucket"),
        ("get", "Shared_Bucket/a"),
        ("get", "shared-bucket/none", "--pipe"),
        ("put", "shared-bucket/a"),
        ("put", "shared-bucket/a", "--file", "absent"),
        ("put", "shared-bucket/a", "--file", "x", "--pipe"),
    ],
)
def test_r2_refuses_the_same(project: Path, arguments: tuple[str, ...]) -> None:
    refused_alike(project, "r2", "object", *arguments)
