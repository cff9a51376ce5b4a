"""`edge vectorize`: indexes made as on Cloudflare, and used by a Worker."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from edge.errors import UserError
from edge.kernel.clock import VirtualClock
from edge.kernel.random import RandomStreams
from edge.vectorize.index import Index
from edge.vectorize.logic.refusal import VectorizeRefused
from edge.vectorize.logic.request import Options, floats, read_options, read_vector
from edge.vectorize.open import index_path
from tests.loops import run_virtual
from wrangler_compat.cli.vectorize import command


def vectorize(state: Path, *arguments: str, answer: str = "") -> Result:
    runner = CliRunner()
    return runner.invoke(command, [*arguments, "--persist-to", str(state)], answer, catch_exceptions=False)


def made(state: Path) -> Path:
    vectorize(state, "create", "notes", "--dimensions", "2", "--metric", "euclidean")
    return state


def test_an_index_is_created_shown_and_deleted(tmp_path: Path) -> None:
    assert "There is no index yet" in vectorize(tmp_path, "list").stdout
    created = vectorize(tmp_path, "create", "notes", "--dimensions", "2", "--metric", "euclidean", "--json")
    about = {"name": "notes", "dimensions": 2, "metric": "euclidean", "vectorCount": 0}
    assert json.loads(created.stdout) == about
    assert json.loads(vectorize(tmp_path, "list", "--json").stdout) == [about]
    assert vectorize(tmp_path, "list").stdout == "notes  2 dimensions  euclidean\n"
    assert "vectorCount: 0" in vectorize(tmp_path, "info", "notes").stdout
    assert vectorize(tmp_path, "delete", "notes", answer="n\n").exit_code == 1
    assert index_path(tmp_path, "notes").exists()
    assert vectorize(tmp_path, "delete", "notes", "--force").exit_code == 0
    assert list(index_path(tmp_path, "notes").parent.iterdir()) == []


def test_only_properties_with_an_index_are_filtered_and_only_from_then_on(tmp_path: Path) -> None:
    made(tmp_path)

    async def found(name: str) -> list[str]:
        index = Index("notes", index_path(tmp_path, "notes"), VirtualClock(), RandomStreams(1))
        given = {"id": name, "metadata": {"kind": "note"}}
        await index.insert("insert", [read_vector(given, floats([1, 2]), await index.dimensions())])
        query = floats([0, 0])
        assert query is not None
        matches = await index.query(query, read_options({"filter": {"kind": "note"}}))
        every = await index.query(query, Options())
        await index.close()
        assert name in {match.vector.id for match in every}
        return [match.vector.id for match in matches]

    assert run_virtual(found("before")) == []
    vectorize(tmp_path, "create-metadata-index", "notes", "--property-name", "kind", "--type", "string")
    assert vectorize(tmp_path, "list-metadata-index", "notes").stdout == "kind  string\n"
    assert run_virtual(found("after")) == ["after"]
    vectorize(tmp_path, "delete-metadata-index", "notes", "--property-name", "kind")
    assert json.loads(vectorize(tmp_path, "list-metadata-index", "notes", "--json").stdout) == []
    with pytest.raises(VectorizeRefused, match="expected 2 dimensions"):
        read_vector({"id": "x"}, floats([1]), 2)


@pytest.mark.parametrize(
    ("arguments", "text"),
    [
        (("create", "notes", "--dimensions", "2", "--metric", "cosine"), "exists already"),
        (("create", "other", "--dimensions", "1537", "--metric", "cosine"), "from 1 to 1536, not 1537"),
        (("create", "a/b", "--dimensions", "2", "--metric", "cosine"), "is no name for an index"),
        (("info", "none"), 'there is no index "none"'),
        (("delete", "none", "--force"), 'there is no index "none"'),
        (("delete-metadata-index", "notes", "--property-name", "kind"), "no metadata index"),
    ],
)
def test_mistakes_are_said(tmp_path: Path, arguments: tuple[str, ...], text: str) -> None:
    with pytest.raises(UserError, match=text):
        vectorize(made(tmp_path), *arguments)


def test_ten_properties_can_be_filtered_at_most(tmp_path: Path) -> None:
    made(tmp_path)
    add = ("create-metadata-index", "notes", "--type", "number", "--property-name")
    for number in range(10):
        assert vectorize(tmp_path, *add, f"p{number}").exit_code == 0
    with pytest.raises(UserError, match="already"):
        vectorize(tmp_path, *add, "p1")
    with pytest.raises(UserError, match="there cannot be more"):
        vectorize(tmp_path, *add, "p10")


def test_a_file_that_is_no_index_is_named(tmp_path: Path) -> None:
    path = index_path(made(tmp_path), "notes")
    path.write_bytes(b"this is not SQLite, and long enough to be seen as such" * 20)
    with pytest.raises(UserError, match='index "notes": file is not a database'):
        vectorize(tmp_path, "info", "notes")


def test_a_folder_that_cannot_be_made_is_named() -> None:
    with pytest.raises(UserError, match=r'cannot use the local data of the index "notes": .*/proc/no'):
        made(Path("/proc/no"))
