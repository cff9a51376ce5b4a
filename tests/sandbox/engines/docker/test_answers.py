"""What tools say, and where daemons are: read without any."""

from __future__ import annotations

import os
import socket
import ssl
from collections.abc import Mapping
from pathlib import Path

import pytest

from edge.containers.engine import EngineUnavailable
from sandbox.engines.docker import ports
from sandbox.engines.docker.address import docker_address, parse, podman_address
from sandbox.engines.docker.file_answers import described, failure, listed
from sandbox.engines.docker.owner import is_gone, new_owner


@pytest.mark.parametrize(
    ("said", "error"),
    [
        (b"stat: cannot statx '/x': No such file or directory\n", FileNotFoundError),
        (b"sh: 1: cannot create /x/y: Directory nonexistent\n", FileNotFoundError),
        (b"sh: can't create /x/y: nonexistent directory\n", FileNotFoundError),
        (b"warning first\nmkdir: can't create directory '/x': File exists\n", FileExistsError),
        (b": Is a directory\n", IsADirectoryError),
        (b"mv: cannot overwrite directory '/a' with non-directory '/b'\n", IsADirectoryError),
        (b"mv: cannot overwrite non-directory '/a' with directory '/b'\n", NotADirectoryError),
        (b"cat: /x: Permission denied\n", PermissionError),
        (b"sh: 1: Cannot fork\n", BlockingIOError),
    ],
)
def test_words_become_errors(said: bytes, error: type[OSError]) -> None:
    found = failure(said, "/x")
    assert type(found) is error
    assert found.filename == "/x"


@pytest.mark.parametrize("said", [b"", b"it went wrong somehow\n", b"\xff\xfe\n"])
def test_words_that_mean_nothing_are_passed_on(said: bytes) -> None:
    assert failure(said, "/x").errno == 5


def test_an_entry() -> None:
    entry = described("/a", b"81a4 12 2026-11-29 09:09:01.250000000 +0000\n")
    assert (entry.kind, entry.size, entry.mode, entry.mtime_s) == ("file", 12, 0o644, 1795943341.25)
    assert described("/a", b"a1ff 7 1970-01-01 00:00:00.000000000 +0000").kind == "symlink"


def test_names_in_a_listing_may_hold_anything() -> None:
    time = b"2026-11-29 09:09:01.000000000 +0000"
    names = [b"/a/x\ny", b"/a/ ", b"/a/\xff", b"/a/token"]
    answer = b"".join(b"T0k3n" + b"81a4 0 " + time + b" " + name + b"\n" for name in names)
    assert [os.fsencode(entry.path) for entry in listed(b"T0k3n", answer)] == names


# -- where


def test_addresses() -> None:
    assert parse("unix:///run/x.sock").socket == "/run/x.sock"
    assert (parse("tcp://host:99").host, parse("tcp://host:99").port) == ("host", 99)
    assert parse("tcp://host").port == 2375
    for wrong in ("ssh://host", "host:99", "npipe:////./pipe/docker_engine", ""):
        with pytest.raises(EngineUnavailable, match="is no address of a container daemon"):
            parse(wrong)


def test_where_docker_is(tmp_path: Path) -> None:
    assert str(docker_address({"DOCKER_HOST": "unix:///x"})) == "unix:///x"
    with pytest.raises(EngineUnavailable, match="certificate"):
        docker_address({"DOCKER_HOST": "tcp://x", "DOCKER_CERT_PATH": str(tmp_path)})


def test_certificates_are_used(tmp_path: Path) -> None:
    _certify(tmp_path)
    env = {"DOCKER_HOST": "tcp://x", "DOCKER_TLS_VERIFY": "1", "DOCKER_CERT_PATH": str(tmp_path)}
    address = docker_address(env)
    assert address.port == 2376
    assert address.tls is not None
    assert (address.tls.verify_mode, address.tls.check_hostname) == (ssl.CERT_REQUIRED, True)
    assert "tls" in address.options
    lax = docker_address({name: value for name, value in env.items() if name != "DOCKER_TLS_VERIFY"})
    assert lax.tls is not None
    assert lax.tls.verify_mode == ssl.CERT_NONE


def test_where_podman_is(tmp_path: Path) -> None:
    cases: list[tuple[Mapping[str, str], str]] = [
        ({"CONTAINER_HOST": "unix:///a", "DOCKER_HOST": "unix:///b"}, "unix:///a"),
        ({"DOCKER_HOST": "unix:///b"}, "unix:///b"),
        ({"XDG_RUNTIME_DIR": str(tmp_path)}, "unix:///run/podman/podman.sock"),
    ]
    for env, expected in cases:
        assert str(podman_address(env)) == expected
    (tmp_path / "podman").mkdir()
    (tmp_path / "podman" / "podman.sock").touch()
    assert str(podman_address({"XDG_RUNTIME_DIR": str(tmp_path)})) == f"unix://{tmp_path}/podman/podman.sock"


def _certify(folder: Path) -> None:
    from datetime import UTC, datetime, timedelta

    from cryptography import x509
    from cryptography.hazmat.primitives import hashes, serialization
    from cryptography.hazmat.primitives.asymmetric import ec

    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "test")])
    now = datetime.now(UTC)
    made = x509.CertificateBuilder(name, name, key.public_key(), 1, now, now + timedelta(days=1))
    certificate = made.sign(key, hashes.SHA256()).public_bytes(serialization.Encoding.PEM)
    private = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    for file, content in (("ca.pem", certificate), ("cert.pem", certificate), ("key.pem", private)):
        (folder / file).write_bytes(content)


# -- whose


def test_owners() -> None:
    own = new_owner()
    assert own != new_owner()
    assert not is_gone(own)
    machine, pid, started, number = own.split("/")
    assert is_gone(f"{machine}/{pid}/{int(started) - 1}/{number}"), "its process id is another's by now"
    assert is_gone(f"{machine}/999999999/{started}/1")
    assert not is_gone(f"another-{machine}/999999999/{started}/1"), "who can tell?"
    for strange in ("", "x", "a/b/c/d", f"{socket.gethostname()}/x/y/1"):
        assert not is_gone(strange)


# -- ports


def test_which_ports_are_listened_on() -> None:
    table = b"""  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout
   0: 00000000:1F90 00000000:0000 0A 00000000:00000000 00:00000000 00000000     0        0 1 1 0
   1: 0200A8C0:1F91 0100A8C0:C350 01 00000000:00000000 00:00000000 00000000     0        0 2 1 0
"""
    assert ports.listens(table, 8080)
    assert not ports.listens(table, 8081)
    assert not ports.listens(b"", 8080)


def test_published_ports() -> None:
    found = {
        "NetworkSettings": {
            "Ports": {"80/tcp": [{"HostIp": "127.0.0.1", "HostPort": "4999"}], "81/tcp": None}
        }
    }
    assert ports.published(found) == {80: 4999}
    assert ports.published({"NetworkSettings": {"Ports": None}}) == {}
