# ruff: noqa: E501 (one case a line; texts stand as wrangler prints them)
"""Keys that mean nothing here are checked all the same; the whole of it is compared with the real wrangler in
tests/peers/test_configuration.py."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from tests.wrangler_compat.config.projects import loaded, refusal


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"minify": "yes"}, 'Expected "minify" to be of type boolean but got "yes".'),
        ({"account_id": 5}, 'Expected "account_id" to be of type string but got 5.'),
        ({"limits": {"cpu_ms": "5"}}, 'Expected "limits.cpu_ms" to be of type number but got "5".'),
        ({"observability": {"enabled": True, "head_sampling_rate": 2}}, '"observability.head_sampling_rate" must be a value between 0 and 1.'),
        ({"placement": {"mode": "clever"}}, 'Expected "placement.mode" field to be one of ["off","smart","targeted"] but got "clever".'),
        ({"rules": [{"type": "Text", "globs": "x"}]}, 'Expected "rules[0].globs" to be an array of strings but got "x"'),
        ({"route": {"zone_name": "x"}}, 'Expected "route" to be either a string, or an object with shape { pattern, custom_domain, zone_id | zone_name, enabled, previews_enabled }, but got {"zone_name":"x"}.'),
        ({"route": "a", "routes": ["b"]}, 'Expected exactly one of the following fields ["routes","route"].'),
        ({"tail_consumers": [{}]}, '"tail_consumers[0].service" is a required field.'),
        ({"cache": {}}, '"cache.enabled" is a required field.'),
        ({"define": {"A": 1}}, 'The field "define.A" should be a string but got 1.'),
        ({"alias": "x"}, "Expected alias to be an object, but got string"),
        ({"compliance_region": "moon"}, 'Expected "compliance_region" field to be one of ["public","fedramp_high"] but got "moon".'),
        ({"exports": {"A": {"type": "durable-object", "state": "deleted", "storage": "sqlite"}}}, '"exports.A.storage" is forbidden on state "deleted".'),
        ({"exports": {"A": {"type": "durable-object", "state": "renamed", "renamed_to": "A"}}}, '"exports.A.renamed_to" cannot equal the source class name "A".'),
    ],
)  # fmt: skip
def test_what_is_refused(tmp_path: Path, settings: dict[str, Any], message: str) -> None:
    assert refusal(tmp_path, settings).split("\n")[0] == f"  - {message}"


def test_empty_texts_are_passed_over(tmp_path: Path) -> None:
    (warning,) = loaded(tmp_path, {"account_id": "", "route": ""}).warnings
    assert 'The "account_id" field in your configuration is an empty string and will be ignored.' in warning
    assert 'The "route" field in your configuration is an empty string and will be ignored.' in warning


def test_the_top_level_is_checked_once_whatever_the_environment(tmp_path: Path) -> None:
    settings = {"minify": "yes", "env": {"x": {"logpush": 1}}}
    assert refusal(tmp_path, settings, environment="x") == (
        '  - Expected "minify" to be of type boolean but got "yes".\n'
        '  - "env.x" environment configuration\n'
        '    - Expected "logpush" to be of type boolean but got 1.'
    )
