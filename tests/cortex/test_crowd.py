"""Many sessions at once on this machine, measured beside one alone."""

from __future__ import annotations

from collections import Counter

import pytest

from tests.cortex.worlds import PROJECT
from wrangler_compat.lab.variants import ALL, Variant
from wrangler_compat.lab.worlds import run_crowd


@pytest.mark.slow
def test_a_crowd_is_measured_after_one_alone() -> None:
    told: list[str] = []
    found = run_crowd(PROJECT / "wrangler.jsonc", 3, 2, Variant("all", ALL), told.append)
    assert Counter(one.path for one in found) == {"warm, alone": 2, "warm, 3 at once": 6}
    assert all(one.first_token_ms > 0 for one in found)
    assert told == [
        "real: warm, alone: getting ready",
        "real: warm, alone",
        "real: warm, 3 at once: getting ready",
        "real: warm, 3 at once",
    ]
