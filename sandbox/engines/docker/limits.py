"""What a container may use, and what it may not do."""

from __future__ import annotations

import resource
from collections.abc import Iterator
from typing import Any

from docker.types import Ulimit

from edge.containers.engine import InstanceType

_MIB = 1024 * 1024
PIDS_MAX = 1024
_PERIOD_US = 100_000
_OPEN_FILES = 65536
_PROCESSES = 32768  # of one user on this machine, in all containers
#: Of Docker's default set: no device nodes, raw packets or audit log, as in the process engine.
_DROPPED = ["MKNOD", "NET_RAW", "AUDIT_WRITE"]


def host_config(kind: InstanceType, *, podman: bool = False) -> dict[str, Any]:
    """Arguments of the SDK's `create_host_config`. Fewer than one CPU counts as one: see
    docs/docker-engine.md."""
    return {
        "mem_limit": kind.memory_mib * _MIB,
        "memswap_limit": kind.memory_mib * _MIB,
        "cpu_period": _PERIOD_US,
        "cpu_quota": int(max(1.0, kind.vcpu) * _PERIOD_US),
        "cpu_shares": max(2, int(1024 * kind.vcpu)),
        "pids_limit": PIDS_MAX,
        "ulimits": [
            Ulimit(name="core", soft=0, hard=0),
            Ulimit(name="fsize", soft=kind.disk_mb * 1000 * 1000, hard=kind.disk_mb * 1000 * 1000),
            *(_own_limits() if podman else ()),
        ],
        "cap_drop": list(_DROPPED),
        "security_opt": ["no-new-privileges"],
    }


def _own_limits() -> Iterator[Ulimit]:
    """Podman raises what it is not told beyond what this machine may allow; so it is told what we have."""
    for name, kind, most in (
        ("nofile", resource.RLIMIT_NOFILE, _OPEN_FILES),
        ("nproc", resource.RLIMIT_NPROC, _PROCESSES),
    ):
        hard = resource.getrlimit(kind)[1]
        limit = most if hard == resource.RLIM_INFINITY else min(most, hard)
        yield Ulimit(name=name, soft=limit, hard=limit)
