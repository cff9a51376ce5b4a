"""The little programs that every fake container has."""

from __future__ import annotations

from sandbox.engines.fake.process import Program
from sandbox.engines.fake.programs.curl import curl
from sandbox.engines.fake.programs.npm import npm
from sandbox.engines.fake.programs.on_files import ON_FILES
from sandbox.engines.fake.programs.on_processes import ON_PROCESSES
from sandbox.engines.fake.programs.on_text import ON_TEXT

PROGRAMS: dict[str, Program] = {**ON_FILES, **ON_TEXT, **ON_PROCESSES, "npm": npm, "curl": curl}
