"""The same data under `edge kv` and the real wrangler: written with one, read with the other."""

from __future__ import annotations

import json
from pathlib import Path

import click
import pytest

from tests.peers.npm import run_wrangler
from tests.wrangler_compat.cli.conftest import cloud as cloud  # the same project and account for both
from tests.wrangler_compat.cli.conftest import project as project
from tests.wrangler_compat.cli.running import Ended, edge

#: A test runs wrangler up to ten times, which takes a second each, and many on a machine that is busy.
pytestmark = [pytest.mark.peers, pytest.mark.slow, pytest.mark.timeout(600)]


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


def test_d1_tables_of_one_are_the_others(project: Path) -> None:
    create = "CREATE TABLE t (id INTEGER PRIMARY KEY, name TEXT, data BLOB, x REAL)"
    insert = "INSERT INTO t (name, data, x) VALUES ('Ada', x'0102', 1.5)"
    (project / "s.sql").write_text(f"{create};\n{insert};\n-- end")
    execute = ("d1", "execute", "DB")
    assert lines(edge(*execute, "--file", "s.sql"))
    assert lines(wrangler(project, *execute, "--command", "INSERT INTO t (name, x) VALUES ('it''s', 2.0)"))
    read = (*execute, "--json", "--command", "SELECT * FROM t; SELECT count(*) FROM t; DELETE FROM t WHERE 0")
    theirs, ours = (json.loads(ended.text) for ended in (wrangler(project, *read), edge(*read)))
    assert [result["results"] for result in theirs] == [result["results"] for result in ours]
    assert [sorted(result) for result in theirs] == [sorted(result) for result in ours]
    both(project, "d1", "export", "DB", "--output", "dump.sql")  # ours came later
    dump = (project / "dump.sql").read_text()
    assert lines(wrangler(project, "d1", "export", "DB", "--output", "dump.sql"))
    assert dump == (project / "dump.sql").read_text()


def test_d1_migrations_of_one_are_the_others(project: Path) -> None:
    (project / "migrations").mkdir()
    (project / "migrations" / "0001_m.sql").write_text("CREATE TABLE t (a); -- end")
    both(project, "d1", "migrations", "list", "DB")
    assert lines(edge("d1", "migrations", "apply", "DB"))
    assert lines(wrangler(project, "d1", "migrations", "list", "DB"))[-1] == "✅ No migrations to apply!"
    (project / "migrations" / "0002_m.sql").write_text("ALTER TABLE t ADD COLUMN b;\n")
    assert lines(wrangler(project, "d1", "migrations", "apply", "DB"))
    assert lines(edge("d1", "migrations", "list", "DB"))[-1] == "✅ No migrations to apply!"


def test_d1_migrations_say_the_same(project: Path) -> None:
    create = ("d1", "migrations", "create", "DB", "a name")
    theirs = lines(wrangler(project, *create))
    (project / "migrations" / "0001_a_name.sql").unlink()
    (project / "migrations").rmdir()
    assert theirs == lines(edge(*create))
    (project / "migrations" / "0001_a_name.sql").write_text("CREATE TABLE t (a);\n")
    theirs = lines(wrangler(project, "d1", "migrations", "apply", "DB"))
    (project / "migrations" / "0001_a_name.sql").rename(project / "migrations" / "0002_a_name.sql")
    (project / "migrations" / "0002_a_name.sql").write_text("CREATE TABLE u (a);\n")
    ours = lines(edge("d1", "migrations", "apply", "DB"))
    assert [line.replace("0001", "0002") for line in theirs] == ours


@pytest.mark.parametrize(
    "arguments",
    [
        ("execute", "DB"),
        ("execute", "DB", "--command", "x", "--file", "y"),
        ("execute", "DB", "--command", "SELECT * FROM nope"),
        ("execute", "DB", "--file", "absent.sql"),
        ("execute", "DB", "--file", "empty.sql"),
        ("execute", "NOPE", "--command", "SELECT 1"),
        ("execute", "DB", "--command", "SELECT 1", "--preview"),
        ("migrations", "create", "DB", "a/b"),
        ("migrations", "list", "DB"),
        ("export", "DB", "--output", "x", "--no-data", "--no-schema"),
    ],
)
def test_d1_refuses_the_same(project: Path, arguments: tuple[str, ...]) -> None:
    (project / "empty.sql").touch()
    refused_alike(project, "d1", *arguments)


def test_what_is_on_cloudflare_is_the_same_for_both(project: Path, cloud: dict[str, str]) -> None:
    def theirs(*arguments: str, stdin: bytes = b"") -> list[str]:
        done = run_wrangler(arguments, project, env=cloud, stdin=stdin)
        return lines(Ended(done.returncode, done.stdout, done.stderr.decode()))

    def ours(*arguments: str, stdin: bytes = b"") -> list[str]:
        return lines(edge(*arguments, stdin=stdin))

    theirs("kv", "namespace", "create", "sessions")
    assert ours("kv", "namespace", "list") == theirs("kv", "namespace", "list")
    (namespace,) = json.loads("\n".join(ours("kv", "namespace", "list")))
    flags = ("--namespace-id", namespace["id"], "--remote")
    ours("kv", "key", "put", "a/b ü", "1", "--metadata", '{"by": "edge"}', *flags)
    assert ours("kv", "key", "list", *flags) == theirs("kv", "key", "list", *flags)
    assert theirs("kv", "key", "get", "a/b ü", "--text", *flags) == ["1"]
    ours("r2", "bucket", "create", "pictures")
    (project / "blob").write_bytes(b"\xff\0blob")
    theirs("r2", "object", "put", "pictures/dir/b", "--file", "blob", "--remote")
    assert edge("r2", "object", "get", "pictures/dir/b", "--pipe", "--remote").out == b"\xff\0blob"
    assert ours("r2", "bucket", "list") == theirs("r2", "bucket", "list")
    ours("secret", "put", "TOKEN", stdin=b"x")
    assert ours("secret", "list") == theirs("secret", "list")
    status = ("deployments", "status", "--json")
    assert json.loads("\n".join(ours(*status))) == json.loads("\n".join(theirs(*status)))


def test_d1_on_cloudflare_is_the_same_for_both(project: Path, cloud: dict[str, str]) -> None:
    def theirs(*arguments: str) -> list[str]:
        done = run_wrangler(arguments, project, env=cloud)
        return lines(Ended(done.returncode, done.stdout, done.stderr.decode()))

    lines(edge("d1", "create", "shop"))
    (project / "s.sql").write_text("CREATE TABLE t (a); INSERT INTO t VALUES (1);")
    theirs("d1", "execute", "shop", "--remote", "--file", "s.sql")
    lines(edge("d1", "execute", "shop", "--remote", "--command", "INSERT INTO t VALUES (2)"))
    read = ("d1", "execute", "shop", "--remote", "--json", "--command", "SELECT * FROM t")
    both = [json.loads("\n".join(said)) for said in (theirs(*read), lines(edge(*read)))]
    assert [found[0]["results"] for found in both] == [[{"a": 1}, {"a": 2}]] * 2
    listed = ("d1", "list", "--json")
    assert json.loads("\n".join(theirs(*listed))) == json.loads("\n".join(lines(edge(*listed))))
