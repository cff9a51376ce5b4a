"""Whether an account may run what is asked for, and whether an image fits on the disk of an instance. Pure.

Source: wrangler 4.164, `ensureContainerLimits`.
"""

from __future__ import annotations

from collections.abc import Mapping

from edge.errors import UserError
from wrangler_compat.deploy.containers.container import Container
from wrangler_compat.deploy.containers.local_image import LocalImage

_LIMITS = {
    "vcpu": ("vcpu_per_deployment", "vCPU"),
    "memory_mib": ("memory_mib_per_deployment", "MiB of memory"),
    "disk_mb": ("disk_mb_per_deployment", "MB of disk"),
}


def check_size(container: Container, limits: Mapping[str, float]) -> None:
    """Raises UserError when an instance is larger than the account's `limits` allow."""
    over = [
        f"{container.size[key]:g} {unit}, and the limit of the account is {limits[name]:g}"
        for key, (name, unit) in _LIMITS.items()
        if name in limits and container.size[key] > limits[name]
    ]
    if over:
        raise UserError(f"The container {container.name} is too large: {'; '.join(over)}.")


def check_disk(image: LocalImage, disk_mb: float, whose: str) -> None:
    """Raises UserError when an image does not fit."""
    if image.needed_mb > disk_mb:
        raise UserError(
            f"The image of {whose} is too large: it needs {image.needed_mb} MB, and there are {disk_mb:g} MB "
            "of disk. Choose a larger instance_type, or a smaller image."
        )
