from __future__ import annotations

import pytest

from sandbox.container.duration import seconds_of
from sandbox.container.errors import ContainerError


@pytest.mark.parametrize(
    ("expression", "seconds"), [(90, 90), (0.5, 0.5), ("30s", 30), ("10m", 600), ("2h", 7200), ("0s", 0)]
)
def test_seconds(expression: object, seconds: float) -> None:
    assert seconds_of(expression) == seconds


@pytest.mark.parametrize(
    "expression", ["soon", "10", "1.5h", "-1s", "10 m", "1d", "", None, True, "1s\n", "١s"]
)
def test_what_is_no_duration(expression: object) -> None:
    with pytest.raises(ContainerError, match="^invalid time expression "):
        seconds_of(expression)
