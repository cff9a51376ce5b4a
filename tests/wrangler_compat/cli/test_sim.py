"""`edge sim` as it is typed."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from edge.errors import UserError
from edge.trace.lines import read_trace
from tests.edge.simulator.probes import PROBE
from wrangler_compat.cli.sim import command

QUICK = ("--sessions", "5", "--duration", "5m", "--no-spans")


def sim(*words: str) -> Result:
    return CliRunner().invoke(command, [str(PROBE), *QUICK, *words])


def test_json_is_the_whole_answer() -> None:
    answer = json.loads(sim("--json", "--seed", "3").stdout)
    assert answer["seed"] == 3
    assert answer["ok"] is True
    assert answer["simulated_s"] == 300.0
    assert answer["sessions"] == {"started": 5, "finished": 4, "cut": 1}
    assert answer["operations"]["GET /words"]["count"] == 5
    assert answer["invariants"]["messages"] == 60


def test_the_table_has_routes_and_operations() -> None:
    result = sim("--spans")
    assert result.exit_code == 0
    for name in ("GET /kv/{key}", "durable.commit", "kv.get miss", "network.hop"):
        assert name in result.stdout


def test_a_broken_invariant_ends_with_its_replay_line() -> None:
    result = sim("--sabotage", "chunk-lost", "--seed", "4", "--profile", "none")
    assert result.exit_code == 1
    assert "BROKEN streams" in result.stdout
    assert result.stderr.strip().endswith(
        f"replay: edge sim {PROBE} --duration 5m --sessions 5 --profile none --schedule seeded "
        "--sabotage chunk-lost --no-spans --seed 4"
    )


def test_many_seeds_are_one_answer_and_stop_at_the_first_that_fails() -> None:
    good = json.loads(sim("--json", "--seeds", "1..3", "--jobs", "2").stdout)
    assert [outcome["seed"] for outcome in good] == [1, 2, 3]
    bad = sim("--seeds", "5..30", "--jobs", "1", "--sabotage", "chunk-lost")
    assert bad.exit_code == 1
    assert bad.stdout.startswith("1 of 26 seeds run, 0 held")
    assert bad.stderr.strip().endswith("--seed 5")


def test_a_trace_is_written_and_can_be_read(tmp_path: Path) -> None:
    file = tmp_path / "run.jsonl"
    assert sim("--spans", "--trace", str(file)).exit_code == 0
    names = {record.name for record in read_trace(file)}
    assert {"request", "durable.event", "kv.get"} <= names


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (("--duration", "soon"), "--duration: not a duration: 'soon'"),
        (("--duration=-5",), "--duration: a duration is not negative: '-5'"),
        (("--duration", "0"), "--duration: a simulation takes time; 0 is none"),
        (("--workload", "none.toml"), "there is no workload file none.toml"),
        (("--profile", "moon"), 'unknown profile "moon"'),
        (("--faults", "none.toml"), "none.toml: the fault script cannot be read"),
        (("--check", "order"), 'unknown invariant "order"; known: acknowledged-writes, '),
        (("--sabotage", "order"), 'unknown sabotage "order"; known: reply-before-commit, '),
        (("--seeds", "1-3"), 'not seeds: "1-3"; write a range such as 1..200'),
        (("--seeds", "1..3", "--trace", "x"), "--trace is for one seed: give --seed, not --seeds"),
        (("--spans", "--trace", "/no/such/folder/x"), "the trace cannot be written to /no/such/folder/x"),
    ],
)
def test_what_is_wrong_is_named(words: tuple[str, ...], message: str) -> None:
    result = sim(*words)
    assert isinstance(result.exception, UserError)
    assert message in str(result.exception)
