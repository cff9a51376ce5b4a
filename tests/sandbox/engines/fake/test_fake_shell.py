"""The small shell of the fake engine: what it runs, and what it refuses in words."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Literal

import pytest

from edge.containers.engine import Image, InstanceSpec
from edge.http.request import Request
from edge.http.response import Response
from edge.kernel.clock import VirtualClock
from edge.kernel.random import RandomStreams
from edge.network.network import Network
from edge.network.profile import Profile
from edge.network.spread import Spread
from sandbox.engines.context import EngineContext
from sandbox.engines.fake.engine import FakeEngine
from sandbox.engines.fake.instance import FakeInstance
from sandbox.engines.fake.process import FakeProcess
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
        ("printf '%05d|%-4s|%x\\n' 42 ab 255", "00042|ab  |ff\n"),
        ("printf '%s-%s\\n' a b c", "a-b\nc-\n"),
        ("test a = b -o c = c; echo $?; test ! a = a -a b; echo $?", "0\n1\n"),
        ("unset Y; echo ${Y:=d}; echo $Y", "d\nd\n"),
        (
            "for i in 1 2 3 4; do if [ $i = 2 ]; then continue; fi; [ $i = 4 ] && break; echo $i; done",
            "1\n3\n",
        ),
        ("for i in 1 2; do for j in a b; do break 2; done; echo no; done; echo out", "out\n"),
        ("mkdir d e; touch d/x e/x; echo */x /workspace/d/*", "d/x e/x /workspace/d/x\n"),
        ("X=$(false); echo $?; X=a; echo $?", "1\n0\n"),
        ("{ X=$(echo lost >&2); } 2> err; cat err", "lost\n"),
        ("V=1 true; V=2 cd /tmp; echo [$V]", "[]\n"),
        ("f() { local v=1; echo $v; }; v=0; f; echo $v", "1\n0\n"),
        (
            "set -- 'a b' c; for i in \"$@\"; do echo $i; done; shift; echo $1 $#; shift 2; echo $?",
            "a b\nc\nc 1\n1\n",
        ),
        ("set --; printf '[%s]' \"$@\" end", "[end]"),
        ("cat <<END\n\\$A ${A} ${B:-none} $?\nEND", "$A a b none 0\n"),
        ("seq 1 2 5 | tr '\\n' ' '; cat /dev/null; wc -c < /dev/null", "1 3 5 0\n"),
        (
            "sh -ec 'false || true; if false; then :; fi; ! true; echo on; false; echo off'; echo $?",
            "on\n1\n",
        ),
        ("sh -euo pipefail -c 'false | true; echo off'; echo $?", "1\n"),
        (
            "sh -uc 'echo ${B:-fine}; echo $B; echo off' 2> err; echo $?; cat err",
            "fine\n1\nsh: B: unbound variable\n",
        ),
        ("env B=1 sh -c 'echo $B'; printenv HOME; uname -m; hostname", "1\n/root\nx86_64\nfake\n"),
        (
            "command echo a; basename x.txt .txt; echo a | tee -a f > /dev/null; echo b | tee -a f",
            "a\nx\nb\n",
        ),
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
        ("echo x 3> f", 2, "descriptor 3 is not supported"),
        ("echo {a,b}", 2, "braces are not supported"),
        ("echo $'a'", 2, "is not supported"),
        ("((1 > 0)) && echo yes", 2, "arithmetic is not supported"),
        ("cat <<E\n$(echo in)\nE", 2, "a command within << is not supported"),
        ("echo ${A:-$HOME}", 2, "is not supported"),
        ("IFS=, read a b", 2, "IFS"),
        ("trap 'echo bye' ERR", 2, "trap: ERR is not supported"),
        ("trap 'echo bye' NONE", 1, "sh: trap: NONE: invalid signal specification"),
        ("set -x", 2, "the option x is not supported"),
        ("read -t 1 x", 2, "-t is not supported"),
        ("printf %q x", 1, "%q: this conversion is not supported"),
        ("[ 1 -eq x ]", 2, "x: integer expression expected"),
        ("[ a = a", 2, "missing `]'"),
        (". ./none", 1, "No such file or directory"),
        ("shift x", 1, "wrong arguments"),
        ("ln -s loop loop; echo x > loop", 1, "symbolic links"),
        ("echo b | sort -n", 1, "the option -n is not supported"),
        ("touch f; chmod u+w f", 1, "the mode u+w is not supported"),
        ("tail -n +2 f", 1, "is not supported"),
        ("curl example.com", 6, "Could not resolve host"),
        ("curl localhost:81", 7, "Failed to connect to localhost port 81"),
        ("curl --compressed localhost", 1, "--compressed is not supported"),
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


def test_curl_reaches_what_listens() -> None:
    clock = VirtualClock()

    async def answer(request: Request) -> Response:
        if request.method == "POST":
            return Response.make(b"got " + await request.read_bytes(), 201)
        return Response.make(b"no", 404)

    async def server(process: FakeProcess) -> int:
        process.listen(8080, answer)
        await asyncio.Event().wait()
        return 0

    async def whole() -> None:
        instance = await started(clock)
        instance.engine.program("^server$", server)
        shell = await instance.open_shell(cwd="/workspace", env={})
        out = b""

        async def output(stream: str, data: bytes) -> None:
            nonlocal out
            out += data

        await shell.run("server & sleep 1; curl -s -d a=1 -w ' %{http_code}' localhost:8080/x", output)
        assert out == b"got a=1 201"
        assert (await shell.run("curl -sf http://127.0.0.1:8080/", output)).exit_code == 22
        await shell.run("curl -s -o page localhost:8080; cat page; kill $!; wait $!", output)
        assert out == b"got a=1 201no"
        assert (await shell.run("curl -s localhost:8080", output)).exit_code == 7

    run_virtual(whole(), clock)


@pytest.mark.parametrize(
    ("script", "out", "code"),
    [
        ("trap 'echo bye' EXIT; echo hi", "hi\nbye\n", 0),
        ("trap 'echo bye $?' EXIT; exit 4", "bye 4\n", 4),
        ("trap 'exit 7' EXIT; exit 4", "", 7),
        ("trap 'echo got' USR1; kill -USR1 $$; echo after", "got\nafter\n", 0),
        ("trap 'exit 5' TERM; kill $$; echo never", "", 5),
        ("trap '' TERM; kill $$; echo deaf", "deaf\n", 0),
        ("trap 'echo x' TERM; trap - TERM; kill $$; sleep 9; echo never", "", 143),
        ("trap 'echo x' TERM; trap", "trap -- 'echo x' SIGTERM\n", 0),
        ("trap 'echo in' EXIT; (echo sub); echo out", "sub\nout\nin\n", 0),
        ("trap 'echo woken' USR1; sleep 50 & (sleep 1; kill -USR1 $$) & wait; echo $?", "woken\n138\n", 0),
        ("set -e; trap 'echo end $?' EXIT; false; echo never", "end 1\n", 1),
    ],
)
def test_traps(script: str, out: str, code: int) -> None:
    assert ran(f"sh -c '{script.replace(chr(39), chr(39) + chr(92) + chr(39) * 2)}'")[:2] == (code, out)


def test_a_signal_reaches_a_process_group_by_its_negative_id() -> None:
    assert ran("sleep 100 & kill -9 -$!; wait $!; echo $?")[1] == "137\n"
    assert ran("kill -- -999")[2] == "kill: (-999) - No such process\n"


def test_an_image_keeps_links_to_directories(tmp_path: Path) -> None:
    (tmp_path / "files" / "real").mkdir(parents=True)
    (tmp_path / "files" / "link").symlink_to("real")
    dockerfile = tmp_path / "Dockerfile"
    dockerfile.write_text("FROM scratch\nCOPY files /opt/files\n")
    clock = VirtualClock()

    async def whole() -> None:
        engine = FakeEngine(EngineContext(clock, RandomStreams(1), None, None))
        image = Image(dockerfile=dockerfile, build_context=tmp_path)
        box = await engine.start(InstanceSpec("box", image, labels=SANDBOX))
        assert box.tree.stat("/opt/files/link", follow=False).kind == "symlink"
        assert box.tree.stat("/opt/files/link").kind == "directory"

    run_virtual(whole(), clock)


def test_a_seed_gives_the_same_bytes_and_times() -> None:
    profile = Profile("t", container={"boot": Spread(1000, 3000), "npm_install": Spread(5000, 9000)})

    def once(seed: int) -> tuple[float, bytes]:
        clock, out = VirtualClock(), bytearray()

        async def whole() -> None:
            random = RandomStreams(seed)
            engine = FakeEngine(EngineContext(clock, random, Network(profile, random, clock), None))
            box = await engine.start(InstanceSpec("box", Image("x"), labels=SANDBOX))
            shell = await box.open_shell(cwd="/workspace", env={})

            async def output(stream: str, data: bytes) -> None:
                out.extend(data)

            await shell.run("npm install -g a; sleep 1 & echo $! $$; date +%s; env; ps", output)

        run_virtual(whole(), clock)
        return clock.elapsed_s, bytes(out)

    assert once(1) == once(1)
    assert once(1)[0] != once(2)[0]
