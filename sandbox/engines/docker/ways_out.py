"""The way out of a container whose requests a Worker answers: the proxy of the process engine, at the address
that this machine has on the container's network.

That network leads nowhere else, so that no program passes the rules by.
"""

from __future__ import annotations

import io
import logging
import socket
import tarfile
from collections.abc import Mapping

from docker.errors import APIError

from edge.containers.engine import InstanceSpec, StartFailed
from sandbox.engines.docker.daemon import Daemon, refusal
from sandbox.engines.docker.networks import Network
from sandbox.engines.process import egress
from sandbox.engines.process.authority import CA_FILE, Authority

_log = logging.getLogger("edge.containers")

#: Bind to an address that this machine is going to have: Podman makes it with the container.
_IP_FREEBIND = 15


def intercepts(spec: InstanceSpec) -> bool:
    """Whether a Worker answers what it sends out."""
    return spec.egress is not None and spec.egress.has_any


class WaysOut:
    """The proxies of an engine's containers."""

    def __init__(self, daemon: Daemon) -> None:
        self._daemon = daemon
        self._proxies: dict[str, egress.Egress] = {}
        #: Made when the first container has HTTPS requests answered by a Worker.
        self._authority: Authority | None = None

    async def open(self, network: Network, spec: InstanceSpec) -> Mapping[str, str]:
        """Let the container of a network out as `spec` says; what its programs have to be told. Raises
        StartFailed."""
        if not intercepts(spec):
            return {}
        # Podman makes the bridge, and this machine's address on it, with the container.
        elsewhere = self._daemon.is_rootless if self._daemon.is_podman else network.is_elsewhere
        if elsewhere:
            _log.warning("%s: rules for outgoing requests need a daemon on this machine", spec.name)
            return {}
        authority = self._signing(spec)
        proxy = egress.Egress(
            self._daemon.clock,
            rules=spec.egress,
            authority=authority,
            internet=spec.enable_internet,
            peer=network.address,
        )
        try:
            await proxy.open(_listener(network.gateway))
        except OSError as error:
            raise StartFailed(f"The proxy of {spec.name} cannot listen: {error}") from error
        self._proxies[network.id] = proxy
        return egress.environment(network.gateway)

    async def certify(self, container: str, spec: InstanceSpec) -> None:
        """Put the certificate of those who answer in the place of encrypted servers into a container. Raises
        StartFailed."""
        authority = self._signing(spec)
        if authority is not None:
            archive = _archive(CA_FILE, authority.pem)
            try:
                await self._daemon.call(lambda api: api.put_archive(container, "/", archive))
            except APIError as error:
                raise StartFailed(f"{spec.name} does not take a certificate: {refusal(error)}") from error

    async def close(self, network: Network) -> None:
        """The container of a network has ended, or will not start."""
        proxy = self._proxies.pop(network.id, None)
        if proxy is not None:
            await proxy.close()

    def _signing(self, spec: InstanceSpec) -> Authority | None:
        if spec.egress is None or not spec.egress.has_https:
            return None
        self._authority = self._authority or Authority.of(self._daemon.clock)
        return self._authority


def _listener(host: str) -> socket.socket:
    listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    try:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.setsockopt(socket.IPPROTO_IP, _IP_FREEBIND, 1)
        listener.bind((host, egress.PORT))
        listener.setblocking(False)
    except OSError:
        listener.close()
        raise
    return listener


def _archive(path: str, content: bytes) -> bytes:
    """One file with the directories above it, but for the first, as tar."""
    packed = io.BytesIO()
    parts = path.strip("/").split("/")
    with tarfile.open(fileobj=packed, mode="w") as archive:
        for depth in range(2, len(parts)):
            folder = tarfile.TarInfo("/".join(parts[:depth]))
            folder.type, folder.mode = tarfile.DIRTYPE, 0o755
            archive.addfile(folder)
        file = tarfile.TarInfo("/".join(parts))
        file.size, file.mode = len(content), 0o644
        archive.addfile(file, io.BytesIO(content))
    return packed.getvalue()
