"""A script in a fork of process 1 finds what it would in an interpreter of its own."""

from __future__ import annotations

import json
from typing import Any

import pytest

from edge.containers.engine import Instance
from sandbox.engines.process.python_command import python_command
from tests.sandbox.engines.contract.houses import House
from tests.sandbox.engines.contract.programs import Ran, read_until, run

ENV = {"LANG": "C.UTF-8", "PATH": "/usr/bin"}

PROBE = r"""
import builtins, json, os, signal, site, sys
flags = "isolated no_site no_user_site safe_path ignore_environment utf8_mode dont_write_bytecode".split()
kept = ("CapEff", "CapBnd", "NoNewPrivs", "Seccomp", "Uid", "Gid", "SigBlk", "SigIgn", "SigCgt")
handlers = [signal.getsignal(number) for number in range(1, 32)]
print(json.dumps({
    "argv": [sys.argv, sys.orig_argv, sys.executable, __name__, globals().get("__file__")],
    "paths": [sys.path, sys.prefix, sys.exec_prefix, sys.base_prefix, site.ENABLE_USER_SITE, os.getcwd()],
    "flags": [getattr(sys.flags, name, None) for name in flags] + [sys.dont_write_bytecode],
    "streams": [
        [s.name, s.mode, s.encoding, s.errors, s.line_buffering, s.write_through, type(s.buffer).__name__]
        for s in (sys.stdin, sys.stdout, sys.stderr)
    ],
    "env": {name: value for name, value in os.environ.items() if name != "_"},
    "signals": [getattr(handler, "__name__", str(handler)) for handler in handlers],
    "process": [os.getpgrp() == os.getpid(), os.getsid(0) == os.getpid(), os.umask(0o22)],
    "status": [line for line in open("/proc/self/status") if line.split(":")[0] in kept],
    "limits": open("/proc/self/limits").read(),
    "oom": open("/proc/self/oom_score_adj").read(),
    "open": sorted(os.listdir("/proc/self/fd")),
    "comm": open("/proc/self/comm").read(),
    "globals": sorted(globals()),
    "builtins": hasattr(builtins, "exit"),
    "ours": [name for name in sys.modules if name.startswith("sandbox")],
}))
"""
IS_WARM = r"print(open('/proc/self/cmdline').read().endswith('\0\0'))"


@pytest.mark.parametrize(
    ("argv", "flags", "arguments"),
    [
        (("python3", "x.py"), "", ["x.py"]),
        (("python", "-I", "-S", "/opt/x.py", "-a", "b c"), "IS", ["/opt/x.py", "-a", "b c"]),
        (("python3", "-ISu", "-c", "pass", "a"), "ISu", ["-c", "a"]),
        (("bash", "-c", "python3 -B x.py --port=80 a"), "B", ["x.py", "--port=80", "a"]),
    ],
)
def test_commands_for_a_warm_interpreter(argv: tuple[str, ...], flags: str, arguments: list[str]) -> None:
    found = python_command(argv, ENV)
    assert found is not None
    assert (found["flags"], found["arguments"]) == (flags, arguments)


@pytest.mark.parametrize(
    "argv",
    [
        ("python3",),
        ("python3", "-"),
        ("python3", "-m", "http.server"),
        ("python3", "-X", "dev", "x.py"),
        ("python3", "-c"),
        ("/usr/bin/python3", "x.py"),
        ("node", "x.js"),
        ("bash", "-c", "python3 x.py > out"),
        ("bash", "-c", "python3 x.py &"),
        ("bash", "-c", "python3 $script"),
        ("bash", "-c", "python3 'a b.py'"),
        ("bash", "-c", "A=1 python3 x.py"),
        ("bash", "-c", "python3 *.py"),
        ("bash", "-c", "python3 x.py\npython3 y.py"),
        ("sh", "-c", "python3 x.py"),
        ("bash", "-c", ""),
    ],
)
def test_all_others(argv: tuple[str, ...]) -> None:
    assert python_command(argv, ENV) is None


@pytest.mark.parametrize("name", ["PYTHONPATH", "PYTHONHASHSEED", "LC_ALL"])
def test_variables_that_a_fresh_one_would_start_otherwise_with(name: str) -> None:
    assert python_command(("python3", "x.py"), {**ENV, name: "1"}) is None


@pytest.fixture
def twins(house: House) -> tuple[Instance, Instance]:
    """Two sandboxes that nobody has changed; in both a script `probe.py`."""
    both = house.start(labels={"sandbox-server": "1"}), house.start(labels={"sandbox-server": "1"})
    for instance in both:
        house.run(instance.files.write("/workspace/probe.py", PROBE.encode()))
    return both


def both_ways(house: House, twins: tuple[Instance, Instance], *argv: str, **options: Any) -> tuple[Ran, Ran]:
    """What comes of a command in a warm interpreter, and in one that `env` starts."""
    options.setdefault("cwd", "/workspace")
    fresh = ("bash", "-c", f"{argv[2]} ;") if argv[0] == "bash" else ("env", *argv)
    return house.run(run(twins[0], *argv, **options)), house.run(run(twins[1], *fresh, **options))


def test_it_is_used(house: House, instance: Instance) -> None:
    assert house.run(run(instance, "python3", "-c", IS_WARM)).stdout == b"True\n"
    assert house.run(run(instance, "env", "python3", "-c", IS_WARM)).stdout == b"False\n"


@pytest.mark.parametrize(
    "argv",
    [
        ("python3", "/workspace/probe.py", "a b", "--x"),
        ("python3", "probe.py"),
        ("python3", "-I", "-S", "probe.py"),
        ("python3", "-u", "-c", PROBE, "a"),
        ("python3", "-B", "-s", "-E", "probe.py"),
    ],
)
def test_a_script_cannot_tell(house: House, twins: tuple[Instance, Instance], argv: tuple[str, ...]) -> None:
    warm, fresh = both_ways(house, twins, *argv)
    assert (warm.code, warm.stderr) == (0, b"")
    assert json.loads(warm.stdout) == json.loads(fresh.stdout)


def test_one_that_bash_was_to_start(house: House, twins: tuple[Instance, Instance]) -> None:
    warm, fresh = both_ways(house, twins, "bash", "-c", "python3 probe.py x")
    found, expected = json.loads(warm.stdout), json.loads(fresh.stdout)
    assert found["env"]["PWD"] == expected["env"]["PWD"] == "/workspace"
    assert found["argv"] == expected["argv"]


@pytest.mark.parametrize(
    "code",
    [
        "import sys; sys.exit(3)",
        "import sys; sys.exit('told')",
        "import sys; sys.exit(300)",
        "def f():\n    1 / 0\nf()",
        "x = = 1",
        "raise ValueError('a') from KeyError('b')",
        "import atexit; atexit.register(print, 'bye'); print('first')",
        "import threading, time; threading.Thread(target=lambda: (time.sleep(0.05), print('later'))).start()",
        "import os, signal; os.kill(os.getpid(), signal.SIGINT)",
        "import os, signal; os.kill(os.getpid(), signal.SIGTERM)",
        "import os; os._exit(5)",
        "import sys; sys.stdout.close()",
        "print(input())",
    ],
)
def test_it_ends_as_a_fresh_one(house: House, twins: tuple[Instance, Instance], code: str) -> None:
    for twin in twins:
        house.run(twin.files.write("/workspace/ends.py", code.encode()))
    warm, fresh = both_ways(house, twins, "python3", "ends.py", input=b"typed\n")
    assert warm == fresh


def test_what_was_left_open_is_written(house: House, instance: Instance) -> None:
    script = b"import left\nhere = open('/tmp/here', 'w')\nhere.write('here')\n"
    house.run(instance.files.write("/tmp/main.py", script))
    house.run(
        instance.files.write("/tmp/left.py", b"there = open('/tmp/there', 'w')\nthere.write('there')\n")
    )
    assert house.run(run(instance, "python3", "/tmp/main.py")).code == 0
    assert house.run(run(instance, "cat", "/tmp/here", "/tmp/there")).stdout == b"herethere"


def test_programs_that_start_others(house: House, instance: Instance) -> None:
    script = b"""
import asyncio, multiprocessing, subprocess, sys

def twice(n):
    return 2 * n

async def child():
    process = await asyncio.create_subprocess_exec("true")
    return await process.wait()

if __name__ == "__main__":
    one = subprocess.run([sys.executable, "-c", "print(1)"], capture_output=True).stdout
    print(asyncio.run(child()), one)
    for method in ("fork", "spawn", "forkserver"):
        with multiprocessing.get_context(method).Pool(1) as pool:
            print(method, pool.map(twice, [1, 2]))
"""
    house.run(instance.files.write("/tmp/many.py", script))
    ran = house.run(run(instance, "python3", "/tmp/many.py"))
    assert ran.stdout == b"0 b'1\\n'\nfork [2, 4]\nspawn [2, 4]\nforkserver [2, 4]\n", ran.stderr


def test_a_python_of_the_sandboxs_own_is_used(house: House, instance: Instance) -> None:
    house.run(instance.files.write("/tmp/bin/python3", b"#!/bin/sh\necho mine\n", parents=True, mode=0o755))
    path = "/tmp/bin:/usr/bin:/bin"
    assert house.run(run(instance, "python3", "-c", "pass", env={"PATH": path})).stdout == b"mine\n"


def test_a_virtual_environment_is_used(house: House, instance: Instance) -> None:
    assert house.run(run(instance, "python3", "-m", "venv", "--without-pip", "/tmp/venv")).code == 0
    path = "/tmp/venv/bin:/usr/bin:/bin"
    ran = house.run(run(instance, "python3", "-c", "import sys; print(sys.prefix)", env={"PATH": path}))
    assert ran.stdout == b"/tmp/venv\n"


def test_it_is_signalled_like_any_other(house: House, instance: Instance) -> None:
    async def interrupted() -> int:
        waits = "import time; print('waits', flush=True); time.sleep(60)"
        process = await instance.spawn(("python3", "-c", waits))
        await read_until(process.io, b"waits")
        await process.signal(15, group=True)
        return await process.wait()

    assert house.run(interrupted()) == 143
