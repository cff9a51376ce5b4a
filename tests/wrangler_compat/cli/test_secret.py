"""`edge secret`, against `edge cloud`."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.wrangler_compat.cli.running import done, edge, refused

pytestmark = pytest.mark.usefixtures("cloud")


def names(*flags: str) -> list[str]:
    return [secret["name"] for secret in json.loads(done("secret", "list", *flags))]


def test_a_secret_of_a_worker_that_is_not_there_makes_a_draft() -> None:
    said = done("secret", "put", "TOKEN", stdin="s3cret\n")
    assert said.splitlines() == [
        '🌀 Creating the secret for the Worker "shared"',
        '? There doesn\'t seem to be a Worker called "shared". Do you want to create a new Worker with that '
        "name and add secrets to it?",
        "🤖 Using fallback value in non-interactive context: yes",
        '🌀 Creating new Worker "shared"...',
        "✨ Success! Uploaded secret TOKEN",
    ]
    assert json.loads(done("secret", "list")) == [{"name": "TOKEN", "type": "secret_text"}]
    assert done("secret", "put", "OTHER", stdin="x").splitlines()[1:] == ["✨ Success! Uploaded secret OTHER"]
    said = done("secret", "delete", "TOKEN")
    assert said.endswith(
        "🌀 Deleting the secret TOKEN on the Worker shared\n✨ Success! Deleted secret TOKEN\n"
    )
    assert names() == ["OTHER"]
    assert done("secret", "list", "--format", "pretty") == "Secret Name: OTHER\n\n"


def test_environments_and_names() -> None:
    done("secret", "put", "A", "-e", "staging", stdin="x")
    done("secret", "put", "B", "--name", "another", stdin="x")
    assert names("--name", "shared-staging") == ["A"]
    assert names("--name", "another") == ["B"]


def test_bulk(project: Path) -> None:
    (project / "secrets.json").write_text('{"A": "1", "B": "2"}')
    said = done("secret", "bulk", "secrets.json")
    assert said.endswith("\nFinished processing secrets file:\n✨ 2 secrets successfully created\n")
    said = done("secret", "bulk", stdin='{"A": null, "C": "3"}')
    assert "✨ Successfully deleted secret for key: A" in said
    assert names() == ["B", "C"]
    done("secret", "bulk", stdin="D=4\nE='5'\n")
    assert names() == ["B", "C", "D", "E"]


@pytest.mark.parametrize(
    ("arguments", "stdin", "message"),
    [
        (["put", "A"], "\n", "the value of a secret cannot be empty"),
        (["bulk"], '{"A": 1}', 'the value for "A" is not null or a text, but of type int'),
        (["bulk"], "[]", "has to hold a JSON object of texts"),
        (["bulk"], json.dumps({f"S{n}": "x" for n in range(101)}), "101 secrets at once are too many"),
        (["bulk", "absent.json"], "", "Could not read file: absent.json"),
        (["list", "--name", "nope"], "", "This Worker does not exist on your account. [code: 10007]"),
    ],
)
def test_mistakes(arguments: list[str], stdin: str, message: str) -> None:
    assert message in refused("secret", *arguments, stdin=stdin)


def test_values_are_never_said(project: Path) -> None:
    for words, stdin in (
        (["put", "A"], "hunter2"),
        (["bulk"], '{"B": "hunter2"}'),
        (["bulk"], '{"C": ["hunter2"]}'),
    ):
        ended = edge("secret", *words, stdin=stdin)
        assert "hunter2" not in ended.text + ended.err


def test_without_a_name(project: Path) -> None:
    (project / "wrangler.jsonc").write_text("{}")
    assert "Required Worker name missing." in refused("secret", "list")
