"""File names of `wrangler dev`."""

from __future__ import annotations

from pathlib import Path

import pytest

from edge.sql.location import blob_folder, object_id, object_path

STATE = Path("/p/.wrangler/state")


def test_object_ids_are_miniflares() -> None:
    # The first one is found as a file name in many public repositories.
    assert object_id("miniflare-D1DatabaseObject", "DB") == (
        "e7352547963de7050bd7d94658afc4fe78b61811b7815da12d90be8e863abf4d"
    )
    assert object_id("miniflare-KVNamespaceObject", "NAMESPACE") == (
        "c5143190acbf456f17b8db87ca6e6d0c672fd61585313adee82937a956e44b8c"
    )


def test_database_below_the_state_directory() -> None:
    name = "e7352547963de7050bd7d94658afc4fe78b61811b7815da12d90be8e863abf4d.sqlite"
    assert object_path(STATE, "d1", "miniflare-D1DatabaseObject", "DB") == (
        STATE / "v3/d1/miniflare-D1DatabaseObject" / name
    )


@pytest.mark.parametrize(
    ("name", "folder"),
    [
        ("probe-r2", "probe-r2"),
        ("my bucket", "my%20bucket"),
        ("named:x", "named_x"),
        ("..", "__"),
        ("a/../b", "a____b"),
        ("a?b*c", "a_b_c"),
        ("CON", "_"),
        ("nul.txt", "_"),
        ("console", "console"),
        (" x ", "_x_"),
        ("é", "%C3%A9"),
        ("n" * 300, "n" * 255),
    ],
)
def test_folder_of_blobs(name: str, folder: str) -> None:
    assert blob_folder(STATE, "r2", name) == STATE / "v3/r2" / folder / "blobs"
