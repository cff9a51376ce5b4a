"""The plugin as the users of a project meet it: pytest runs on projects of its own."""

from __future__ import annotations

import importlib
import sys
import textwrap
from pathlib import Path

import pytest

# Imported here, so that not each of the runs below imports them anew.
for _name in ("edge.durable.host", "edge.kv.open", "wrangler_compat.testing.project"):
    importlib.import_module(_name)

pytest_plugins = ["pytester"]

WRANGLER = """
{"name": "shop", "main": "src/entry.py", "compatibility_date": "2026-03-17",
 "compatibility_flags": ["python_workers"], "vars": {"MODE": "plain"},
 "kv_namespaces": [{"binding": "CACHE", "id": "cache"}],
 "env": {"staging": {"name": "shop", "vars": {"MODE": "staging"}}}}
"""
OTHER = """
name = "other"
main = "entry.py"
compatibility_date = "2026-03-17"
compatibility_flags = ["python_workers"]
vars = {MODE = "other"}
"""
WORKER = """
import asyncio, random
from workers import Response, WorkerEntrypoint

class Default(WorkerEntrypoint):
    async def fetch(self, request):
        if "roll" in request.url:
            return Response(str(random.randrange(6)))
        return Response(f"{self.env.MODE}")
"""


class Project:
    """A project on disk and pytest over it."""

    def __init__(self, pytester: pytest.Pytester) -> None:
        self.pytester = pytester
        self.write("wrangler.jsonc", WRANGLER)
        self.write("src/entry.py", WORKER)

    def write(self, name: str, text: str) -> Path:
        path = self.pytester.path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(textwrap.dedent(text))
        return path

    def run(self, tests: str, *options: str) -> pytest.RunResult:
        self.write("tests/test_shop.py", tests)
        return self.pytester.runpytest_inprocess("-p", "no:cacheprovider", *options)


@pytest.fixture
def project(pytester: pytest.Pytester) -> Project:
    return Project(pytester)


def test_coroutine_tests_and_plain_ones(project: Project) -> None:
    outcome = project.run(
        """
        async def test_coroutine(client, env, clock, world):
            assert (await client.get("/")).text == env.MODE == "plain"
            await clock.advance("1h")
            assert clock.now() == world.now

        def test_plain(world):
            assert world.run(world.client.get("/")).text == "plain"

        class TestMethods:
            async def test_method(self, client):
                assert (await client.get("/")).ok
        """
    )
    outcome.assert_outcomes(passed=3)


def test_worlds_share_nothing(project: Project) -> None:
    tests = "\n".join(
        f"""
async def test_{number}(env):
    assert await env.CACHE.get("seen") != "yes"
    await env.CACHE.put("seen", "yes")
"""
        for number in range(3)
    )
    project.run(tests).assert_outcomes(passed=3)


def test_asynchronous_fixtures(project: Project) -> None:
    outcome = project.run(
        """
        import pytest

        @pytest.fixture
        async def stored(world):
            await world.kv("CACHE").put("a", "1")
            return world.kv("CACHE")

        @pytest.fixture
        async def lent(stored):
            yield stored
            assert await stored.get("a") == "2"
            print("given back")

        async def test_it(lent):
            assert await lent.get("a") == "1"
            await lent.put("a", "2")
        """,
        "-s",
    )
    outcome.assert_outcomes(passed=1)
    outcome.stdout.fnmatch_lines(["*given back*"])


def test_seeds_and_the_replay_line(project: Project) -> None:
    tests = """
        import pytest

        @pytest.mark.seeds(8)
        async def test_roll(client, world):
            assert (await client.get("/roll")).text in "012", f"rolled by {world.seed}"
        """
    outcome = project.run(tests)
    failed = outcome.parseoutcomes()["failed"]
    assert 0 < failed < 8
    line = next(line for line in outcome.outlines if "--edge-seed" in line)
    assert line.startswith("pytest 'tests/test_shop.py::test_roll[seed")
    seed = line.split()[-1]
    again = project.run(tests, f"--edge-seed={seed}")
    again.assert_outcomes(failed=1)
    again.stdout.fnmatch_lines([f"*rolled by {seed}*"])
    other = next(number for number in range(8) if f"[seed{number}]" not in outcome.stdout.str())
    project.run(tests, "--edge-seed", str(other)).assert_outcomes(passed=1)


def test_seeds_without_a_world(project: Project) -> None:
    outcome = project.run("import pytest\n@pytest.mark.seeds(2)\ndef test_it(): pass\n")
    outcome.stdout.fnmatch_lines(["*seeds are for tests with the world fixture*"])


def test_seeds_that_are_no_numbers(project: Project) -> None:
    outcome = project.run('import pytest\n@pytest.mark.seeds("x")\ndef test_it(world): pass\n')
    outcome.stdout.fnmatch_lines(["*seeds('x', start=0) takes whole numbers*"])


def test_the_marker(project: Project) -> None:
    project.write("other/wrangler.toml", OTHER)
    project.write("other/entry.py", WORKER)
    outcome = project.run(
        """
        import pytest

        pytestmark = pytest.mark.edge(start="2026-02-03")

        @pytest.mark.edge(environment="staging")
        async def test_environment(client, world):
            assert (await client.get("/")).text == "staging"
            assert world.now == 1770076800

        @pytest.mark.edge(variables={"MODE": "mine"})
        async def test_variables(client):
            assert (await client.get("/")).text == "mine"

        @pytest.mark.edge(config="../other")
        async def test_config(client):
            assert (await client.get("/")).text == "other"

        @pytest.mark.edge(config=["../wrangler.jsonc", "../other/wrangler.toml"])
        async def test_two_workers(client):
            assert (await client.get("/")).text == "plain"
            assert (await client(worker="other").get("/")).text == "other"

        @pytest.mark.edge(worker_time="real", start="2001-01-01")
        async def test_real_time(world): pass
        """
    )
    outcome.assert_outcomes(passed=5)


@pytest.mark.parametrize(
    ("marker", "message"),
    [
        (
            "confg='x'",
            "the edge marker has no option 'confg'; it knows config, environment, variables, start, *",
        ),
        ("start='soon'", "start='soon' is no ISO time such as 2026-03-01T12:00:00"),
        ("worker_time='frozen'", "there is no time policy 'frozen'; known: real, io"),
        ("config='nowhere'", 'the folder "*nowhere" does not exist'),
        ("environment='prod'", '*No environment found in configuration with name "prod"*'),
    ],
)
def test_wrong_options(project: Project, marker: str, message: str) -> None:
    tests = f"import pytest\n@pytest.mark.edge({marker})\nasync def test_it(world): pass\n"
    outcome = project.run(tests)
    outcome.assert_outcomes(errors=1)
    outcome.stdout.fnmatch_lines([f"*{message}*"])
    assert "Traceback" not in outcome.stdout.str()


def test_a_worker_that_does_not_load(project: Project) -> None:
    project.write("src/entry.py", "import nothing_of_the_kind\n")
    outcome = project.run("async def test_it(world): pass\n")
    outcome.assert_outcomes(errors=1)
    outcome.stdout.fnmatch_lines(["*entry.py:1: ModuleNotFoundError: No module named 'nothing_of_the_kind'*"])


def test_no_configuration(project: Project) -> None:
    (project.pytester.path / "wrangler.jsonc").unlink()
    outcome = project.run("async def test_it(world): pass\n")
    outcome.stdout.fnmatch_lines(["*no wrangler.json, wrangler.jsonc or wrangler.toml in *"])


def test_the_ini_option(project: Project) -> None:
    (project.pytester.path / "wrangler.jsonc").rename(project.pytester.path / "shop.jsonc")
    project.write("pytest.ini", "[pytest]\nedge_config = shop.jsonc\n")
    project.run("async def test_it(client): assert (await client.get('/')).ok\n").assert_outcomes(passed=1)


def test_a_changed_configuration_is_read_again(project: Project) -> None:
    tests = "async def test_it(client): assert (await client.get('/')).text == 'plain'\n"
    project.run(tests).assert_outcomes(passed=1)
    project.write("wrangler.jsonc", WRANGLER.replace("plain", "changed"))
    project.run(tests).assert_outcomes(failed=1)


def test_a_test_that_is_stuck(project: Project) -> None:
    outcome = project.run(
        "import asyncio\n\nasync def test_it(world):\n    await asyncio.Event().wait()\n",
        "-o",
        "edge_patience=100ms",
    )
    outcome.assert_outcomes(failed=1)
    outcome.stdout.fnmatch_lines(
        ["the test waits in test_it, *test_shop.py:4: nothing is scheduled, and no real work*"]
    )


def test_tests_without_a_world_are_left_to_others(project: Project) -> None:
    outcome = project.run(
        """
        import pytest

        @pytest.fixture
        def anyio_backend(): return "asyncio"

        @pytest.mark.anyio
        async def test_of_anyio():
            import asyncio
            assert type(asyncio.get_running_loop()).__name__ != "VirtualLoop"

        @pytest.mark.anyio
        async def test_of_both(world):
            import asyncio
            assert type(asyncio.get_running_loop()).__name__ == "VirtualLoop"
            await world.advance("1d")
        """
    )
    outcome.assert_outcomes(passed=2)


def test_breakpoints_stop_in_the_worker(project: Project) -> None:
    project.write("src/entry.py", WORKER.replace("if ", "breakpoint()\n        if "))
    outcome = project.run(
        """
        import sys

        async def test_it(client, clock, monkeypatch):
            stops = []
            monkeypatch.setattr(sys, "breakpointhook", lambda: stops.append(sys._getframe(1)))
            began_s = clock.now()
            await client.get("/")
            (frame,) = stops
            assert frame.f_code.co_filename.endswith("src/entry.py")
            assert frame.f_locals["self"].env.MODE == "plain"
            assert clock.now() == began_s
        """
    )
    outcome.assert_outcomes(passed=1)


@pytest.mark.slow
def test_coverage_of_a_worker(project: Project) -> None:
    project.write("tests/test_shop.py", "async def test_it(client): assert (await client.get('/')).ok\n")
    measure = ("-m", "coverage", "run", "--source=src", "-m", "pytest", "-q")
    assert project.pytester.run(sys.executable, *measure).ret == 0
    report = project.pytester.run(sys.executable, "-m", "coverage", "report", "-m")
    # All but the line that rolls a die.
    report.stdout.re_match_lines([r"src/entry\.py +7 +1 +86% +8"])


STRICT = """
from js import setTimeout
from workers import Response, WorkerEntrypoint
import asyncio

class Default(WorkerEntrypoint):
    async def fetch(self, request):
        rung = []
        setTimeout(lambda: rung.append(1), 1)
        await asyncio.sleep(1)
        return Response(str(len(rung)))
"""


def test_strict_ffi_for_one_test_and_for_all(project: Project) -> None:
    project.write("src/entry.py", STRICT)
    tests = (
        "import pytest\n"
        "async def test_it(client): assert (await client.get('/')).text == '1'\n\n"
        "@pytest.mark.edge(strict_ffi='calls')\n"
        "async def test_strict(client): assert (await client.get('/')).text == '0'\n"
    )
    project.run(tests).assert_outcomes(passed=2)
    project.run(tests, "-o", "edge_strict_ffi=calls").assert_outcomes(passed=1, failed=1)
