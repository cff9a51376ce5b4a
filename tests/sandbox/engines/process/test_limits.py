from __future__ import annotations

from pathlib import Path

import pytest

from edge.containers.engine import Instance, InstanceType
from sandbox.engines.process import limits
from tests.sandbox.engines.contract.houses import House
from tests.sandbox.engines.contract.programs import run, shell

V1 = """30 25 0:26 / {root}/memory rw - cgroup cgroup rw,memory
31 25 0:27 / {root}/cpu,cpuacct rw - cgroup cgroup rw,cpu,cpuacct
32 25 0:28 / /proc rw - proc proc rw
"""
V2 = "30 25 0:26 / {root} rw - cgroup2 cgroup2 rw\n"


def groups(tmp_path: Path, mounts: str) -> limits.Groups:
    (tmp_path / "mounts").write_text(mounts.format(root=tmp_path))
    (tmp_path / "own").write_text("4:memory:/\n2:cpu,cpuacct:/\n0::/\n")
    return limits.Groups("engine", tmp_path / "mounts", tmp_path / "own")


def control(folder: Path, *names: str) -> None:
    """A folder of control files, as the kernel would make it."""
    folder.mkdir(parents=True, exist_ok=True)
    for name in ("cgroup.procs", *names):
        (folder / name).write_text("")


def test_version_1_has_a_folder_for_each_controller(tmp_path: Path) -> None:
    for controller in ("memory", "cpu,cpuacct"):
        control(tmp_path / controller / "cortex-edge-engine")
    found = groups(tmp_path, V1)
    found.open()
    assert found.folders == {
        "memory": tmp_path / "memory/cortex-edge-engine",
        "cpu": tmp_path / "cpu,cpuacct/cortex-edge-engine",
    }


def test_version_2_needs_its_controllers(tmp_path: Path) -> None:
    control(tmp_path, "cgroup.subtree_control")
    control(tmp_path / "cortex-edge-engine", "cgroup.subtree_control")
    found = groups(tmp_path, V2)
    found.open()
    assert set(found.folders) == {"memory", "pids", "cpu"}
    assert (tmp_path / "cortex-edge-engine/cgroup.subtree_control").read_text() == "+memory +pids +cpu"
    control(tmp_path / "cortex-edge-engine/a", "memory.max", "cpu.max", "cpu.weight")
    found.limit("a", InstanceType("standard-2", 2, 512, 1000))
    assert (tmp_path / "cortex-edge-engine/a/memory.max").read_text() == str(512 * 1024 * 1024)
    assert (tmp_path / "cortex-edge-engine/a/cpu.max").read_text() == "200000 100000"


def test_nothing_that_may_be_written_means_no_groups(tmp_path: Path) -> None:
    (tmp_path / "memory").write_text("no folder")
    found = groups(tmp_path, V1)
    found.open()
    assert found.folders == {}
    found.make("a")
    found.limit("a", InstanceType())
    assert found.remove("a")


def test_memory_without_groups_is_a_resource_limit() -> None:
    kind = InstanceType("lite", 0.0625, 256, 2000)
    without, with_groups = (dict(limits.rlimits(kind, grouped=grouped)) for grouped in (False, True))
    assert without[limits.resource.RLIMIT_DATA] == 256 * 1024 * 1024
    assert limits.resource.RLIMIT_DATA not in with_groups


@pytest.mark.parametrize("program", ["prlimit", "ulimit"])
def test_limits_hold_inside(house: House, instance: Instance, program: str) -> None:
    command = {"prlimit": ("cat", "/proc/self/limits"), "ulimit": ("sh", "-c", "ulimit -c; ulimit -n")}[
        program
    ]
    out = house.run(run(instance, *command)).stdout.decode()
    if program == "ulimit":
        core, files = out.split()
        assert core == "0"
        assert int(files) <= 65_536
    else:
        row = next(line for line in out.splitlines() if line.startswith("Max processes"))
        assert row.split()[2] == str(limits.PIDS_MAX)


def test_the_groups_of_a_sandbox_are_removed_with_it(house: House) -> None:
    instance = house.start()
    assert house.run(shell(instance, "true")).code == 0
    engine = house.engine
    folders = list(engine._groups.folders.values())  # type: ignore[attr-defined]
    name = instance.name  # type: ignore[attr-defined]
    if not folders:
        pytest.skip("no control groups can be made here")
    assert all((folder / name).is_dir() for folder in folders)
    house.run(instance.destroy())
    assert not any((folder / name).is_dir() for folder in folders)
