"""`edge kv key`: what it stores and prints, and how it says no."""

from __future__ import annotations

import json
import sqlite3
from pathlib import Path

import pytest

from edge.kv import database
from edge.kv.location import namespace_path
from tests.wrangler_compat.cli.running import done, edge, refused
from wrangler_compat.cli.kv import key as kv_key

pytestmark = pytest.mark.usefixtures("project")
LOCAL = "Resource location: local\n\nUse --remote if you want to access the remote instance.\n\n"


def state_file(project: Path, namespace_id: str = "shared-kv") -> Path:
    return namespace_path(project / ".wrangler" / "state", namespace_id)


def test_a_value_comes_back(project: Path) -> None:
    said = done("kv", "key", "put", "greeting", "hello", "--binding", "KV")
    shown = 'Writing the value "hello" to key "greeting" on namespace binding: "KV" (id: "shared-kv").\n'
    assert said == LOCAL + shown
    assert done("kv", "key", "get", "greeting", "--binding", "KV") == "hello"
    assert done("kv", "key", "get", "greeting", "--binding", "KV", "--text") == "hello\n"
    assert state_file(project).is_file()


def test_a_file_keeps_its_bytes(project: Path) -> None:
    data = bytes(range(256)) * 1000
    (project / "logo.png").write_bytes(data)
    said = done("kv", "key", "put", "logo", "--path", "logo.png", "--namespace-id", "raw")
    assert said.endswith('Writing the contents of logo.png to the key "logo" on namespace id: "raw".\n')
    assert edge("kv", "key", "get", "logo", "--namespace-id", "raw").out == data


def test_keys_are_listed_as_json_in_a_pipe() -> None:
    done("kv", "key", "put", "b", "1", "--binding", "KV", "--metadata", '{"by": "ä"}')
    done("kv", "key", "put", "a", "2", "--binding", "KV", "--expiration", "4102444800")
    done("kv", "key", "put", "other", "3", "--binding", "KV")
    assert json.loads(done("kv", "key", "list", "--binding", "KV")) == [
        {"name": "a", "expiration": 4102444800},
        {"name": "b", "metadata": {"by": "ä"}},
        {"name": "other"},
    ]
    assert (
        done("kv", "key", "list", "--binding", "KV", "--prefix", "o")
        == '[\n  {\n    "name": "other"\n  }\n]\n'
    )


def test_keys_are_a_table_on_a_terminal(monkeypatch: pytest.MonkeyPatch) -> None:
    done("kv", "key", "put", "a", "2", "--binding", "KV", "--expiration", "4102444800")
    monkeypatch.setattr(kv_key, "is_terminal", lambda: True)
    lines = done("kv", "key", "list", "--binding", "KV").splitlines()
    assert [cell.strip() for cell in lines[1].strip("│").split("│")] == ["name", "expiration", "metadata"]
    assert [cell.strip() for cell in lines[3].strip("│").split("│")] == ["a", "2100-01-01 00:00:00Z", ""]


def test_all_pages_are_listed(project: Path) -> None:
    (project / "many.json").write_text(json.dumps([{"key": f"k{i:04}", "value": ""} for i in range(2500)]))
    done("kv", "bulk", "put", "many.json", "--binding", "KV")
    names = [key["name"] for key in json.loads(done("kv", "key", "list", "--binding", "KV"))]
    assert names == [f"k{i:04}" for i in range(2500)]


def test_deleting_is_for_good_and_needs_nothing_there() -> None:
    done("kv", "key", "put", "a", "1", "--binding", "KV")
    said = done("kv", "key", "delete", "a", "--binding", "KV")
    assert said.endswith('Deleting the key "a" on namespace binding: "KV" (id: "shared-kv").\n')
    assert done("kv", "key", "get", "a", "--binding", "KV") == "Value not found\n"
    done("kv", "key", "delete", "a", "--binding", "KV")


def test_reading_makes_no_files(project: Path) -> None:
    assert done("kv", "key", "get", "a", "--binding", "KV") == "Value not found\n"
    assert done("kv", "key", "list", "--binding", "KV") == "[]\n"
    done("kv", "key", "delete", "a", "--binding", "KV")
    assert not (project / ".wrangler").exists()


def test_environments_and_folders(project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    done("kv", "key", "put", "a", "staging", "--binding", "KV", "-e", "staging")
    assert state_file(project, "staging-kv").is_file()
    monkeypatch.setenv("CLOUDFLARE_ENV", "staging")
    assert done("kv", "key", "get", "a", "--binding", "KV") == "staging"
    done("kv", "key", "put", "a", "elsewhere", "--binding", "KV", "--persist-to", "kept")
    assert (project / "kept" / "v3" / "kv").is_dir()
    (project / "deep").mkdir()
    monkeypatch.chdir(project / "deep")
    assert done("kv", "key", "get", "a", "--binding", "KV") == "staging"
    assert done("kv", "key", "get", "a", "--binding", "KV", "-c", "../wrangler.jsonc") == "staging"


def test_a_preview_namespace() -> None:
    assert "has both" in refused("kv", "key", "put", "a", "1", "--binding", "BOTH")
    done("kv", "key", "put", "a", "trial", "--binding", "BOTH", "--preview")
    done("kv", "key", "put", "a", "real", "--binding", "BOTH", "--no-preview")
    assert done("kv", "key", "get", "a", "--binding", "BOTH") == "real"
    assert done("kv", "key", "get", "a", "--namespace-id", "trial") == "trial"
    assert "No preview namespace ID" in refused("kv", "key", "put", "a", "1", "--binding", "KV", "--preview")


def test_a_binding_without_an_id_goes_by_its_name(project: Path) -> None:
    done("kv", "key", "put", "a", "1", "--binding", "NEW")
    assert state_file(project, "NEW").is_file()


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["a", "1"], "exactly one of --binding and --namespace-id must be provided"),
        (["a", "1", "--binding", "KV", "--namespace-id", "x"], "Conflicting options"),
        (["a", "--binding", "KV"], "exactly one of <value> and --path must be provided"),
        (["a", "1", "--path", "f", "--binding", "KV"], "<value> and --path cannot be used together"),
        (["a", "1", "--binding", "KV", "--local", "--remote"], "mutually exclusive"),
        (
            ["a", "1", "--binding", "KV", "--metadata", "nope"],
            "--metadata must be valid JSON. Received: nope",
        ),
        (["a", "1", "--binding", "KV", "--metadata", "NaN"], "--metadata must be valid JSON"),
        (["a", "1", "--binding", "NOPE"], 'No KV namespace with binding "NOPE" was found'),
        (["a", "--path", "absent", "--binding", "KV"], "Could not read file: absent"),
        (["a", "1", "--binding", "KV", "--ttl", "5"], "KV PUT failed: 400 Invalid expiration_ttl of 5."),
        (["a", "1", "--binding", "KV", "--ttl", "soon"], "'soon' is not a valid integer"),
        (["", "1", "--binding", "KV"], "Key name cannot be empty."),
        (["k" * 513, "1", "--binding", "KV"], "UTF-8 encoded length of 513 exceeds key length limit of 512."),
        (
            ["a", "1", "--binding", "KV", "-e", "nope"],
            'No environment found in configuration with name "nope"',
        ),
        (["a", "1", "--binding", "KV", "-c", "nope.jsonc"], "there is no such configuration file"),
    ],
)
def test_mistakes(project: Path, arguments: list[str], message: str) -> None:
    assert message in refused("kv", "key", "put", *arguments)
    assert not (project / ".wrangler").exists() or not list(project.rglob("*.sqlite-wal"))


def test_arguments_that_are_no_text_are_bytes() -> None:
    odd = b"\xff\xfe".decode(errors="surrogateescape")
    said = done("kv", "key", "put", f"k{odd}", f"v{odd}", "--binding", "KV")
    assert 'Writing the value "v\ufffd\ufffd" to key "k\ufffd\ufffd"' in said
    assert edge("kv", "key", "get", f"k{odd}", "--binding", "KV").out == b"v\xff\xfe"
    done("kv", "key", "delete", f"k{odd}", "--binding", "KV")
    assert done("kv", "key", "list", "--binding", "KV") == "[]\n"


def test_without_a_configuration(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / "wrangler.jsonc").unlink()
    monkeypatch.chdir(tmp_path / "elsewhere")
    assert "No KV namespaces are configured" in refused("kv", "key", "get", "a", "--binding", "KV")
    done("kv", "key", "put", "a", "1", "--namespace-id", "raw")
    assert state_file(tmp_path / "elsewhere", "raw").is_file()


@pytest.mark.parametrize("damage", ["garbage", "cut off"])
def test_a_damaged_file_is_left_as_it_is(project: Path, damage: str) -> None:
    done("kv", "key", "put", "a", "1" * 9000, "--binding", "KV")
    path = state_file(project)
    path.write_bytes(b"garbage" * 1000 if damage == "garbage" else path.read_bytes()[:5000])
    before = path.read_bytes()
    for words in (["get", "a"], ["put", "a", "2"], ["list"]):
        said = refused("kv", "key", *words, "--binding", "KV")
        assert 'cannot use the local data of the KV namespace "shared-kv": ' in said
        assert str(path) in said
        assert "The file is damaged" in said
    assert path.read_bytes() == before


def test_another_writer_is_waited_for_and_then_named(project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    done("kv", "key", "put", "a", "1", "--binding", "KV")
    monkeypatch.setattr(database, "_BUSY_TIMEOUT_MS", 20)
    other = sqlite3.connect(state_file(project), isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    said = refused("kv", "key", "put", "a", "2", "--binding", "KV")
    assert "database is locked" in said
    assert "Another program has been writing" in said
    assert done("kv", "key", "get", "a", "--binding", "KV") == "1"
    other.close()
    done("kv", "key", "put", "a", "2", "--binding", "KV")
