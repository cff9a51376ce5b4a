from __future__ import annotations

import subprocess
import sys

SCRIPT = """
import resource
from edge.kernel.files import open_files_limit, raise_open_files_limit
_, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
resource.setrlimit(resource.RLIMIT_NOFILE, (64, hard))
before = open_files_limit()
raise_open_files_limit()
after = open_files_limit()
raise_open_files_limit()
most = 65_536 if hard == resource.RLIM_INFINITY else min(hard, 65_536)
print(before, after == most, open_files_limit() == after)
"""


def test_a_server_may_have_as_many_files_as_the_system_allows() -> None:
    # In a process of its own: a limit is the whole process's.
    told = subprocess.run([sys.executable, "-c", SCRIPT], capture_output=True, text=True, check=True)
    assert told.stdout.split() == ["64", "True", "True"]
