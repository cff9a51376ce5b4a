"""A network for each container, so that none reaches another's ports.

Where the daemon keeps a firewall, it drops what goes from one of its bridges to another; where it keeps none,
nothing is forwarded between them unless this machine was told to be a router.
"""

from __future__ import annotations

import itertools
import os
import socket
from dataclasses import dataclass
from functools import partial
from ipaddress import IPv4Network
from typing import Any

from docker.errors import APIError
from docker.types import IPAMConfig, IPAMPool

from edge.containers.engine import StartFailed
from sandbox.engines.docker.daemon import Daemon, gently, refusal
from sandbox.engines.docker.owner import LABEL
from sandbox.engines.process.egress import CONTAINERS

_PREFIX = 29
_COUNT = 2 ** (_PREFIX - CONTAINERS.prefixlen)
_TRIES = 64
#: Shared by a process's engines, as their daemons may share a machine. Processes begin far from each other.
_numbers = itertools.count(os.getpid() * 61)
_FORWARDING = "/proc/sys/net/ipv4/ip_forward"


@dataclass(frozen=True)
class Network:
    """The network of one container."""

    id: str
    name: str
    address: str
    #: This machine's address on it.
    gateway: str
    #: This machine has no address on it: the daemon runs in a virtual machine, or far away.
    is_elsewhere: bool


class Networks:
    """Makes and removes networks in one daemon."""

    def __init__(self, daemon: Daemon, owner: str) -> None:
        self._daemon = daemon
        self._owner = owner

    async def make(self, name: str, *, internal: bool) -> Network:
        """`internal`: it leads nowhere. Raises StartFailed, EngineUnavailable."""
        for _ in range(_TRIES):
            subnet = _subnet(next(_numbers))
            try:
                made = await self._daemon.call(partial(self._create, name, subnet, internal))
            except APIError as error:
                if "overlaps" in refusal(error) or "already" in refusal(error):
                    continue
                raise StartFailed(f"The container's network cannot be made: {refusal(error)}") from error
            gateway = str(subnet[1])
            return Network(made, name, str(subnet[2]), gateway, not is_ours(gateway))
        raise StartFailed(
            f"The container's network cannot be made: {_TRIES} ranges of {CONTAINERS} are taken"
        )

    async def remove(self, network: Network) -> None:
        await gently(self._daemon, lambda api: api.remove_network(network.id))

    def _create(self, name: str, subnet: IPv4Network, internal: bool, api: Any) -> str:
        pool = IPAMPool(subnet=str(subnet), gateway=str(subnet[1]))
        made = api.create_network(
            name,
            driver="bridge",
            ipam=IPAMConfig(pool_configs=[pool]),
            internal=internal,
            labels={LABEL: self._owner},
        )
        return str(made["Id"])


def _subnet(number: int) -> IPv4Network:
    first = int(CONTAINERS.network_address) + (number % _COUNT) * 2 ** (32 - _PREFIX)
    return IPv4Network((first, _PREFIX))


def is_ours(address: str) -> bool:
    """Whether an address is one of this machine's: only those can be bound to."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
        try:
            sock.bind((address, 0))
        except OSError:
            return False
    return True


def forwards() -> bool:
    """Whether this machine passes packets on between its networks."""
    try:
        with open(_FORWARDING) as file:
            return file.read().strip() == "1"
    except OSError:
        return False
