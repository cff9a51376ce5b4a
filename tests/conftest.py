"""Hypothesis draws the same examples in every run, so that the suite is deterministic; set
HYPOTHESIS_PROFILE=explore to search further."""

from __future__ import annotations

import os
from collections.abc import Generator

# Runs of pytester forget the modules that they imported, and numpy cannot be imported a second time.
import numpy as np  # noqa: F401
import pytest
from hypothesis import settings

settings.register_profile("repeat", derandomize=True, deadline=None)
settings.register_profile("explore", deadline=None, max_examples=2000)
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "repeat"))


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport() -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Tests side by side send their reports as UTF-8, which a lone surrogate in a log has no form in."""
    report = yield
    report.sections = [
        (name, text.encode(errors="backslashreplace").decode()) for name, text in report.sections
    ]
    return report
