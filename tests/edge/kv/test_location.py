"""File names of `wrangler dev`."""

from __future__ import annotations

from pathlib import Path

from edge.kv.location import namespace_path, object_id


def test_object_ids_are_miniflares() -> None:
    # The first one is found as a file name in many public repositories.
    assert object_id("miniflare-D1DatabaseObject", "DB") == (
        "e7352547963de7050bd7d94658afc4fe78b61811b7815da12d90be8e863abf4d"
    )
    assert object_id("miniflare-KVNamespaceObject", "NAMESPACE") == (
        "c5143190acbf456f17b8db87ca6e6d0c672fd61585313adee82937a956e44b8c"
    )


def test_path_below_the_state_directory() -> None:
    name = "c5143190acbf456f17b8db87ca6e6d0c672fd61585313adee82937a956e44b8c.sqlite"
    expected = Path("/p/.wrangler/state/v3/kv/miniflare-KVNamespaceObject") / name
    assert namespace_path(Path("/p/.wrangler/state"), "NAMESPACE") == expected
