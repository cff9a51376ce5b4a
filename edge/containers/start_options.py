"""What `ctx.container.start()` is given.

Source: spec sandbox-and-containers.md section 2; the texts of errors are those of workerd's container.c++.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from edge.containers.engine import InstanceType
from edge.containers.instance_types import INSTANCE_TYPES
from edge.containers.options import absent, labels_of, record
from edge.errors import UnsupportedError
from edge.js.arrays import JsArray
from edge.js.errors import range_error, type_error
from edge.js.objects import get_property
from edge.js.proxy import JsProxy
from edge.js.webidl import to_number, to_string

_IMAGE_BYTES_MAX = 4096
#: `basic` can be configured, but not asked for here.
_NAMES = frozenset(INSTANCE_TYPES) - {"basic"}
_SAFE_INTEGER = 2**53 - 1
_SNAPSHOTS = ("containerSnapshot", "directorySnapshots")


@dataclass(frozen=True, slots=True)
class StartOptions:
    """What one start is to be like; None keeps what the image or the configuration says."""

    entrypoint: tuple[str, ...] | None = None
    env: Mapping[str, str] = field(default_factory=dict)
    enable_internet: bool = False
    labels: Mapping[str, str] = field(default_factory=dict)
    #: After this time it is killed, whatever it does; None: never.
    hard_timeout_s: float | None = None
    image: str | None = None
    instance_type: InstanceType | None = None


def start_options(options: Any) -> StartOptions:
    """Read them. Raises JsException, and UnsupportedError for snapshots."""
    entrypoint = get_property(options, "entrypoint")
    if not absent(entrypoint) and not isinstance(entrypoint, JsArray):
        raise type_error("Incorrect type: the entrypoint is not of type 'Array'.")
    image = get_property(options, "image")
    if not absent(image) and not absent(get_property(options, "containerSnapshot")):
        raise type_error("`image` and `containerSnapshot` are mutually exclusive.")
    for name in _SNAPSHOTS:
        if not absent(get_property(options, name)):
            raise UnsupportedError(f"{name} of ctx.container.start() is not emulated (docs/limitations.md)")
    return StartOptions(
        entrypoint=None if absent(entrypoint) else tuple(to_string(part) for part in entrypoint),
        env=record(options, "env", check=True),
        enable_internet=get_property(options, "enableInternet") is True,
        labels=labels_of(get_property(options, "labels")),
        hard_timeout_s=_hard_timeout_s(get_property(options, "hardTimeout")),
        image=None if absent(image) else _image(to_string(image)),
        instance_type=_instance_type(get_property(options, "instance")),
    )


def _hard_timeout_s(given: Any) -> float | None:
    if absent(given):
        return None
    number = to_number(given)
    if not math.isfinite(number) or number < 1:  # fractions are cut, what is no number is 0
        raise range_error("Hard timeout must be greater than 0")
    return int(number) / 1000


def _image(reference: str) -> str:
    if len(reference.encode()) > _IMAGE_BYTES_MAX:
        raise type_error(f"Container image reference cannot exceed {_IMAGE_BYTES_MAX} bytes.")
    if not all(" " < char < "\x7f" for char in reference):
        raise type_error("Container image reference must contain only non-space printable ASCII characters.")
    return reference


def _instance_type(given: Any) -> InstanceType | None:
    if absent(given):
        return None
    if isinstance(given, JsProxy):
        vcpu = to_number(get_property(given, "vcpu"))
        if not math.isfinite(vcpu) or vcpu <= 0:
            raise range_error("Container resource vcpu must be a finite number greater than 0.")
        return InstanceType("custom", vcpu, _amount(given, "memoryMib"), _amount(given, "diskMb"))
    name = to_string(given)
    if name not in _NAMES:
        raise type_error("Invalid container instance type.")
    return InstanceType(name, *INSTANCE_TYPES[name])


def _amount(given: Any, name: str) -> int:
    value = to_number(get_property(given, name))
    if not math.isfinite(value) or value <= 0:
        raise range_error(f"Container resource {name} must be a finite number greater than 0.")
    if value != math.floor(value):
        raise range_error(f"Container resource {name} must be an integer.")
    if value > _SAFE_INTEGER:
        raise range_error(f"Container resource {name} exceeds Number.MAX_SAFE_INTEGER.")
    return int(value)
