"""From a test's place in a project to a world: which configuration, which options.

A configuration is read once and kept until one of its files changes; a world is made anew for each test.
"""

from __future__ import annotations

import logging
import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, fields, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, get_args

from edge.config import StrictFfi
from edge.errors import ConfigError
from edge.kernel.clock import VirtualClock
from edge.testing.world import WorldUnderTest
from sandbox.engines.names import engine_maker
from wrangler_compat.config.load import Loaded, LoadOptions, load
from wrangler_compat.config.search import NAMES, find_config
from wrangler_compat.modules.dialect import PythonDialect

_log = logging.getLogger("edge.testing")


class UnknownOption(TypeError):
    """`@pytest.mark.edge(…)` was given something there is not; the message lists what there is."""


@dataclass(frozen=True, slots=True)
class EdgeOptions:
    """What `@pytest.mark.edge(…)` can say of a test's world.

    `config` is a configuration file or project folder, or several (the first Worker is the one that answers);
    `environment` one of its environments; `variables` go over its `vars`. The world begins at `start` (an
    ISO time, UTC, or seconds since the epoch). `network` is how far apart things are: a latency profile's
    name or TOML file, `faults` what goes wrong: tables or a TOML file (more with `world.faults.add`).
    `schedule` is `fifo` or `seeded` (the default of tests with seeds), `worker_time` the
    clock that Workers see (`io` or `real`). `real_fetch` lets calls that no mock answers reach the internet.
    `engine` runs containers: `fake` unless another one is named. `subrequests` is how many an invocation may
    make (0: any number; None: as configured). `strict_ffi` is how strictly
    values cross to JavaScript: `calls` or `bindings`.
    """

    config: str | Path | Sequence[str | Path] | None = None
    environment: str | None = None
    variables: Mapping[str, str] = field(default_factory=dict)
    start: str | float | None = None
    network: str | Path | None = None
    faults: Any = ()
    schedule: str | None = None
    worker_time: str | None = None
    real_fetch: bool = False
    engine: str = "fake"
    subrequests: int | None = None
    strict_ffi: StrictFfi | None = None

    @classmethod
    def of(cls, given: Mapping[str, Any]) -> EdgeOptions:
        """Raises UnknownOption."""
        known = [option.name for option in fields(cls)]
        for name in given:
            if name not in known:
                raise UnknownOption(f"the edge marker has no option {name!r}; it knows {', '.join(known)}")
        if (strict := given.get("strict_ffi")) not in (None, *get_args(StrictFfi)):
            raise UnknownOption(f"strict_ffi is {strict!r}; it may be {', '.join(get_args(StrictFfi))}")
        return cls(**given)

    def beside(self, folder: Path) -> EdgeOptions:
        """With files found from the test's folder."""
        network, faults = (_beside(folder, value) for value in (self.network, self.faults))
        return replace(self, network=network, faults=faults)


def _beside(folder: Path, value: Any) -> Any:
    is_file = isinstance(value, Path) or (isinstance(value, str) and value.endswith(".toml"))
    return folder / value if is_file else value


def config_paths(options: EdgeOptions, test_file: Path, from_ini: Sequence[Path]) -> list[Path]:
    """The configuration files of a test: those its marker names (relative to the test's folder), else those
    of the `edge_config` ini option, else what wrangler would find from the test's folder. ConfigError."""
    folder = test_file.parent
    named = options.config
    if named is not None:
        many = [named] if isinstance(named, (str, Path)) else list(named)
        return [_file(folder / path) for path in many]
    return [_file(path) for path in from_ini] or [find_config(folder)]


def _file(path: Path) -> Path:
    if path.is_file():
        return path.resolve()
    # Who names a folder means that folder, though wrangler prefers a JSON file above it to a TOML in it.
    own = next((file for name in NAMES if (file := path / name).is_file()), None)
    return find_config(path) if own is None else own.resolve()


_loaded: dict[Any, tuple[Any, Loaded]] = {}


def load_once(paths: Sequence[Path], options: EdgeOptions) -> Loaded:
    """The configuration, as long as its files have not changed. Raises ConfigError with file and line."""
    variables = tuple(sorted(options.variables.items()))
    key = (tuple(paths), options.environment, variables, options.strict_ffi)
    process = hash(frozenset(os.environ.items()))
    known = _loaded.get(key)
    if known is not None and known[0] == (process, _versions(known[1].files)):
        return known[1]
    given = LoadOptions(options.environment, options.variables, strict_ffi=options.strict_ffi)
    loaded = load(paths, given)
    for warning in loaded.warnings:
        _log.warning("%s", warning)
    _loaded[key] = ((process, _versions(loaded.files)), loaded)
    return loaded


def _versions(files: Sequence[Path]) -> list[tuple[int, int] | None]:
    versions: list[tuple[int, int] | None] = []
    for file in files:
        try:
            status = file.stat()
        except OSError:
            versions.append(None)
        else:
            versions.append((status.st_mtime_ns, status.st_size))
    return versions


def make_world(
    paths: Sequence[Path], options: EdgeOptions, *, seed: int, patience_s: float = 5.0, limit_s: float = 60.0
) -> WorldUnderTest:
    """A world that was not started yet. Raises ConfigError."""
    start_s = start_time_s(options.start)
    clock = VirtualClock() if start_s is None else VirtualClock(start_s)
    outbound = None
    if options.real_fetch:
        from edge.http.httpx_transport import HttpxTransport

        outbound = HttpxTransport(keep_alive=False)
    return WorldUnderTest(
        load_once(paths, options).world,
        dialect=PythonDialect(),
        clock=clock,
        seed=seed,
        outbound=outbound,
        network=options.network,
        faults=options.faults,
        schedule=options.schedule or "fifo",
        worker_time=options.worker_time,
        patience_s=patience_s,
        limit_s=limit_s,
        engine=engine_maker(options.engine),
        subrequests=options.subrequests,
    )


def start_time_s(start: str | float | None) -> float | None:
    """When a world begins, in seconds since the epoch. Raises ConfigError for a malformed time."""
    if start is None or isinstance(start, (int, float)):
        return start
    try:
        moment = datetime.fromisoformat(start)
    except ValueError:
        raise ConfigError(f"start={start!r} is no ISO time such as 2026-03-01T12:00:00") from None
    return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp()
