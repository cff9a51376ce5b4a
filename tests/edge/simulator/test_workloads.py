"""Workloads from files: what they may say, and what is said of those that are wrong."""

from __future__ import annotations

import random
from pathlib import Path

import pytest

from edge.errors import UserError
from edge.simulator.arrivals import WorkloadError, arrivals
from edge.simulator.seeds import SeedsError, parse_seeds
from edge.simulator.workload import load_workload
from tests.edge.simulator.probes import run_probe

CHAT = """
arrivals = "constant"
places = { FRA = 2, syd = 1 }

[variables]
room = ["one", "two"]

[[steps]]
connect = "/live/{room}"

[[steps]]
repeat = 3
steps = [ { send = "{user}.{n}" }, { receive = "{user}.{n}!", within = "5s" }, { think = "10s" } ]

[[steps]]
close = true

[[steps]]
put = "/kv/lasting?ttl=0"
text = "by {user}"
retries = 2

[[steps]]
get = "/kv/lasting"
expect = 200
"""


def test_a_script_is_played_by_every_user(tmp_path: Path) -> None:
    outcome = run_probe(workload=_script(tmp_path, CHAT), sessions=10)
    assert outcome.ok
    assert outcome.finished == 10
    counts = outcome.measurements.counts
    assert counts["messages sent"] == 30
    assert counts["requests"] == 20
    assert set(outcome.measurements.durations) == {
        "GET /kv/lasting",
        "PUT /kv/lasting",
        "WS /live/{room}",
        "WS /live/{room} · answer",
        *(name for name in outcome.measurements.durations if name.startswith("stale KV reads")),
    }


def _script(tmp_path: Path, text: str) -> Path:
    path = tmp_path / "workload.toml"
    path.write_text(text)
    return path


def test_an_answer_that_is_not_the_expected_one_is_counted(tmp_path: Path) -> None:
    outcome = run_probe(workload=_script(tmp_path, '[[steps]]\nget = "/nowhere"\nexpect = 200\n'), sessions=3)
    assert outcome.measurements.errors == {"GET /nowhere: 404, not 200": 3}


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("steps = 3", "steps is a list of tables"),
        ("", "has no steps"),
        ('arrivals = "poisson"', "has no steps"),
        ("speed = 2", 'unknown key "speed"; known: arrivals, places, variables, steps'),
        ('[[steps]]\nfetch = "/"', "steps[0] does one thing (get, post, put, patch, delete, connect, "),
        ('[[steps]]\nget = "/"\nput = "/"', "steps[0] does one thing"),
        ('[[steps]]\nget = "/"\nexpects = 200', 'steps[0]: get has no option "expects"; known: text, json, '),
        ("[[steps]]\nget = 3", "steps[0].get is a text, not 3"),
        ('[[steps]]\nthink = "soon"', "steps[0].think: not a duration: 'soon'; write a number of seconds"),
        ("[[steps]]\nthink = -3", "steps[0].think: a duration is not negative: -3"),
        ("[[steps]]\nrepeat = 0", "steps[0].repeat is a number of times from 1 on, not 0"),
        ("[variables]\nroom = 3", "the variable room needs a list of values, not 3"),
        ("places = { FRA = 0 }\n[[steps]]\nget = '/'", "the place FRA needs a weight above 0, not 0"),
        ("places = { Fra = 1, Atlantis = 1 }\n[[steps]]\nget = '/'", 'unknown place "Atlantis"'),
        ("[[steps]\n", "is no TOML: "),
    ],
)
def test_a_wrong_script_is_named(tmp_path: Path, text: str, message: str) -> None:
    with pytest.raises(UserError) as refusal:
        load_workload(_script(tmp_path, text))
    assert message in str(refusal.value)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("x = 1", "workload.py: has no coroutine function session(user)"),
        ("def session(user): ...", "workload.py: has no coroutine function session(user)"),
        ("1 / 0", "workload.py: does not load: ZeroDivisionError: division by zero"),
        ("async def session(user): ...\nCHECKS = [3]", "CHECKS is a list of functions that take the world"),
        ("async def session(user): ...\nPLACES = 3", "places are a table of weights such as"),
    ],
)
def test_a_wrong_python_workload_is_named(tmp_path: Path, text: str, message: str) -> None:
    path = tmp_path / "workload.py"
    path.write_text(text)
    with pytest.raises(UserError) as refusal:
        load_workload(path)
    assert message in str(refusal.value)


def test_other_files_are_no_workloads(tmp_path: Path) -> None:
    with pytest.raises(WorkloadError, match="there is no workload file"):
        load_workload(tmp_path / "none.toml")
    (tmp_path / "load.yaml").write_text("")
    with pytest.raises(WorkloadError, match=r"a workload is a \.toml or a \.py file"):
        load_workload(tmp_path / "load.yaml")


@pytest.mark.parametrize("kind", ["poisson", "constant", "burst"])
def test_arrivals_are_in_order_within_the_window(kind: str) -> None:
    times = list(arrivals(kind, 50, 100.0, random.Random(1)))
    assert len(times) == 50
    assert times == sorted(times)
    assert times[0] >= 0
    assert times[-1] <= 100.0


def test_bursts_are_ten_moments_and_unknown_arrivals_list_the_known() -> None:
    assert len(set(arrivals("burst", 50, 100.0, random.Random(1)))) == 10
    with pytest.raises(WorkloadError, match='unknown arrivals "rush"; known: poisson, constant, burst'):
        list(arrivals("rush", 1, 1.0, random.Random(1)))


def test_seeds() -> None:
    assert list(parse_seeds("1..4")) == [1, 2, 3, 4]
    assert list(parse_seeds("7")) == [7]
    assert list(parse_seeds("3, 5")) == [3, 5]
    for wrong in ("", "a", "4..1", "1..", "1-4", "-3"):
        with pytest.raises(SeedsError, match="write a range such as"):
            parse_seeds(wrong)
