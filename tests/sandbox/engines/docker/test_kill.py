"""A server that is killed: its sandboxes end with it, the next engine removes the rest."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from sandbox.engines.docker.owner import LABEL
from tests.sandbox.engines.contract.houses import House
from tests.sandbox.engines.contract.programs import shell
from tests.sandbox.engines.docker.conftest import docker_house

pytestmark = pytest.mark.docker


@contextmanager
def serve() -> Iterator[subprocess.Popen[bytes]]:
    """A server whose containers run, until it is killed here at the latest."""
    command = [sys.executable, "-m", "tests.sandbox.engines.docker.serve"]
    server = subprocess.Popen(command, stdout=subprocess.PIPE)
    assert server.stdout is not None
    assert server.stdout.readline() == b"ready\n"
    try:
        yield server
    finally:
        server.kill()
        server.communicate()


def of(api: Any, pid: int) -> list[Any]:
    """The containers and networks of a process."""
    found = [*api.containers(all=True), *api.networks()]
    return [one for one in found if f"/{pid}/" in (one["Labels"] or {}).get(LABEL, "")]


def test_killed_server(api: Any, tmp_path: Path) -> None:
    with serve() as server:
        left = of(api, server.pid)
        assert len(left) == 4
    (sandbox,) = (one for one in left if one.get("Labels", {}).get("sandbox-server"))
    assert api.wait(sandbox["Id"], timeout=30)["StatusCode"] == 1  # the input it reads has ended

    house = docker_house()
    house.open(tmp_path)
    assert house.unavailable is None
    assert of(api, server.pid) == []
    house.close()


def test_two_servers_leave_each_other_alone(api: Any, house: House, tmp_path: Path) -> None:
    with serve() as server:
        other = docker_house()
        other.open(tmp_path)
        assert other.run(shell(other.start(labels={"sandbox-server": "1"}), "echo fine")).stdout == b"fine\n"
        other.close()
        assert len(of(api, server.pid)) == 4


def test_close_removes_everything(api: Any, tmp_path: Path) -> None:
    before = len(of(api, os.getpid()))
    house = docker_house()
    house.open(tmp_path)
    house.start(labels={"sandbox-server": "1"})
    assert len(of(api, os.getpid())) == before + 2
    house.close()
    assert len(of(api, os.getpid())) == before
