"""Hypothesis draws the same examples in every run, so that the suite is deterministic; set
HYPOTHESIS_PROFILE=explore to search further."""

from __future__ import annotations

import os

from hypothesis import settings

settings.register_profile("repeat", derandomize=True, deadline=None)
settings.register_profile("explore", deadline=None, max_examples=2000)
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "repeat"))
