from __future__ import annotations

from typing import Any

import pytest

from wrangler_compat.deploy.workerd.capnp import Embed, constant, text_of


@pytest.mark.parametrize(
    ("value", "text"),
    [
        ("a", '"a"'),
        ('"quoted" \\ \n\t\r', r'"\"quoted\" \\ \n\t\r"'),
        ("\x01é", r'"\x01é"'),
        (True, "true"),
        (3, "3"),
        ([], "[]"),
        ({}, "()"),
        ({"a": 1, "b": ["x", {"c": False}]}, '(a = 1, b = ["x", (c = false)])'),
        (Embed("src/a b.py"), 'embed "src/a b.py"'),
    ],
)
def test_values(value: Any, text: str) -> None:
    assert text_of(value) == text


def test_what_is_long_has_lines() -> None:
    assert text_of({"list": ["x" * 60, "y" * 60]}) == (
        f'(\n  list = [\n    "{"x" * 60}",\n    "{"y" * 60}"\n  ]\n)'
    )


def test_a_constant_imports_the_schema() -> None:
    text = constant("config", "Config", {"services": []})
    head = 'using Workerd = import "/workerd/workerd.capnp";\n\n'
    assert text == f"{head}const config :Workerd.Config = (services = []);\n"
