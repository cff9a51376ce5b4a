"""Hypothesis draws the same examples in every run, so that the suite is deterministic; set
HYPOTHESIS_PROFILE=explore to search further."""

from __future__ import annotations

import os

# Runs of pytester forget the modules that they imported, and numpy cannot be imported a second time.
import numpy as np  # noqa: F401
from hypothesis import settings

settings.register_profile("repeat", derandomize=True, deadline=None)
settings.register_profile("explore", deadline=None, max_examples=2000)
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "repeat"))
