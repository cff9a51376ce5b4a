"""The pytest plugin: fixtures `world`, `client`, `env`, `clock` and `find_seed`, coroutine tests, seeds.

It is there once the package is installed, and costs nothing where it is not used: the emulator is imported
by the first test that asks for a world.
"""

from __future__ import annotations

import inspect
import os
import shlex
import time
from collections.abc import Generator, Iterator
from contextlib import ExitStack, contextmanager
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from edge.kernel.clock import Clock
    from edge.testing.client import Client
    from edge.testing.world import WorldUnderTest
    from wrangler_compat.testing.search import SeedSearch


def pytest_addoption(parser: pytest.Parser) -> None:
    group = parser.getgroup("edge", "Workers under test (cortex-edge)")
    group.addoption("--edge-seed", type=int, metavar="N", help="run every world under test with seed N")
    parser.addini(
        "edge_config", "wrangler configurations of the project, the first one answers", type="paths"
    )
    parser.addini("edge_strict_ffi", "how strictly values cross to JavaScript: calls or bindings", default="")
    parser.addini("edge_patience", "real time in which nothing happens before a test is stuck", default="5s")
    parser.addini("edge_limit", "real time that one test may take in virtual time", default="60s")


def pytest_configure(config: pytest.Config) -> None:
    config.addinivalue_line(
        "markers",
        "edge(config, environment, variables, start, network, faults, schedule, worker_time, "
        "real_fetch, engine, subrequests, strict_ffi): the world of a test",
    )
    config.addinivalue_line("markers", "seeds(count, start=0): run a test under this many seeds")


# -- seeds


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    marker = metafunc.definition.get_closest_marker("seeds")
    if marker is None:
        return
    if "edge_seed" not in metafunc.fixturenames:
        raise pytest.UsageError(f"{metafunc.definition.nodeid}: seeds are for tests with the world fixture")
    chosen = metafunc.config.getoption("edge_seed")
    try:
        seeds = list(_seeds(*marker.args, **marker.kwargs)) if chosen is None else [chosen]
    except TypeError as mistake:
        raise pytest.UsageError(f"{metafunc.definition.nodeid}: {mistake}") from None
    metafunc.parametrize("edge_seed", seeds, indirect=True, ids=[f"seed{seed}" for seed in seeds])


def _seeds(count: int, start: int = 0) -> range:
    if not isinstance(count, int) or not isinstance(start, int):
        raise TypeError(f"seeds({count!r}, start={start!r}) takes whole numbers")
    return range(start, start + count)


@pytest.fixture
def edge_seed(request: pytest.FixtureRequest) -> int:
    """The seed of the test's world."""
    chosen = request.config.getoption("edge_seed")
    seed: int = getattr(request, "param", 0 if chosen is None else chosen)
    return seed


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item, call: pytest.CallInfo[None]) -> Iterator[None]:
    report: Any = yield
    seed = getattr(item, "funcargs", {}).get("edge_seed")
    if report.failed and seed is not None:
        report.sections.append(("replay", f"pytest {shlex.quote(item.nodeid)} --edge-seed {seed}"))
    return report  # type: ignore[no-any-return]


# -- fixtures


@pytest.fixture
def world(request: pytest.FixtureRequest, edge_seed: int) -> Iterator[WorldUnderTest]:
    """A fresh world of the project: in memory, in virtual time."""
    from edge.errors import UserError

    with _utc(), ExitStack() as ends:
        try:
            made = _make(request, edge_seed)
            ends.callback(made.stage.close)
            made.run(made.start())
        except (UserError, TypeError, ValueError) as mistake:
            pytest.fail(str(mistake), pytrace=False)
        yield made
        made.run(made.close())


def _make(request: pytest.FixtureRequest, seed: int, *, schedule: str | None = None) -> WorldUnderTest:
    from edge.kernel.duration import parse_duration
    from wrangler_compat.testing.project import EdgeOptions, config_paths, make_world

    given: dict[str, Any] = {} if schedule is None else {"schedule": schedule}
    if request.node.get_closest_marker("seeds") is not None:
        given["schedule"] = "seeded"
    for marker in reversed(list(request.node.iter_markers("edge"))):  # the closest one has the last word
        given.update(marker.kwargs)
    ini = request.config.getini
    given.setdefault("strict_ffi", ini("edge_strict_ffi") or None)
    options = EdgeOptions.of(given).beside(request.path.parent)
    return make_world(
        config_paths(options, request.path, ini("edge_config")),
        options,
        seed=seed,
        patience_s=parse_duration(ini("edge_patience")),
        limit_s=parse_duration(ini("edge_limit")),
    )


@contextmanager
def _utc() -> Iterator[None]:
    """The time zone of Workers, so that a test means the same on every machine."""
    before = os.environ.get("TZ")
    os.environ["TZ"] = "UTC"
    _read_zone()
    try:
        yield
    finally:
        if before is None:
            del os.environ["TZ"]
        else:
            os.environ["TZ"] = before
        _read_zone()


def _read_zone() -> None:
    if hasattr(time, "tzset"):  # not on Windows
        time.tzset()


@pytest.fixture
def client(world: WorldUnderTest) -> Client:
    """A client of the first Worker; `client(place="syd")` gives others."""
    return world.client


@pytest.fixture
def find_seed(request: pytest.FixtureRequest) -> Iterator[SeedSearch]:
    """Looks for the seed under which a scenario shows what it looks for."""
    from wrangler_compat.testing.search import SeedSearch

    with _utc():
        yield SeedSearch(lambda seed: _make(request, seed, schedule="seeded"))


@pytest.fixture
def clock(world: WorldUnderTest) -> Clock:
    """The world's clock."""
    return world.clock


@pytest.fixture
def env(world: WorldUnderTest) -> Any:
    """The first Worker's `env`, as its Python code gets it."""
    from wrangler_compat.modules.dialect import PythonDialect

    assert isinstance(world.dialect, PythonDialect)
    return world.dialect.environment(world.config.primary.name)


# -- coroutine tests and fixtures


@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_pyfunc_call(pyfuncitem: pytest.Function) -> Generator[None, Any, Any]:
    """Run a coroutine test in its world; those without one are left to other plugins."""
    __tracebackhide__ = True
    world: Any = pyfuncitem.funcargs.get("world")
    function = _coroutine_function(pyfuncitem.obj)
    if function is None or not hasattr(world, "stage"):
        return (yield)

    def in_its_world(**arguments: Any) -> None:
        __tracebackhide__ = True
        from edge.testing.stall import Stalled

        try:
            world.run(function(**arguments))
        except Stalled as stalled:
            pytest.fail(str(stalled), pytrace=False)

    # Also with a marker of pytest-asyncio or anyio: they see a plain function and leave it alone.
    before, pyfuncitem.obj = pyfuncitem.obj, in_its_world
    try:
        return (yield)
    finally:
        pyfuncitem.obj = before


def _coroutine_function(function: Any) -> Any:
    if inspect.iscoroutinefunction(function):
        return function
    wrapped = getattr(function, "__wrapped__", None)  # what pytest-asyncio made of it in auto mode
    return wrapped if inspect.iscoroutinefunction(wrapped) else None


@pytest.hookimpl(tryfirst=True)
def pytest_fixture_setup(fixturedef: pytest.FixtureDef[Any], request: Any) -> Any:
    """Let fixtures of a test with a world be coroutines and asynchronous generators."""
    function: Any = fixturedef.func
    is_generator = inspect.isasyncgenfunction(function)
    if not (is_generator or inspect.iscoroutinefunction(function)):
        return None
    if fixturedef.scope != "function" or "world" not in request.fixturenames:
        return None
    world = request.getfixturevalue("world")
    arguments = {name: request.getfixturevalue(name) for name in fixturedef.argnames}
    if not is_generator:
        value = world.run(function(**arguments))
    else:
        steps = function(**arguments)
        value = world.run(anext(steps))
        request.addfinalizer(lambda: world.run(_ended(steps)))
    fixturedef.cached_result = (value, fixturedef.cache_key(request), None)
    return value


async def _ended(steps: Any) -> None:
    if await anext(steps, _ended) is not _ended:
        raise RuntimeError("an asynchronous fixture yields once")
