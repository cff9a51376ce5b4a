from __future__ import annotations

from wrangler_compat.config.diagnostics import MISSING, Diagnostics, dotted, shown


def test_shape() -> None:
    diagnostics = Diagnostics("Processing wrangler.jsonc configuration:")
    diagnostics.warn("one\ntwo", "a")
    child = diagnostics.child('"env.x" environment configuration')
    child.warn("inner")
    child.error("wrong", "env", "x")
    assert diagnostics.render_warnings() == (
        "Processing wrangler.jsonc configuration:\n"
        "  - one\n"
        "    two\n"
        '  - "env.x" environment configuration\n'
        "    - inner"
    )
    first = diagnostics.first_error()
    assert first is not None
    assert (first.message, first.place) == ("wrong", ("env", "x"))
    assert diagnostics.has_warnings


def test_values_as_json() -> None:
    assert shown({"a": [1, None, True, "é"]}) == '{"a":[1,null,true,"é"]}'
    assert shown(MISSING) == "undefined"


def test_places() -> None:
    assert dotted(("durable_objects", "bindings", 0, "name")) == "durable_objects.bindings[0].name"
