"""The table of what engines can do names exactly what the tests ask for."""

from __future__ import annotations

import re
from pathlib import Path

from tests.sandbox.engines.contract.houses import HOUSES, capabilities


def test_the_table_and_the_tests_name_the_same() -> None:
    asked = set()
    suites = Path(__file__).parents[2]  # the engines' own, and that of the SDK
    for path in (*suites.glob("engines/contract/test_*.py"), *suites.glob("sdk/test_*.py")):
        asked |= set(re.findall(r'mark\.capability\("([\w ]+)"\)', path.read_text()))
    assert set(capabilities()) == asked


def test_every_engine_has_a_column() -> None:
    for row in capabilities().values():
        assert {house.column or house.name for house in HOUSES} <= set(row)
