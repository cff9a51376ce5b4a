"""A server that is killed leaves nothing: its sandboxes die with it, the next engine removes the rest."""

from __future__ import annotations

import os
import select
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from sandbox.engines.process.engine import ProcessEngine
from tests.sandbox.engines.contract.houses import House
from tests.sandbox.engines.contract.programs import shell
from tests.sandbox.engines.process.test_hostile import hosts_view, wait_until_seen

#: No other test run on this machine sleeps as long.
LONG = f"2718{os.getpid()}.5"


@contextmanager
def serve(state: Path, style: str) -> Iterator[subprocess.Popen[bytes]]:
    """A server whose sandbox runs, until it is killed here at the latest."""
    command = [sys.executable, "-m", "tests.sandbox.engines.process.serve", str(state), style]
    server = subprocess.Popen(command, stdout=subprocess.PIPE, env={**os.environ, "SECONDS_TO_SLEEP": LONG})
    assert server.stdout is not None
    assert server.stdout.readline() == b"ready\n"
    try:
        yield server
    finally:
        server.kill()
        server.communicate()


def wait_for_end(pidfds: list[int]) -> None:
    for fd in pidfds:
        assert select.select([fd], [], [], 30)[0], "a process outlives its server"
        os.close(fd)


def groups_of(engine: str) -> list[Path]:
    return [path for path in Path("/sys/fs/cgroup").rglob(f"cortex-edge-{engine}") if path.is_dir()]


def parent_of(pid: int) -> int:
    return int(Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[1])


@pytest.mark.parametrize("style", ["overlay", "copy", "plain"])
def test_killed_server(tmp_path: Path, style: str) -> None:
    with serve(tmp_path, style):
        daemons = [os.pidfd_open(pid) for pid in wait_until_seen(LONG, 2)]
        (left,) = (tmp_path / "sandboxes").iterdir()
    wait_for_end(daemons)
    assert left.exists()

    house = House("process", ProcessEngine)
    house.open(tmp_path)
    assert house.unavailable is None
    assert not left.exists()
    assert groups_of(left.name) == []
    house.close()
    assert list((tmp_path / "sandboxes").iterdir()) == []


def test_two_servers_on_one_state_directory_leave_each_other_alone(tmp_path: Path) -> None:
    with serve(tmp_path, "overlay"):
        house = House("process", ProcessEngine)
        house.open(tmp_path)
        wait_until_seen(LONG, 2)
        assert house.run(shell(house.start(), "echo fine")).stdout == b"fine\n"
        house.close()
        assert len(hosts_view(LONG)) == 2
        assert len(list((tmp_path / "sandboxes").iterdir())) == 1
    house.open(tmp_path)
    house.close()
    assert list((tmp_path / "sandboxes").iterdir()) == []


def test_a_killed_zygote_ends_all_sandboxes(tmp_path: Path) -> None:
    house = House("process", ProcessEngine)
    house.open(tmp_path)
    instance = house.start()
    notes = [int(path.name) for path in tmp_path.glob("sandboxes/*/processes/*")]
    (zygote,) = (pid for pid in notes if os.getpid() == parent_of(pid))
    os.kill(zygote, signal.SIGKILL)
    assert house.run(instance.wait()).code == 137
    house.close()
    assert list((tmp_path / "sandboxes").iterdir()) == []


def test_close_removes_everything(tmp_path: Path) -> None:
    house = House("process", ProcessEngine)
    house.open(tmp_path)
    instance = house.start()
    house.run(shell(instance, "mkdir -p /workspace/a/b && chmod 000 /workspace/a && touch /workspace/c"))
    (own,) = (tmp_path / "sandboxes").iterdir()
    house.close()
    assert groups_of(own.name) == []
    assert list((tmp_path / "sandboxes").iterdir()) == []
