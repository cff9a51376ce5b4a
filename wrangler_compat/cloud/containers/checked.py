"""What an application may be. Pure, but for what it looks up.

Refusals carry a code of the platform as JSON in their text, with details: wrangler takes it apart and shows
it.

Source: `ApplicationMutationError` and the limits of an account in wrangler's `containers-shared`; Cloudflare
docs, "Containers: limits and instance types".
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import Any

from edge.containers.instance_types import INSTANCE_TYPES
from wrangler_compat.cloud.envelope import Refusal
from wrangler_compat.cloud.registry.images import Images
from wrangler_compat.config.containers import OLD_NAMES

#: Of one instance; the largest instance type.
VCPU_MAX, MEMORY_MIB_MAX, DISK_MB_MAX = INSTANCE_TYPES["standard-4"]
#: The code of every refusal of the containers' API; the platform's own is not known.
_CODE = 1000
_REFERENCE = re.compile(r"(?P<host>[^/]+)/(?P<account>[0-9a-f]{32})/(?P<repository>[^@]+?)"
                        r"(?:@(?P<digest>[a-z0-9]+:[0-9a-f]+)|:(?P<tag>[\w.-]+))?")  # fmt: skip


def refusal(code: str, status: int = 400, **details: Any) -> Refusal:
    """A no of the containers' API."""
    return Refusal(status, _CODE, json.dumps({"error": code, "details": details}))


def configuration(given: Mapping[str, Any], account_id: str, host: str, images: Images) -> dict[str, Any]:
    """A configuration as it is kept: an instance type becomes what it stands for. Raises `Refusal` for
    an image of this registry that is not there, and for what no instance may have."""
    image = given.get("image")
    if not isinstance(image, str) or not image:
        raise refusal("VALIDATE_INPUT", message="configuration.image is required")
    _check_image(image, account_id, host, images)
    kept = {name: value for name, value in given.items() if name != "instance_type"}
    named = given.get("instance_type")
    if named is not None:
        if OLD_NAMES.get(named, named) not in INSTANCE_TYPES:
            raise refusal("VALIDATE_INPUT", message=f"there is no instance type {named}")
        vcpu, memory_mib, disk_mb = INSTANCE_TYPES[OLD_NAMES.get(named, named)]
        kept |= {"vcpu": vcpu, "memory_mib": memory_mib, "disk": {"size_mb": disk_mb}}
    wanted = (kept.get("vcpu", 0), kept.get("memory_mib", 0), kept.get("disk", {}).get("size_mb", 0))
    if any(have > most for have, most in zip(wanted, (VCPU_MAX, MEMORY_MIB_MAX, DISK_MB_MAX), strict=True)):
        raise refusal("SURPASSED_BASE_LIMITS", message=f"more than {VCPU_MAX} vCPU, {MEMORY_MIB_MAX} MiB of "
                      f"memory or {DISK_MB_MAX} MB of disk")  # fmt: skip
    return kept


def _check_image(image: str, account_id: str, host: str, images: Images) -> None:
    """Images of other registries are taken as they are: nobody pulls them here."""
    if not image.startswith(f"{host}/"):
        return
    found = _REFERENCE.fullmatch(image)
    if found is None or found["account"] != account_id:
        raise refusal("VALIDATE_INPUT", message=f"{image} is no image of this account")
    if images.find(found["repository"], found["digest"] or found["tag"] or "latest") is None:
        raise refusal("IMAGE_REGISTRY_DOESNT_CONTAIN_IMAGE", image=image)
