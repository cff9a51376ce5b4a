"""What a server weighs: the memory of its process tree, from /proc."""

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
    """Proportional set size in MiB: pages shared by several processes count once, divided among them."""
    return _sum_mib(root_pid, "Pss:")


def rss_mib(root_pid: int) -> float:
    """Resident set size in MiB, summed over the tree: shared pages count for each process."""
    return _sum_mib(root_pid, "Rss:")


def _sum_mib(root_pid: int, field: str) -> float:
    return sum(_field_kib(pid, field) for pid in tree(root_pid)) / 1024


def _field_kib(pid: int, field: str) -> int:
    for line in Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines():
        if line.startswith(field):
            return int(line.split()[1])
    raise ValueError(f"no {field} line in smaps_rollup of process {pid}")
