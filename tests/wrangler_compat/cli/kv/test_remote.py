"""`edge kv` on what is on Cloudflare, against `edge cloud`."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.wrangler_compat.cli.running import done, edge, refused

pytestmark = pytest.mark.usefixtures("cloud")


@pytest.fixture
def namespace(cloud: object) -> tuple[str, ...]:
    """The flags of a new namespace."""
    said = done("kv", "namespace", "create", "sessions", "--binding", "SESSIONS")
    head, _, snippet = said.partition("configuration file:\n")
    assert head == (
        'Resource location: remote\n\n🌀 Creating namespace with title "sessions"\n✨ Success!\n'
        "To access your new KV Namespace in your Worker, add the following snippet to your "
    )
    (entry,) = json.loads(snippet)["kv_namespaces"]
    assert entry["binding"] == "SESSIONS"
    return ("--namespace-id", entry["id"], "--remote")


def titles() -> list[str]:
    return [namespace["title"] for namespace in json.loads(done("kv", "namespace", "list"))]


def test_values(project: Path, namespace: tuple[str, ...]) -> None:
    blob = bytes(range(256)) * 100
    (project / "blob").write_bytes(blob)
    key = "a/b c?d=ü"
    said = done("kv", "key", "put", key, "--path", "blob", "--metadata", '{"by": "ü"}', *namespace)
    assert said.startswith("Resource location: remote\n\nWriting the contents of blob")
    done("kv", "key", "put", "plain", "text", "--expiration", "4102444800", *namespace)
    assert edge("kv", "key", "get", key, *namespace).out == blob
    assert done("kv", "key", "get", "plain", "--text", *namespace) == "text\n"
    assert json.loads(done("kv", "key", "list", *namespace)) == [
        {"name": key, "metadata": {"by": "ü"}},
        {"name": "plain", "expiration": 4102444800},
    ]
    assert json.loads(done("kv", "key", "list", "--prefix", "p", *namespace))[0]["name"] == "plain"
    done("kv", "key", "delete", "plain", *namespace)
    said = refused("kv", "key", "get", "plain", *namespace)
    assert "/values/plain) failed." in said
    assert not (project / ".wrangler").exists()


def test_bulk(project: Path, namespace: tuple[str, ...]) -> None:
    pairs = [{"key": f"k{number:04}", "value": str(number)} for number in range(2100)]
    pairs.append({"key": "blob", "value": "/wA=", "base64": True})
    (project / "pairs.json").write_text(json.dumps(pairs))
    assert done("kv", "bulk", "put", "pairs.json", *namespace).endswith("Success!\n")
    assert len(json.loads(done("kv", "key", "list", *namespace))) == 2101
    assert edge("kv", "key", "get", "blob", *namespace).out == b"\xff\0"
    (project / "keys.json").write_text(json.dumps([f"k{number:04}" for number in range(150)] + ["none"]))
    values = json.loads(done("kv", "bulk", "get", "keys.json", *namespace))
    assert (len(values), values["k0149"], values["none"]) == (151, {"value": "149"}, {"value": None})
    done("kv", "bulk", "delete", "keys.json", "--force", *namespace)
    assert len(json.loads(done("kv", "key", "list", *namespace))) == 1951


def test_a_part_that_fails_says_what_was_stored(project: Path, namespace: tuple[str, ...]) -> None:
    pairs = [{"key": f"k{number}", "value": "", "expiration_ttl": 60} for number in range(1500)]
    pairs[1200]["expiration_ttl"] = 5
    (project / "pairs.json").write_text(json.dumps(pairs))
    said = refused("kv", "bulk", "put", "pairs.json", *namespace)
    assert said.endswith("The first 1,000 of the file are stored.\n")
    assert len(json.loads(done("kv", "key", "list", *namespace))) == 1000


def test_namespaces(namespace: tuple[str, ...]) -> None:
    assert titles() == ["sessions"]
    assert 'A KV namespace with the title "sessions" already exists.' in refused(
        "kv", "namespace", "create", "sessions"
    )
    done("kv", "namespace", "create", "sessions", "--preview", "-e", "staging")
    assert titles() == ["sessions", "staging-sessions_preview"]
    done("kv", "namespace", "rename", "sessions", "--new-name", "visits")
    assert titles() == ["staging-sessions_preview", "visits"]
    said = done("kv", "namespace", "delete", "staging-sessions_preview")
    assert "? Ok to proceed?\n🤖 Using fallback value in non-interactive context: yes\n" in said
    said = done("kv", "namespace", "delete", *namespace[:2], "--skip-confirmation")
    assert said.endswith(f'Deleted KV namespace id: "{namespace[1]}".\n')
    assert titles() == []


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (
            ["key", "get", "a", "--binding", "NEW", "--remote"],
            'No namespace ID is configured for binding "NEW".',
        ),
        (["key", "get", "a", "--binding", "KV", "--remote"], "namespace not found [code: 10013]"),
        (["key", "put", "..", "1", "--binding", "KV", "--remote"], '".." is not allowed as a key name.'),
        (["namespace", "delete"], "Exactly one of <name>, --binding and --namespace-id must be provided"),
        (["namespace", "delete", "nope"], 'No KV namespace named "nope" was found in your account.'),
        (["namespace", "rename", "--new-name", "x"], "Either <old-name> or --namespace-id must be provided"),
        (["namespace", "rename", "nope", "--new-name", "x"], 'No KV namespace named "nope" was found'),
    ],
)
def test_mistakes(arguments: list[str], message: str) -> None:
    assert message in refused("kv", *arguments)


def test_without_a_token(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("CLOUDFLARE_API_TOKEN")
    assert "CLOUDFLARE_API_TOKEN is not set" in refused("kv", "namespace", "list")


def test_with_a_wrong_token(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CLOUDFLARE_API_TOKEN", "nonsense-token")
    said = refused("kv", "namespace", "list")
    assert "Check CLOUDFLARE_API_TOKEN" in said
    assert "nonsense-token" not in said
