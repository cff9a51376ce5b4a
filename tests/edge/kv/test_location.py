"""File names of `wrangler dev`."""

from __future__ import annotations

from pathlib import Path

from edge.kv.location import namespace_path


def test_path_below_the_state_directory() -> None:
    name = "c5143190acbf456f17b8db87ca6e6d0c672fd61585313adee82937a956e44b8c.sqlite"
    expected = Path("/p/.wrangler/state/v3/kv/miniflare-KVNamespaceObject") / name
    assert namespace_path(Path("/p/.wrangler/state"), "NAMESPACE") == expected
