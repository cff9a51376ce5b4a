"""The small shell of the fake engine: what it runs, and what it refuses in words."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Literal

import pytest

from edge.containers.engine import Image, InstanceSpec
from edge.kernel.clock import VirtualClock
from edge.kernel.random import RandomStreams
from edge.network.network import Network
from edge.network.profile import Profile
from edge.network.spread import Spread
from sandbox.engines.context import EngineContext
from sandbox.engines.fake.engine import FakeEngine
from sandbox.engines.fake.instance import FakeInstance
from tests.loops import run_virtual

SANDBOX = {"sandbox-server": "1"}


async def started(clock: VirtualClock, network: Network | None = None) -> FakeInstance:
    engine = FakeEngine(EngineContext(clock, RandomStreams(1), network, None))
    return await engine.start(InstanceSpec("box", Image("x"), labels=SANDBOX))


def ran(command: str) -> tuple[int, str, str]:
    """Run a command line in a fresh container: exit code, stdout, stderr."""
    clock = VirtualClock()

    async def whole() -> tuple[int, str, str]:
        instance = await started(clock)
        shell = await instance.open_shell(cwd="/workspace", env={"A": "a b"})
        texts = {"stdout": b"", "stderr": b""}

        async def output(stream: Literal["stdout", "stderr"], data: bytes) -> None:
            texts[stream] += data

        done = await shell.run(command, output)
        return done.exit_code, texts["stdout"].decode(), texts["stderr"].decode()

    return run_virtual(whole(), clock)


@pytest.mark.parametrize(
    ("command", "out"),
    [
        ("echo one; echo two", "one\ntwo\n"),
        ("true && echo yes || echo no", "yes\n"),
        ("false && echo yes || echo no", "no\n"),
        ("! false && echo negated", "negated\n"),
        ("echo \"$A\" $A '$A' \\$A", "a b a b $A $A\n"),
        ("printf '%s|' $A \"$A\"", "a|b|a b|"),
        ("X=1; echo ${X:-d} ${Y:-d} ${X:+set} ${#A}", "1 d set 3\n"),
        ("echo $(echo in; echo ner) `pwd`", "in ner /workspace\n"),
        ("echo $?; false; echo $?", "0\n1\n"),
        ("for i in 1 2 3; do echo -n $i; done", "123"),
        ("if test -d /tmp; then echo dir; elif true; then echo x; else echo none; fi", "dir\n"),
        ("if false; then echo a; else echo b; fi", "b\n"),
        ("i=x; while test $i = x; do echo once; i=y; done", "once\n"),
        ("f() { echo $1-$#; return 3; }; f p q; echo $?", "p-2\n3\n"),
        ("(cd /; X=sub; pwd); pwd; echo [$X]", "/\n/workspace\n[]\n"),
        ("{ echo a; echo b; } > f; cat f; wc -l < f", "a\nb\n2\n"),
        ("echo a > f; echo b >> f; cat f", "a\nb\n"),
        ("ls none 2> err; cat err | grep -c cannot", "1\n"),
        ("echo out 2>&1 > /dev/null; echo err >&2 2> /dev/null", ""),
        ("cat <<END\nhi $A\nEND", "hi a b\n"),
        ("seq 5 | tail -n 2 | tr '\\n' ' '", "4 5 "),
        ("yes | head -n 2", "y\ny\n"),
        ("touch b.txt a.txt .h c; echo *.txt; ls", "a.txt b.txt\na.txt\nb.txt\nc\n"),
        ("mkdir -p x/y && cp -r x z && mv z w && ls w && rm -rf x w && ls", "y\n"),
        ("ln -s /etc/hostname link; cat link; test -L link && echo link", "fake\nlink\n"),
        ("printf 'b\\na\\nb\\n' | sort -u", "a\nb\n"),
        ("sleep 3600; date +%H:%M", "01:00\n"),
        ("sleep 100 & kill $!; wait $!; echo $?", "143\n"),
        ("command -v npm > /dev/null && echo found; which nothing || echo not", "found\nnot\n"),
        ("sh -c 'echo $0 $1; exit 7' name arg; echo $?", "name arg\n7\n"),
        ("echo 'echo from file $1' > s.sh; sh s.sh x; chmod +x s.sh; ./s.sh y", "from file x\nfrom file y\n"),
        ("npm install -g left-pad > /dev/null && ls /usr/local/lib/node_modules", "left-pad\n"),
        ("export B=1; env | grep ^B=; unset B; env | grep -c ^B=", "B=1\n0\n"),
    ],
)
def test_runs(command: str, out: str) -> None:
    assert ran(command)[1] == out


@pytest.mark.parametrize(
    ("command", "code", "words"),
    [
        ("nothing-of-the-kind x", 127, "nothing-of-the-kind: command not found"),
        ("cat none", 1, "No such file or directory"),
        ("echo 'open", 2, "syntax error"),
        ("echo $((1 + 1))", 2, "arithmetic expansion"),
        ("cd none", 1, "cd: none: No such file or directory"),
        ("echo x > none/x", 1, "No such file or directory"),
        ("npm run build", 1, "only knows install"),
    ],
)
def test_says_what_it_cannot(command: str, code: int, words: str) -> None:
    done, _, err = ran(command)
    assert (done, words in err) == (code, True), err


def test_scripted_results_and_registered_programs() -> None:
    clock = VirtualClock()

    async def whole() -> None:
        instance = await started(clock)
        instance.engine.on("pytest -q", stdout="3 passed\n", exit_code=1, takes_s=2.0)
        process = await instance.spawn(("pytest", "-q"))
        assert await process.io.read() == b"3 passed\n"
        assert await process.wait() == 1
        assert clock.elapsed_s == 2.0

    run_virtual(whole(), clock)


def test_phases_take_their_time_from_the_profile() -> None:
    clock = VirtualClock()
    phases = {"boot": 2000.0, "shell_ready": 30.0, "npm_install": 9000.0, "npm_reinstall": 4000.0}
    profile = Profile("t", container={name: Spread(ms, ms) for name, ms in phases.items()})

    async def whole() -> None:
        instance = await started(clock, Network(profile, RandomStreams(1), clock))
        assert clock.elapsed_s == pytest.approx(2.0)
        shell = await instance.open_shell(cwd="/workspace", env={})

        async def output(stream: str, data: bytes) -> None: ...

        for total in (2.03 + 9.0, 2.03 + 13.0):
            await shell.run("npm install -g a b", output)
            assert clock.elapsed_s == pytest.approx(total)

    run_virtual(whole(), clock)


def test_an_image_brings_its_files(tmp_path: Path) -> None:
    (tmp_path / "hello.txt").write_text("hello")
    dockerfile = tmp_path / "Dockerfile"
    dockerfile.write_text("FROM scratch\nCOPY hello.txt /opt/app/\nENV LANGUAGE=en\n")
    clock = VirtualClock()

    async def whole() -> None:
        engine = FakeEngine(EngineContext(clock, RandomStreams(1), None, None))
        image = Image(dockerfile=dockerfile, build_context=tmp_path)
        one, two = [await engine.start(InstanceSpec(name, image, labels=SANDBOX)) for name in ("one", "two")]
        assert one.tree.read("/opt/app/hello.txt") == b"hello"
        assert one.env["LANGUAGE"] == "en"
        one.tree.write("/opt/app/hello.txt", b"changed", 0)
        assert two.tree.read("/opt/app/hello.txt") == b"hello"

    run_virtual(whole(), clock)


def test_a_crash_ends_what_is_under_way() -> None:
    clock = VirtualClock()

    async def whole() -> None:
        instance = await started(clock)
        shell = await instance.open_shell(cwd="/", env={})

        async def output(stream: str, data: bytes) -> None: ...

        running = asyncio.ensure_future(shell.run("sleep 100", output))
        await clock.sleep(1)
        instance.crash()
        with pytest.raises(Exception, match="has ended"):
            await running
        assert (await instance.wait()).code == 139
        assert clock.elapsed_s == 1.0

    run_virtual(whole(), clock)
