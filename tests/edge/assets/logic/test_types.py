from __future__ import annotations

import pytest

from edge.assets.logic.types import content_type


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("index.html", "text/html; charset=utf-8"),
        ("style.css", "text/css; charset=utf-8"),
        ("script.JS", "text/javascript; charset=utf-8"),
        ("favicon.ico", "image/vnd.microsoft.icon"),
        ("image.svg", "image/svg+xml"),
        ("feed.xml", "application/xml"),
        ("archive.tar.gz", "application/gzip"),
        ("folder.html/data", None),
        ("folder/js", None),
        ("js", None),
        ("no.such-extension", None),
        (".html", "text/html; charset=utf-8"),
    ],
)
def test_the_type_is_that_of_the_extension(name: str, expected: str | None) -> None:
    assert content_type(name) == expected
