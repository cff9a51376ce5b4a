"""What a program in a sandbox tries to do to this machine, to its neighbours and to the emulator."""

from __future__ import annotations

import asyncio
import os
import signal
import socket
from functools import partial
from pathlib import Path

import pytest

from edge.containers.engine import Instance, InstanceType
from sandbox.engines.process import limits
from sandbox.engines.process.engine import ProcessEngine
from tests.sandbox.engines.contract.houses import House
from tests.sandbox.engines.contract.programs import Ran, read_all, read_until, run, shell


def python(house: House, instance: Instance, code: str) -> Ran:
    return house.run(run(instance, "python3", "-c", code))


# -- limits


def test_a_fork_bomb_stays_in_its_sandbox(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(limits, "PIDS_MAX", 60)
    house = House("process", ProcessEngine)
    house.open(tmp_path)
    try:
        bombed, other = house.start(), house.start()

        async def bomb() -> None:
            process = await bombed.spawn(("bash", "-c", "f() { f | f & }; f; echo armed; wait"))
            await read_until(process.stderr, b"Resource temporarily unavailable")  # type: ignore[arg-type]

        house.run(bomb())
        assert house.run(shell(other, "echo fine")).stdout == b"fine\n"
        house.run(bombed.destroy())
        assert house.run(shell(other, "echo fine")).stdout == b"fine\n"
    finally:
        house.close()


def test_a_memory_hog_is_killed_and_the_sandbox_goes_on(house: House) -> None:
    instance = house.start(instance_type=InstanceType("lite", 0.0625, 64, 2000))
    ran = python(house, instance, "x = b'x' * 400_000_000; print(len(x))")
    assert ran[1] == b""
    assert ran[0] in (128 + signal.SIGKILL, 1)  # killed by its control group, or refused by a resource limit
    assert house.run(shell(instance, "echo fine")).stdout == b"fine\n"


def test_open_files_and_file_size_are_limited(house: House) -> None:
    instance = house.start(instance_type=InstanceType("lite", 0.0625, 256, 1))
    ran = house.run(shell(instance, "head -c 3000000 /dev/zero > /tmp/big; stat -c %s /tmp/big"))
    assert ran.stdout == b"1000000\n"


# -- ends

#: No other test run on this machine sleeps as long.
LONG = f"3141{os.getpid()}"


def hosts_view(marker: str) -> list[int]:
    """The processes of this machine whose command line has `marker`."""
    found = []
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            if marker in (folder / "cmdline").read_text(errors="replace"):
                found.append(int(folder.name))
        except (FileNotFoundError, ProcessLookupError):
            continue
    return found


def wait_until_seen(marker: str, count: int = 1) -> list[int]:
    """A program that is just being started has no command line for a moment."""
    while len(found := hosts_view(marker)) < count:
        os.sched_yield()
    return found


def test_a_daemon_dies_with_its_sandbox(house: House, instance: Instance) -> None:
    house.run(shell(instance, f"(setsid nohup sleep {LONG}.5 >/dev/null 2>&1 &) ; true"))
    wait_until_seen(f"{LONG}.5")
    house.run(instance.destroy())
    assert hosts_view(f"{LONG}.5") == []


def test_a_daemon_dies_when_the_entrypoint_ends(house: House) -> None:
    instance = house.start(entrypoint=("sh", "-c", f"(setsid sleep {LONG}.6 &); exit 0"))
    assert house.run(instance.wait()).code == 0
    house.run(instance.destroy())
    assert hosts_view(f"{LONG}.6") == []


def test_process_one_cannot_be_killed_from_inside(house: House, instance: Instance) -> None:
    house.run(
        shell(instance, "kill -9 1; kill -INT 1; kill -TERM 1; kill -CHLD 1; kill -STOP 1; kill -USR1 1")
    )
    assert house.run(shell(instance, "echo fine")).stdout == b"fine\n"


def test_a_program_that_kills_all_others_ends_only_itself(house: House, instance: Instance) -> None:
    house.run(shell(instance, "kill -9 -1"))
    assert house.run(shell(instance, "echo fine")).stdout == b"fine\n"


def test_output_that_nobody_reads_costs_no_memory(house: House, instance: Instance) -> None:
    async def silence() -> int:
        process = await instance.spawn(("sh", "-c", "yes & sleep 0.2; kill $!; wait; echo done >&2"))
        assert process.stderr is not None
        await read_until(process.stderr, b"done")
        await process.wait()
        return len(await read_all(process.io))

    assert house.run(silence()) <= 65536


def test_many_sandboxes_at_once(house: House) -> None:
    async def all_at_once(instances: list[Instance]) -> list[bytes]:
        return [ran.stdout for ran in await asyncio.gather(*(shell(one, "echo $$") for one in instances))]

    assert all(house.run(all_at_once([house.start() for _ in range(20)])))


@pytest.mark.parametrize("as_root", [True, False])
def test_what_is_hard_to_remove_is_removed(tmp_path: Path, as_root: bool) -> None:
    house = House("process", partial(ProcessEngine, as_root=as_root and os.geteuid() == 0))
    house.open(tmp_path)
    instance = house.start()
    deep = "import os\nos.chdir('/workspace')\nfor _ in range(3000):\n    os.mkdir('d'); os.chdir('d')"
    assert python(house, instance, deep).code == 0
    house.run(shell(instance, "mkdir -p /tmp/a/b/c; touch /tmp/a/b/c/f; chmod 0 /tmp/a/b/c /tmp/a/b /tmp/a"))
    with pytest.raises(OSError, match="too deep"):
        house.run(instance.files.list("/workspace", recursive=True))
    house.run(instance.destroy())
    house.close()
    assert list((tmp_path / "sandboxes").iterdir()) == []


# -- this machine


def test_ports_of_this_machine_are_out_of_reach(house: House, instance: Instance) -> None:
    with socket.create_server(("0.0.0.0", 0)) as server:
        port = server.getsockname()[1]
        hosts = ["127.0.0.1", "localhost", socket.gethostbyname(socket.gethostname())]
        code = f"""
import socket
from functools import partial
for host in {hosts}:
    try:
        socket.create_connection((host, {port}), timeout=5)
        print("reached", host)
    except OSError:
        pass
"""
        assert python(house, instance, code) == (0, b"", b"")


def test_abstract_sockets_of_this_machine_are_out_of_reach(house: House, instance: Instance) -> None:
    with socket.socket(socket.AF_UNIX) as server:
        server.bind("\0cortex-edge-test")
        server.listen()
        code = "import socket; socket.socket(socket.AF_UNIX).connect('\\0cortex-edge-test')"
        assert b"ConnectionRefusedError" in python(house, instance, code)[2]


def test_files_of_this_machine_are_out_of_reach(house: House, instance: Instance, tmp_path: Path) -> None:
    (tmp_path / "secret").write_text("secret")
    home = Path("~").expanduser()
    for path in (tmp_path / "secret", Path.cwd(), home / ".ssh", home / ".gitconfig", "/var/run/docker.sock"):
        assert house.run(shell(instance, f"ls '{path}'")).code != 0
        with pytest.raises(FileNotFoundError):
            house.run(instance.files.stat(str(path)))
    assert house.run(shell(instance, "find / -xdev -name secret 2>/dev/null")).stdout == b""


def test_programs_of_this_machine_stay_as_they_are(house: House, instance: Instance) -> None:
    house.run(shell(instance, "rm -f /usr/bin/env; echo x > /usr/bin/sort; touch /usr/local/new"))
    assert Path("/usr/bin/env").stat().st_size > 0
    assert Path("/usr/bin/sort").stat().st_size > 100
    assert not Path("/usr/local/new").exists()


def test_users_of_a_sandbox_are_nobody_here(house: House, instance: Instance) -> None:
    if os.geteuid() != 0:
        pytest.skip("without root a sandbox's root is this user")
    house.run(instance.spawn(("sleep", f"{LONG}.7")))
    (pid,) = wait_until_seen(f"{LONG}.7")
    assert os.stat(f"/proc/{pid}").st_uid >= 0x7000_0000


@pytest.mark.parametrize(
    "command",
    [
        "mount -t tmpfs none /mnt",
        "umount /proc",
        "unshare -U true",
        "unshare -m true",
        "mknod /tmp/sda b 8 0",
        "echo 1 > /proc/sys/kernel/panic",
        "echo c > /proc/sysrq-trigger",
        "echo x > /proc/sys/kernel/core_pattern",
        "cat /proc/1/environ",
        "ls /proc/1/fd",
        "ls /proc/1/root/",
        "hostname other",
        "date -s 2000-01-01",
        "dmesg",
        "cat /dev/kmsg",
        "cat /proc/kcore",
        "ip link add dummy0 type dummy",
    ],
)
def test_forbidden(house: House, instance: Instance, command: str) -> None:
    assert house.run(shell(instance, command)).code != 0


def test_only_its_own_processes_are_seen(house: House, instance: Instance) -> None:
    ran = house.run(shell(instance, "ls -d /proc/[0-9]*"))
    assert len(ran.stdout.split()) <= 3
    assert house.run(shell(instance, "cat /proc/1/cmdline")).stdout.rstrip(b"\0") == b"edge-sandbox"


def test_few_capabilities_and_no_new_ones(house: House, instance: Instance) -> None:
    status = house.run(run(instance, "cat", "/proc/self/status")).stdout.decode()
    values = dict(line.split(":\t", 1) for line in status.splitlines() if ":\t" in line)
    assert int(values["CapEff"], 16) == int(values["CapBnd"], 16) == 0x8004_05FB
    assert values["NoNewPrivs"] == "1"
    assert values["Seccomp"] == "2"


def test_threads_work_under_the_filter(house: House, instance: Instance) -> None:
    code = "import threading; t = threading.Thread(target=print, args=('x',)); t.start(); t.join()"
    assert python(house, instance, code) == (0, b"x\n", b"")


def test_files_from_outside_write_nothing_of_the_kernels(house: House, instance: Instance) -> None:
    for path in ("/proc/sys/kernel/core_pattern", "/proc/sysrq-trigger", "/proc/self/oom_score_adj"):
        with pytest.raises(OSError):
            house.run(instance.files.write(path, b"x"))
    for path in ("/proc/kcore", "/proc/1/environ", "/proc/1/root/etc/hostname", "/proc/1/mem"):
        with pytest.raises(OSError):
            house.run(anext(aiter(instance.files.read(path))))


def test_a_pipe_that_nobody_writes_does_not_block(house: House, instance: Instance) -> None:
    house.run(shell(instance, "mkfifo /workspace/p"))
    with pytest.raises(OSError, match="Not a regular file"):
        house.run(anext(aiter(instance.files.read("/workspace/p"))))
    with pytest.raises(OSError, match="Not a regular file"):
        house.run(instance.files.write("/workspace/p", b"x"))


def test_links_that_are_swapped_meanwhile_lead_nowhere_else(
    house: House, instance: Instance, tmp_path: Path
) -> None:
    """A program swaps a directory for a link to `/..` and back, while the host writes below it."""
    swap = "cd /workspace; mkdir -p a; while :; do mv a b; ln -s /../../../../tmp a; rm a; mv b a; done"

    async def race() -> None:
        await instance.spawn(("sh", "-c", swap))
        for number in range(200):
            try:
                await instance.files.write(f"/workspace/a/escaped-{number}", b"x")
            except OSError:
                continue

    house.run(race())
    assert not list(Path("/tmp").glob("escaped-*"))
