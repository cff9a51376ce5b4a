"""Runs end cleanly with what they had, whatever users, checkers and workloads do."""

from __future__ import annotations

from pathlib import Path

import pytest

from edge.simulator.outcome import Outcome
from tests.edge.simulator.probes import run_probe


def run_with(tmp_path: Path, text: str, **changes: object) -> Outcome:
    path = tmp_path / "workload.py"
    path.write_text(text)
    return run_probe(workload=path, **({"sessions": 5, "duration_s": 600.0} | changes))


def test_users_that_never_leave_are_cut_at_the_end(tmp_path: Path) -> None:
    outcome = run_with(
        tmp_path,
        "async def session(user):\n    while True:\n"
        "        await user.get('/words')\n        await user.think('9s')\n",
    )
    assert outcome.ok
    assert (outcome.started, outcome.finished, outcome.cut) == (5, 0, 5)
    assert outcome.simulated_s == 600.0
    assert outcome.measurements.durations["GET /words"].count > 50


def test_a_user_that_never_waits_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("edge.simulator.runner._TICK_LIMIT_S", 0.2)
    outcome = run_with(
        tmp_path, "async def session(user):\n    while True:\n        await user.wait(0)\n", schedule="fifo"
    )
    assert outcome.problems == ["it has run for 0.2 s of real time, and there is always more to do"]
    assert outcome.started >= 1


def test_a_user_that_waits_for_nobody_is_no_trouble(tmp_path: Path) -> None:
    outcome = run_with(
        tmp_path,
        "import asyncio\nasync def session(user):\n    await asyncio.get_running_loop().create_future()\n",
    )
    assert outcome.ok
    assert outcome.cut == 5


def test_a_task_that_waits_in_its_own_cleanup_does_not_keep_the_run(tmp_path: Path) -> None:
    outcome = run_with(
        tmp_path,
        "import asyncio\n"
        "kept = []\n"
        "async def stubborn():\n"
        "    for_ever = asyncio.get_running_loop().create_future\n"
        "    try:\n        await for_ever()\n    finally:\n        await for_ever()\n"
        "async def session(user):\n    kept.append(asyncio.ensure_future(stubborn()))\n",
    )
    assert outcome.ok
    assert outcome.finished == 5


def test_what_users_raise_is_counted(tmp_path: Path) -> None:
    outcome = run_with(tmp_path, "async def session(user):\n    raise KeyError('who')\n")
    assert outcome.ok
    assert outcome.measurements.errors == {"session: KeyError: 'who'": 5}


def test_a_users_own_check_ends_the_run(tmp_path: Path) -> None:
    outcome = run_with(
        tmp_path, "async def session(user):\n    user.check(user.number < 2, f'user {user.number} came')\n"
    )
    assert [(broken.invariant, broken.what) for broken in outcome.violations] == [("workload", "user 2 came")]
    assert outcome.started == 3
    assert outcome.simulated_s < 600.0


@pytest.mark.parametrize("how", ["def", "async def"])
def test_checks_of_a_workload_see_the_world_at_the_end(tmp_path: Path, how: str) -> None:
    session = "async def session(user):\n    await user.post('/count/one')\n"
    check = f"{how} five(world):\n    assert world.durable('ROOM').storage('one').get('a') == N, 'not N'\n"
    assert run_with(tmp_path, session + check.replace("N", "5") + "CHECKS = [five]\n").ok
    outcome = run_with(tmp_path, session + check.replace("N", "6") + "CHECKS = [five]\n")
    assert [(broken.invariant, broken.what) for broken in outcome.violations] == [("five", "not 6")]


def test_a_checker_that_raises_is_named_and_the_rest_is_there(tmp_path: Path) -> None:
    outcome = run_with(
        tmp_path,
        "async def session(user):\n    await user.get('/words')\n"
        "def count(world):\n    return 1 / 0\nCHECKS = [count]\n",
    )
    assert outcome.problems == ["the checker count raised ZeroDivisionError: division by zero"]
    assert outcome.measurements.durations["GET /words"].count == 5


def test_streams_have_a_first_chunk_and_gaps(tmp_path: Path) -> None:
    outcome = run_with(
        tmp_path, "async def session(user):\n    await user.get('/words')\n", profile="none", sessions=1
    )
    durations = outcome.measurements.durations
    assert durations["GET /words · first chunk"].highest == 0.0
    assert durations["GET /words · gap"].count == 11
    assert durations["GET /words · gap"].highest == pytest.approx(0.05)
    assert durations["GET /words"].highest == pytest.approx(0.6)


def test_retries_are_counted(tmp_path: Path) -> None:
    outcome = run_with(tmp_path, "async def session(user):\n    await user.get('/kv/%F0%F0', retries=2)\n")
    assert outcome.measurements.counts == {"requests": 5}  # a 200 is asked for once
    faults = tmp_path / "faults.toml"
    faults.write_text('[[fault]]\nkind = "kv_error"\n')
    outcome = run_with(
        tmp_path, "async def session(user):\n    await user.get('/kv/a', retries=2)\n", faults=faults
    )
    assert outcome.measurements.counts == {"requests": 15, "retries": 10}
    assert outcome.faults == {"kv_error": 15}
