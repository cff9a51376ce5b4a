"""What a container reaches: its own files, processes and ports, nothing of another's or of the emulator's."""

from __future__ import annotations

import shutil
import socket
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from edge.containers.engine import Instance
from sandbox.engines.docker import networks
from tests.sandbox.engines.contract.houses import House
from tests.sandbox.engines.contract.programs import read_until, run, shell

pytestmark = pytest.mark.docker

_CONNECT = """
import socket, sys
for host in sys.argv[2:]:
    try:
        socket.create_connection((host, int(sys.argv[1])), timeout=1)
        print("reached", host)
    except OSError as error:
        print("failed", host, error)
"""


def reached(house: House, instance: Instance, port: int, *hosts: str) -> list[str]:
    ran = house.run(run(instance, "python3", "-c", _CONNECT, str(port), *hosts))
    assert ran.stderr == b""
    said = [line.split() for line in ran.stdout.decode().splitlines()]
    assert len(said) == len(hosts)
    return [words[1] for words in said if words[0] == "reached"]


def keeps_firewall() -> bool:
    """Whether Docker's rules against traffic between its bridges are there."""
    command = ["iptables", "-n", "-L", "DOCKER-ISOLATION-STAGE-1"]
    if shutil.which(command[0]) is None:
        return False
    return subprocess.run(command, capture_output=True, check=False).returncode == 0


def address_of(house: House, instance: Instance) -> str:
    """Its own address on its network."""
    ran = house.run(shell(instance, "hostname -i || hostname -I"))
    return ran.stdout.decode().split()[0]


def gateway_of(house: House, instance: Instance) -> str:
    """This machine's address on a container's network, from the route in hexadecimal digits."""
    for line in house.run(shell(instance, "cat /proc/net/route")).stdout.decode().splitlines():
        fields = line.split()
        if fields[1] == "00000000":
            return socket.inet_ntoa(bytes.fromhex(fields[2])[::-1])
    raise AssertionError("no default route")


@contextmanager
def listening() -> Iterator[int]:
    """A server of this machine on its loopback address, as `edge dev` is."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        yield server.getsockname()[1]


@pytest.mark.parametrize("internet", [False, True], ids=["offline", "internet"])
def test_another_containers_port_cannot_be_reached(house: House, internet: bool) -> None:
    settings: dict[str, Any] = {"labels": {"sandbox-server": "1"}, "enable_internet": internet}
    if networks.forwards() and not keeps_firewall():
        assert "forwards packets" in house.engine.isolation()
        pytest.skip("this machine forwards packets, and the daemon makes no firewall rules")
    one, other = house.start(**settings), house.start(**settings)

    async def serve() -> None:
        process = await other.spawn(house.echo("0.0.0.0", 4567))
        await read_until(process.io, b"listening\n")

    house.run(serve())
    there = address_of(house, other)
    assert reached(house, other, 4567, there) == [there], "it must listen for this to mean something"
    assert reached(house, one, 4567, there, "127.0.0.1", gateway_of(house, one)) == []


@pytest.mark.parametrize("internet", [False, True], ids=["offline", "internet"])
def test_the_emulators_port_cannot_be_reached(house: House, internet: bool) -> None:
    instance = house.start(labels={"sandbox-server": "1"}, enable_internet=internet)
    with listening() as port:
        socket.create_connection(("127.0.0.1", port), timeout=1).close()
        assert reached(house, instance, port, "127.0.0.1", gateway_of(house, instance)) == []


def test_this_machines_files_are_not_there(house: House, instance: Instance, tmp_path: Path) -> None:
    secret = tmp_path / "state"
    secret.mkdir()
    with pytest.raises(FileNotFoundError):
        house.run(instance.files.stat(str(secret)))
    found = house.run(shell(instance, "cat /proc/mounts")).stdout.decode()
    assert str(tmp_path) not in found
    assert "docker.sock" not in found


def test_it_may_not_do_what_an_administrator_may(house: House, instance: Instance) -> None:
    status = house.run(shell(instance, "cat /proc/self/status")).stdout.decode()
    fields = dict(line.split(":\t", 1) for line in status.splitlines() if ":\t" in line)
    capabilities = int(fields["CapBnd"], 16)
    taken = {"SYS_ADMIN": 21, "NET_ADMIN": 12, "NET_RAW": 13, "MKNOD": 27, "SYS_PTRACE": 19}
    for name, number in taken.items():
        assert not capabilities >> number & 1, name
    assert fields["NoNewPrivs"].strip() == "1"
    assert fields["Seccomp"].strip() == "2"


def test_another_containers_processes_are_not_seen(house: House, instance: Instance) -> None:
    other = house.start(labels={"sandbox-server": "1"})

    async def look() -> bytes:
        await other.spawn(("sleep", "4242"))
        return (await shell(instance, "cat /proc/[0-9]*/cmdline")).stdout

    assert b"4242" not in house.run(look())


def test_processes_are_limited(house: House, instance: Instance) -> None:
    other = house.start(labels={"sandbox-server": "1"})
    many = "i=0; while [ $i -lt 1200 ]; do sleep 60 & i=$((i + 1)); done"
    ran = house.run(shell(instance, many))
    assert ran.code != 0
    assert b"fork" in ran.stderr
    assert house.run(shell(other, "echo fine")).stdout == b"fine\n"
