"""`containers`: from wrangler's section to `edge.config.ContainerConfig`.

Source: spec sandbox-and-containers.md sections 1.1 and 1.2 (wrangler's validation.ts).
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from edge.config import ContainerConfig
from edge.containers.instance_types import INSTANCE_TYPES
from wrangler_compat.config.diagnostics import MISSING, shown
from wrangler_compat.config.fields import Fields
from wrangler_compat.config.schema import FIELDS

#: What instance types were called before.
OLD_NAMES = {"dev": "lite", "standard": "standard-1"}
_STEPS = (5, 10, 20, 25, 50, 100)
_CUSTOM_DEFAULTS = {"vcpu": 0.0625, "memory_mib": 256, "disk_mb": 2000}
_MAX_INSTANCES = 20
_NO_IMAGE = (
    '"containers.image" field must be defined for each container app. This should be the path to your '
    "Dockerfile or an image URI pointing to the Cloudflare registry."
)
_NO_NAME = (
    'Must have either a top level "name" and "containers.class_name" field defined, or have field '
    '"containers.name" defined.'
)
_NO_CLASS = (
    '"containers.name" is required when "containers.class_name" is not defined, because there is no '
    "class name to "
    "derive a default name from. Either name this container and reference it from a Durable Object's "
    "`exports` "
    'entry, or set "containers.class_name".'
)
_DEPRECATED = {
    "instances": '"containers.instances" is deprecated. Use "containers.max_instances" instead.',
    "durable_objects": '"containers.durable_objects" is deprecated. Use the "class_name" field instead.',
    "configuration": '"containers.configuration" is deprecated. Use top level "containers" fields instead.',
    "wrangler_ssh": '"containers.wrangler_ssh" is deprecated. Use "containers.ssh" instead.',
}


def container_configs(fields: Fields, folder: Path) -> tuple[ContainerConfig, ...]:
    """The containers of a Worker; paths are relative to `folder`, that of the configuration."""
    found = []
    section = fields.raw("containers")
    if section is not MISSING and not isinstance(section, list):
        fields.error(f'"containers" field should be an array, but got {shown(section)}', "containers")
        return ()
    for index, entry in fields.entries("containers"):
        app = _App(fields, index, entry, folder)
        container = app.config()
        if container is not None:
            found.append(container)
    return tuple(found)


class _App:
    """One entry of the section."""

    def __init__(self, fields: Fields, index: int, entry: Mapping[str, Any], folder: Path) -> None:
        self._fields = fields
        self._index = index
        self._entry = entry
        self._folder = folder

    def config(self) -> ContainerConfig | None:
        """Check all; None when it cannot be used."""
        class_name = self._text("class_name")
        if self._text("name") is None and class_name is None:
            self._error(_NO_CLASS)
        elif self._text("name") is None and self._fields.raw("name") in (MISSING, ""):
            self._error(_NO_NAME)
        image = self._text("image")
        if image is None:
            self._error(_NO_IMAGE)
        self._check_rollout()
        self._check_constraints()
        self._check_ssh()
        for name, text in _DEPRECATED.items():
            if name in self._entry:
                self._fields.warn(text, "containers", self._index, name)
        self._fields.warn_unexpected(dict(self._entry), FIELDS["containers"], "containers", self._index)
        maximum = self._count("max_instances")
        size_name, size = self._size()
        if class_name is None or image is None:
            return None
        vcpu, memory_mib, disk_mb = size
        dockerfile = (self._folder / image).resolve()
        is_file = dockerfile.is_file() or image.startswith(("./", "../", "/"))
        if is_file and not dockerfile.is_file():
            self._error(f'The image "{image}" does not appear to be a valid path to a Dockerfile.', "image")
        context = self._text("image_build_context")
        return ContainerConfig(
            class_name=class_name,
            image=None if is_file else image,
            dockerfile=dockerfile if is_file else None,
            build_context=(self._folder / context).resolve() if context else dockerfile.parent,
            build_args=self._build_args(),
            max_instances=_MAX_INSTANCES if maximum is None else maximum,
            instance_type=size_name,
            vcpu=vcpu,
            memory_mib=memory_mib,
            disk_mb=disk_mb,
        )

    def _size(self) -> tuple[str, tuple[float, int, int]]:
        given = self._entry.get("instance_type", MISSING)
        if given is MISSING:
            return "lite", INSTANCE_TYPES["lite"]
        if isinstance(given, str):
            name = OLD_NAMES.get(given, given)
            if name != given:
                text = f'The "{given}" instance_type has been renamed to "{name}" and will be removed in a '
                self._fields.warn(f"{text}subsequent version.", "containers", self._index, "instance_type")
            if name in INSTANCE_TYPES:
                return name, INSTANCE_TYPES[name]
            names = ",".join(f'"{known}"' for known in (*INSTANCE_TYPES, *OLD_NAMES))
            self._error(
                f'Expected "containers.instance_type" field to be one of [{names}] but got {shown(given)}.',
                "instance_type",
            )
        elif isinstance(given, dict):
            whole = {**_CUSTOM_DEFAULTS, **given}
            if all(isinstance(whole[name], (int, float)) for name in _CUSTOM_DEFAULTS):
                return "custom", (whole["vcpu"], int(whole["memory_mib"]), int(whole["disk_mb"]))
            self._error(f'"containers.instance_type" has a field that is no number: {shown(given)}.')
        else:
            self._error(f'Expected "containers.instance_type" to be of type string but got {shown(given)}.')
        return "lite", INSTANCE_TYPES["lite"]

    def _build_args(self) -> dict[str, str]:
        given = self._entry.get("image_vars", {})
        if not isinstance(given, dict):
            self._error(f'"containers.image_vars" should be an object but got {shown(given)}.', "image_vars")
            return {}
        return {name: str(value) for name, value in given.items()}

    def _check_rollout(self) -> None:
        step = self._entry.get("rollout_step_percentage", MISSING)
        if isinstance(step, list):
            if not step or step != sorted(step) or any(not 10 <= part <= 100 for part in step):
                self._error(
                    '"containers.rollout_step_percentage" array elements must be in ascending order and '
                    f"between 10 and 100, but got {shown(step)}"
                )
            elif step[-1] != 100:
                self._error(
                    'The final step in "containers.rollout_step_percentage" must be 100, but got '
                    f'"{step[-1]}"'
                )
        elif step is not MISSING and step not in _STEPS:
            steps = ", ".join(map(str, _STEPS))
            self._error(
                f'"containers.rollout_step_percentage" must be one of [{steps}], but got {shown(step)}'
            )
        self._one_of("rollout_kind", ("full_auto", "full_manual", "none"))
        self._one_of("scheduling_policy", ("default", "moon", "regional"))
        grace = self._entry.get("rollout_active_grace_period", MISSING)
        if grace is not MISSING and (not isinstance(grace, (int, float)) or grace < 0):
            self._error(
                '"containers.rollout_active_grace_period" field should be a positive number but got '
                f"{shown(grace)}"
            )

    def _check_constraints(self) -> None:
        constraints = self._entry.get("constraints", MISSING)
        if not isinstance(constraints, dict):
            return
        if constraints.get("jurisdiction") not in (None, "eu", "fedramp"):
            self._error('containers.constraints.jurisdiction must be one of: "eu", "fedramp"', "constraints")

    def _check_ssh(self) -> None:
        ssh = self._entry.get("ssh", MISSING)
        if isinstance(ssh, dict) and not isinstance(ssh.get("enabled"), bool):
            self._error("containers.ssh.enabled must be a boolean", "ssh")

    def _one_of(self, name: str, allowed: tuple[str, ...]) -> None:
        value = self._entry.get(name, MISSING)
        if value is not MISSING and value not in allowed:
            names = ",".join(f'"{known}"' for known in allowed)
            self._error(
                f'Expected "containers.{name}" field to be one of [{names}] but got {shown(value)}.', name
            )

    def _count(self, name: str) -> int | None:
        value = self._entry.get(name, MISSING)
        if value is MISSING:
            return None
        if not isinstance(value, (int, float)) or isinstance(value, bool) or value < 0:
            text = f'"containers.{name}" field should be a positive number, but got {shown(value)}'
            self._error(text, name)
            return None
        return int(value)

    def _text(self, name: str) -> str | None:
        value = self._entry.get(name, MISSING)
        if value is MISSING or value == "":
            return None
        if isinstance(value, str):
            return value
        self._error(f'Expected "containers.{name}" to be of type string but got {shown(value)}.', name)
        return None

    def _error(self, text: str, *place: str) -> None:
        self._fields.error(text, "containers", self._index, *place)
