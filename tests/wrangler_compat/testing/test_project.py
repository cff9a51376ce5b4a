"""From a test's place in a project to a world."""

from __future__ import annotations

from pathlib import Path

import pytest

from edge.errors import ConfigError
from edge.kernel.clock import VirtualClock
from wrangler_compat.testing.project import (
    EdgeOptions,
    UnknownOption,
    config_paths,
    load_once,
    make_world,
    start_time_s,
)

CONFIG = """
{"name": "shop", "main": "entry.py", "compatibility_date": "2026-03-17",
 "compatibility_flags": ["python_workers"], "vars": {"A": "1"}}
"""


@pytest.fixture
def project(tmp_path: Path) -> Path:
    (tmp_path / "wrangler.jsonc").write_text(CONFIG)
    (tmp_path / "tests").mkdir()
    return tmp_path


def test_options() -> None:
    assert EdgeOptions.of({"start": 5, "schedule": "seeded"}).start == 5
    with pytest.raises(UnknownOption) as unknown:
        EdgeOptions.of({"begin": 5})
    assert str(unknown.value) == (
        "the edge marker has no option 'begin'; it knows config, environment, variables, start, network, "
        "faults, schedule, worker_time, real_fetch, engine, subrequests, strict_ffi"
    )


def test_files_are_found_from_the_tests_folder(tmp_path: Path) -> None:
    options = EdgeOptions(network="slow.toml", faults=Path("bad.toml")).beside(tmp_path)
    assert (options.network, options.faults) == (tmp_path / "slow.toml", tmp_path / "bad.toml")
    named = EdgeOptions(network="edge", faults=[{"kind": "loss"}]).beside(tmp_path)
    assert (named.network, named.faults) == ("edge", [{"kind": "loss"}])


def test_which_configuration(project: Path) -> None:
    test_file, config = project / "tests" / "test_shop.py", project / "wrangler.jsonc"
    other = project / "other.jsonc"
    other.write_text(CONFIG)
    assert config_paths(EdgeOptions(), test_file, []) == [config]
    assert config_paths(EdgeOptions(), test_file, [other]) == [other]
    assert config_paths(EdgeOptions(config="../other.jsonc"), test_file, []) == [other]
    assert config_paths(EdgeOptions(config=["..", "../other.jsonc"]), test_file, []) == [config, other]


def test_a_named_folder_means_that_folder(project: Path) -> None:
    (project / "inner").mkdir()
    inner = project / "inner" / "wrangler.toml"
    inner.write_text('name = "inner"\n')
    assert config_paths(EdgeOptions(config="../inner"), project / "tests" / "test_shop.py", []) == [inner]


def test_a_configuration_is_read_once_until_it_changes(
    project: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    paths = [project / "wrangler.jsonc"]
    (project / "entry.py").write_text("")
    first = load_once(paths, EdgeOptions())
    assert load_once(paths, EdgeOptions()) is first
    assert load_once(paths, EdgeOptions(variables={"A": "2"})).world.primary.vars == {"A": "2"}
    assert load_once(paths, EdgeOptions()) is first
    (project / ".dev.vars").write_text("SECRET=1\n")
    second = load_once(paths, EdgeOptions())
    assert second.world.primary.secrets == {"SECRET": "1"}
    monkeypatch.setenv("CLOUDFLARE_ENV", "nowhere")
    load_once(paths, EdgeOptions())
    assert 'No environment found in configuration with name "nowhere"' in caplog.text


def test_warnings_are_logged_once(project: Path, caplog: pytest.LogCaptureFixture) -> None:
    (project / "entry.py").write_text("")
    (project / "wrangler.jsonc").write_text(CONFIG.replace('"vars"', '"varz"'))
    for _ in range(2):
        load_once([project / "wrangler.jsonc"], EdgeOptions())
    (record,) = caplog.records
    assert 'Unexpected fields found in top-level field: "varz"' in record.getMessage()


def test_when_a_world_begins() -> None:
    assert start_time_s(None) is None
    assert start_time_s(12.5) == 12.5
    assert start_time_s("1970-01-02") == 86_400
    assert start_time_s("1970-01-01T01:00:00+01:00") == 0
    with pytest.raises(ConfigError, match="start='soon' is no ISO time"):
        start_time_s("soon")


def test_a_world(project: Path) -> None:
    (project / "entry.py").write_text("")
    world = make_world([project / "wrangler.jsonc"], EdgeOptions(start=100.0), seed=7)
    assert isinstance(world.clock, VirtualClock)
    assert (world.now, world.seed, world.random.seed) == (100.0, 7, 7)
    assert world.faults is not None
    world.stage.close()
