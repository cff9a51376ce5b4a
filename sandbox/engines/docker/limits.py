"""What a container may use, and what it may not do."""

from __future__ import annotations

from typing import Any

from docker.types import Ulimit

from edge.containers.engine import InstanceType

_MIB = 1024 * 1024
PIDS_MAX = 1024
_PERIOD_US = 100_000
#: Of Docker's default set: no device nodes, raw packets or audit log, as in the process engine.
_DROPPED = ["MKNOD", "NET_RAW", "AUDIT_WRITE"]


def host_config(kind: InstanceType) -> dict[str, Any]:
    """Arguments of the SDK's `create_host_config`. Fewer than one CPU counts as one: see docs/compat.md."""
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
        ],
        "cap_drop": list(_DROPPED),
        "security_opt": ["no-new-privileges"],
    }
