"""Where a daemon listens: from DOCKER_HOST and its companions, or the address that Podman has by default."""

from __future__ import annotations

import os
import socket
import ssl
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from docker.context import ContextAPI
from docker.errors import DockerException
from docker.utils import kwargs_from_env

from edge.containers.engine import EngineUnavailable

_DEFAULT = "unix:///var/run/docker.sock"
_CONNECT_S = 10.0


@dataclass(frozen=True)
class Address:
    """One daemon: a socket of this machine, or a host and a port."""

    url: str
    #: What the SDK is to be told beside the URL.
    options: Mapping[str, Any]
    socket: str | None = None
    host: str = ""
    port: int = 0
    tls: ssl.SSLContext | None = None

    def __str__(self) -> str:
        return self.url

    def check(self) -> None:
        """Connect once. Raises EngineUnavailable when nothing listens there."""
        family = socket.AF_UNIX if self.socket is not None else socket.AF_INET
        with socket.socket(family, socket.SOCK_STREAM) as sock:
            sock.settimeout(_CONNECT_S)
            try:
                sock.connect(self.socket if self.socket is not None else (self.host, self.port))
            except OSError as error:
                raise EngineUnavailable(
                    f"No container daemon answers at {self}: {error}. Start it, set DOCKER_HOST, or use "
                    "--engine process."
                ) from error


def docker_address(env: Mapping[str, str] = os.environ) -> Address:
    """DOCKER_HOST with DOCKER_TLS_VERIFY and DOCKER_CERT_PATH, else what `docker context use` has chosen.

    Raises EngineUnavailable for an address that cannot be used."""
    if not env.get("DOCKER_HOST"):
        return parse(_of_context())
    try:
        given = kwargs_from_env(environment=dict(env))
    except DockerException as error:
        raise EngineUnavailable(f"DOCKER_HOST and its certificates: {error}") from error
    tls = given.get("tls")
    return parse(env["DOCKER_HOST"], {"tls": tls} if tls else {}, _context_of(tls) if tls else None)


def podman_address(env: Mapping[str, str] = os.environ) -> Address:
    """CONTAINER_HOST, else DOCKER_HOST, else the socket of this user's `podman system service`."""
    given = env.get("CONTAINER_HOST") or env.get("DOCKER_HOST")
    if given:
        return parse(given)
    own = Path(env.get("XDG_RUNTIME_DIR", "/run")) / "podman" / "podman.sock"
    return parse(f"unix://{own if own.exists() else '/run/podman/podman.sock'}")


def parse(url: str, options: Mapping[str, Any] | None = None, tls: ssl.SSLContext | None = None) -> Address:
    """`unix://PATH` or `tcp://HOST:PORT`. Raises EngineUnavailable for any other kind."""
    parts = urlsplit(url)
    if parts.scheme in ("unix", "http+unix"):
        return Address(url, {}, socket=parts.path)
    if parts.scheme in ("tcp", "http", "https") and parts.hostname:
        port = parts.port or (2376 if tls else 2375)
        return Address(url, dict(options or {}), None, parts.hostname, port, tls)
    raise EngineUnavailable(f"{url} is no address of a container daemon: use unix://PATH or tcp://HOST:PORT")


def _of_context() -> str:
    try:
        found = ContextAPI.get_current_context()
    except DockerException:
        return _DEFAULT
    host = found.Host if found is not None else None
    return str(host).replace("http+unix://", "unix://") if host else _DEFAULT


def _context_of(tls: Any) -> ssl.SSLContext:
    context = ssl.create_default_context(cafile=tls.ca_cert if tls.verify else None)
    if not tls.verify:
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
    if tls.cert is not None:
        context.load_cert_chain(*tls.cert)
    return context
