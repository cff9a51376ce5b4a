"""What a server weighs: the proportional set size of its process tree, from /proc."""

from __future__ import annotations

from pathlib import Path


def tree(root_pid: int) -> list[int]:
    """The process and all its descendants that are alive."""
    found = [root_pid]
    for pid in found:
        for task in Path(f"/proc/{pid}/task").glob("*/children"):
            found.extend(int(child) for child in task.read_text().split())
    return found


def pss_mib(root_pid: int) -> float:
    """Pages shared by several processes count once, divided among them. In MiB."""
    return sum(_pss_kib(pid) for pid in tree(root_pid)) / 1024


def _pss_kib(pid: int) -> int:
    for line in Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines():
        if line.startswith("Pss:"):
            return int(line.split()[1])
    raise ValueError(f"no Pss line in smaps_rollup of process {pid}")
