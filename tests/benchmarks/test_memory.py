from __future__ import annotations

import os
import subprocess
import sys

import pytest

from benchmarks.memory import pss_mib, rss_mib, tree

pytestmark = pytest.mark.skipif(not os.path.exists("/proc/self/smaps_rollup"), reason="needs Linux's /proc")


def test_the_tree_holds_children_and_weighs_more_with_them() -> None:
    alone = pss_mib(os.getpid())
    script = "import sys; ballast = b'x' * 50_000_000; print('up', flush=True); sys.stdin.read()"
    with subprocess.Popen(
        [sys.executable, "-c", script], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    ) as child:
        assert child.stdout is not None
        assert child.stdout.readline() == b"up\n"
        assert child.pid in tree(os.getpid())
        assert pss_mib(os.getpid()) > alone + 40
        assert rss_mib(os.getpid()) > pss_mib(os.getpid())  # shared libraries count for each process
        child.communicate()
