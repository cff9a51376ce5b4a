"""`edge profile`: print profiles, fit one to a trace."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from edge.errors import UserError
from edge.network.profile import load_profile
from edge.network.spread import Spread
from wrangler_compat.cli.profile import command


def edge_profile(*arguments: str) -> Result:
    return CliRunner().invoke(command, arguments, catch_exceptions=False)


def trace(path: Path, *durations_ms: float) -> Path:
    spans = [
        {"id": number, "trace": number, "name": "durable.commit", "start_s": 1.0, "end_s": 1.0 + ms / 1000}
        for number, ms in enumerate(durations_ms, 1)
    ]
    path.write_text("".join(json.dumps(span) + "\n" for span in spans))
    return path


def test_list() -> None:
    assert edge_profile("list").stdout == "edge\nnone\nstreaming-seed\n"


def test_show_prints_a_file_that_can_be_loaded(tmp_path: Path) -> None:
    path = tmp_path / "mine.toml"
    path.write_text(edge_profile("show", "edge").stdout)
    assert load_profile(path) == load_profile("edge")


def test_fit(tmp_path: Path) -> None:
    recorded, out = trace(tmp_path / "run.jsonl", *range(1, 21)), tmp_path / "mine.toml"
    told = edge_profile("fit", str(recorded), "--out", str(out))
    assert told.stderr == "durable.commit: 20 samples\n"
    assert told.stdout == ""
    fitted = load_profile(out)
    assert fitted is not None
    assert fitted.name == "mine"
    assert fitted.durable.commit == Spread(11.0, 20.0)
    assert edge_profile("fit", str(recorded)).stdout.startswith('name = "run"\n')


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["show", "egde"], 'unknown profile "egde"; did you mean edge?'),
        (["show", "none"], 'the profile "none" has no figures: there is no distance'),
        (["fit", "TRACE", "--base", "none"], 'the profile "none" is no base: it has no figures'),
        (["fit", "TRACE"], "has nothing to fit: no ways between places, no modelled waits"),
        (["fit", "/nowhere.jsonl"], "the trace /nowhere.jsonl cannot be read: No such file or directory"),
    ],
)
def test_mistakes(tmp_path: Path, arguments: list[str], said: str) -> None:
    recorded = str(trace(tmp_path / "run.jsonl", 1.0))
    with pytest.raises(UserError) as caught:
        edge_profile(*[recorded if argument == "TRACE" else argument for argument in arguments])
    assert said in caught.value.message
