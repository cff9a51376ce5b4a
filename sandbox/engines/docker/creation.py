"""What the daemon is asked for a container, and what it is asked about it before its start."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from edge.containers.engine import InstanceSpec
from sandbox.engines.docker.images import Built
from sandbox.engines.docker.limits import host_config
from sandbox.engines.docker.networks import Network
from sandbox.engines.docker.owner import LABEL

#: Process 1 of a sandbox that nothing else keeps up: it reads an input that we hold open, so that it ends
#: with us, also when we are killed.
_IDLE = ("/bin/sh", "-c", "read -r _")
#: What makes a container a sandbox.
SANDBOX_LABELS = {"sandbox-server": "1"}
_LOOPBACK = "127.0.0.1"
_PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"


@dataclass(frozen=True)
class Creation:
    """One container to make."""

    name: str
    owner: str
    spec: InstanceSpec
    image: Built
    network: Network
    #: Its ports are to be published on this machine.
    publish: bool
    podman: bool = False

    @property
    def program(self) -> str | None:
        """What its process 1 is to be, where that is not left to the image."""
        if is_idle(self.spec):
            return _IDLE[0]
        return self.spec.entrypoint[0] if self.spec.entrypoint else None

    def create(self, api: Any) -> str:
        """The id of the new container. Raises docker.errors.APIError."""
        exposed = self.image.ports if self.publish else ()
        command = _IDLE if is_idle(self.spec) else self.spec.entrypoint
        made = api.create_container(
            self.image.id,
            name=self.name,
            hostname="container",
            entrypoint=None if command is None else list(command),
            environment=dict(self.spec.env),
            stdin_open=True,
            labels={**self.spec.labels, LABEL: self.owner},
            ports=list(exposed),
            networking_config=api.create_networking_config(
                {self.network.name: api.create_endpoint_config(ipv4_address=self.network.address)}
            ),
            host_config=api.create_host_config(
                init=True,  # reaps orphans, and lets a signal end what has no handler for it
                network_mode=self.network.name,
                port_bindings=dict.fromkeys(exposed, (_LOOPBACK,)),
                **host_config(self.spec.instance_type, podman=self.podman),
            ),
        )
        return str(made["Id"])

    def has_program(self, api: Any, id: str, program: str) -> bool:
        """Whether it is in the container, which need not run yet."""
        if "/" in program:
            return not program.startswith("/") or _has_file(api, id, program)
        path = self.spec.env.get("PATH", self.image.path or _PATH)
        return any(_has_file(api, id, f"{folder}/{program}") for folder in path.split(":") if folder)


def is_idle(spec: InstanceSpec) -> bool:
    """A sandbox: its server keeps it up, and what its image would run runs beside."""
    return spec.entrypoint is None and SANDBOX_LABELS.items() <= dict(spec.labels).items()


def _has_file(api: Any, id: str, path: str) -> bool:
    # The SDK has this call only with the file itself behind it.
    url = f"{api.base_url}/v{api.api_version}/containers/{id}/archive"
    return bool(api.head(url, params={"path": path}, timeout=api.timeout).ok)


def remove(api: Any, id: str) -> None:
    """End it and all that is in it."""
    api.remove_container(id, force=True, v=True)
