"""Types of content, by bytes and by name."""

from __future__ import annotations

import pytest

from sandbox.server.content_type import SNIFFED_BYTES, content_type


@pytest.mark.parametrize(
    ("name", "head", "expected"),
    [
        ("a.txt", b"hello", ("text/plain", False)),
        ("a.html", b"<p>", ("text/html", False)),
        ("a.json", b"{}", ("application/json", False)),
        ("a.py", b"x = 1", ("text/x-python", False)),
        ("Makefile", b"all:", ("text/plain", False)),
        ("empty", b"", ("text/plain", False)),
        ("a.png", b"\x89PNG\0", ("image/png", True)),
        ("a.png", b"no picture", ("text/plain", False)),
        ("a.svg", b"<svg/>", ("image/svg+xml", False)),
        ("a.txt", b"\xff\xfe", ("application/octet-stream", True)),
        ("data", b"a\0b", ("application/octet-stream", True)),
        ("a.txt", b"x" * (SNIFFED_BYTES - 1) + b"\xe2", ("text/plain", False)),  # a character cut off
        ("a.txt", b"x\xe2", ("application/octet-stream", True)),
    ],
)
def test_content_type(name: str, head: bytes, expected: tuple[str, bool]) -> None:
    assert tuple(content_type(name, head)) == expected
