"""Fault scripts: what they may say, when faults are in force, and every mistake by name."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any

import pytest

from edge.kernel.clock import VirtualClock
from edge.kernel.random import RandomStreams
from edge.network.errors import FaultError
from edge.network.faults.fault import Window
from edge.network.faults.faults import Faults
from edge.network.faults.kinds import KINDS
from edge.network.faults.script import make_faults


def faults(*tables: dict[str, Any], seed: int = 1) -> Faults:
    return Faults(RandomStreams(seed), VirtualClock(0.0), tables)


def test_a_window_is_open_from_its_start_for_a_while() -> None:
    window = Window(10.0, 5.0)
    assert [window.open(second) for second in (9.9, 10.0, 14.9, 15.0)] == [False, True, True, False]
    assert Window(10.0).open(1e9)


def test_a_window_may_come_again() -> None:
    window = Window(10.0, 5.0, every_s=60.0)
    assert [window.open(second) for second in (14, 16, 69, 70, 74, 76)] == [
        True,
        False,
        False,
        True,
        True,
        False,
    ]
    assert [window.begun(second) for second in (9, 10, 69, 70)] == [0, 1, 1, 2]


def test_a_file(tmp_path: Path) -> None:
    path = tmp_path / "faults.toml"
    path.write_text('[[fault]]\nkind = "partition"\nbetween = ["SYD", "weur"]\nat = "10m"\nfor = "30s"\n')
    read = Faults(RandomStreams(1), VirtualClock(100.0), path)
    (fault,) = read._by_kind["partition"]
    assert fault.options == {"between": ("SYD", "weur")}
    assert fault.window == Window(700.0, 30.0)


@pytest.mark.parametrize(
    ("between", "source", "target", "joined"),
    [
        (["SYD", "LHR"], "SYD", "LHR", True),
        (["SYD", "LHR"], "LHR", "SYD", True),
        (["SYD", "LHR"], "SYD", "CDG", False),
        (["SYD", "weur"], "CDG", "SYD", True),
        (["apac", "enam"], "NRT", "IAD", True),
        (["SYD", "*"], "SYD", "IAD", True),
        (["SYD", "*"], "CDG", "IAD", False),
        (["SYD", "*"], "client", "SYD", False),
        (["client", "SYD"], "client", "SYD", True),
        (["client", "*"], "LHR", "client", True),
    ],
)
def test_between(between: list[str], source: str, target: str, joined: bool) -> None:
    (fault,) = make_faults([{"kind": "partition", "between": between}], 0.0, RandomStreams(1))
    assert fault.joins(source, target) is joined


def test_the_seed_chooses_within_a_range() -> None:
    table = {"kind": "place_down", "place": "SYD", "at": ["5m", "20m"], "for": ["1s", "30s"]}
    windows = [make_faults([table], 0.0, RandomStreams(seed))[0].window for seed in range(20)]
    assert all(300 <= window.at_s <= 1200 and 1 <= window.lasts_s <= 30 for window in windows)
    assert len({window.at_s for window in windows}) == 20
    assert make_faults([table], 0.0, RandomStreams(3))[0].window == windows[3]


def test_probability_and_times() -> None:
    often = faults({"kind": "crash", "probability": 0.25})
    struck = sum(often.strikes("crash", "x") is not None for _ in range(4000))
    assert 900 < struck < 1100
    thrice = faults({"kind": "crash", "times": 3})
    assert sum(thrice.strikes("crash", "x") is not None for _ in range(10)) == 3
    assert thrice.counts == {"crash": 3}
    assert [happened.kind for happened in thrice.log] == ["crash"] * 3


def test_a_fault_is_for_whom_it_names() -> None:
    some = faults({"kind": "crash", "class": "Room", "object": "blue"})
    assert some.strikes("crash", "x", **{"class": "Room", "object": ("red", "ff")}) is None
    assert some.strikes("crash", "x", **{"class": "Hall", "object": ("blue", "ff")}) is None
    assert some.strikes("crash", "x", **{"class": "Room", "object": ("blue", "ff")}) is not None


def test_the_beginnings_of_a_window() -> None:
    assert [Window(10.0).beginning(number) for number in (0, 1)] == [10.0, None]
    assert [Window(10.0, 5.0, every_s=60.0).beginning(number) for number in (0, 1, 2)] == [10.0, 70.0, 130.0]


def test_a_fault_that_is_added_is_told() -> None:
    running = faults({"kind": "engine_down"})
    told: list[Any] = []
    running.on_added.append(told.append)
    fault = running.add("container_crash", code=3)
    assert told == [fault]
    assert running.of_kind("container_crash") == [fault]


def test_a_fault_can_be_added_and_stopped() -> None:
    running = faults()
    fault = running.add("delay", between=("SYD", "*"), extra="250ms", lasts="10s")
    assert fault.window == Window(0.0, 10.0)
    assert running.between("SYD", "LHR") == (0.25, 0.0, None)
    fault.stop()
    assert running.between("SYD", "LHR") == (0.0, 0.0, None)


def test_losses_add_up() -> None:
    lossy = faults(
        {"kind": "loss", "between": ["SYD", "*"], "probability": 0.5},
        {"kind": "loss", "between": ["LHR", "*"], "probability": 0.5},
    )
    assert lossy.between("SYD", "LHR")[1] == pytest.approx(0.75)
    assert lossy.between("SYD", "IAD")[1] == pytest.approx(0.5)


def test_every_kind_says_what_it_does() -> None:
    assert all(kind.meaning for kind in KINDS.values())


KNOWN = (
    "Known: client_disconnect, commit_fails, commit_slow, container_crash, container_ignores_signals, "
    "container_start_fails, container_start_slow, crash, d1_error, d1_slow, delay, engine_down, evict, "
    "kv_error, kv_rate_limit, loss, partition, place_down, queue_batch_lost, "
    "queue_delay, queue_duplicate, queue_error, r2_error, r2_slow"
)


@pytest.mark.parametrize(
    ("table", "said"),
    [
        ({"kind": "partitoin"}, f'fault 1: unknown fault "partitoin"; did you mean partition? {KNOWN}'),
        ({"kind": "earthquake"}, f'fault 1: unknown fault "earthquake". {KNOWN}'),
        ({}, f'fault 1: a fault needs a kind = "…", one of {KNOWN.removeprefix("Known: ")}'),
        ({"kind": "partition"}, "fault 1: partition needs between"),
        ({"kind": "delay", "between": ["SYD", "*"]}, "fault 1: delay needs extra"),
        ({"kind": "crash", "clas": "Room"}, 'fault 1: unknown key of crash "clas"; did you mean class? '
         "Known: at, class, every, for, object, probability, times"),
        ({"kind": "partition", "between": "SYD"}, 'fault 1: between: write two ends such as ["SYD", "*"], '
         "not 'SYD'"),
        ({"kind": "place_down", "place": "sdy"}, 'fault 1: unknown place "sdy"; did you mean SYD?'),
        ({"kind": "crash", "probability": 2}, "fault 1: probability: write a number from 0 to 1, not 2"),
        ({"kind": "crash", "times": 0}, "fault 1: times: write a whole number of 1 or more, not 0"),
        ({"kind": "kv_error", "status": 200}, "fault 1: status: write a whole number from 400 to 599"),
        ({"kind": "container_crash", "code": 0}, "fault 1: code: write a whole number from 1 to 255, not 0"),
        ({"kind": "kv_error", "operation": "read"}, 'fault 1: unknown operation "read". '
         "Known: delete, get, list, put"),
        ({"kind": "r2_error", "operation": "read"}, 'fault 1: unknown operation "read"; did you mean head? '
         "Known: delete, get, head, list, put"),
        ({"kind": "crash", "class": 3}, "fault 1: class: write a text, not 3"),
        ({"kind": "crash", "at": "soon"}, "fault 1: at: not a duration: 'soon'"),
        ({"kind": "crash", "at": -1}, "fault 1: at: a duration is not negative: -1"),
        ({"kind": "crash", "at": ["5m", "1m"]}, "fault 1: at: '1m' is before '5m'"),
        ({"kind": "crash", "every": "1m"}, 'fault 1: a fault that comes "every" so often needs a "for"'),
    ],
)  # fmt: skip
def test_a_mistake_is_named(table: dict[str, Any], said: str) -> None:
    with pytest.raises(FaultError) as caught:
        faults(table)
    assert caught.value.message.startswith(said)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("fault", "not TOML: "),
        ("[fault]\nkind = 1", "write each fault as a [[fault]] table"),
        ("[[faults]]", 'unknown key "faults"; did you mean fault? Known: fault'),
    ],
)
def test_a_file_that_is_none(tmp_path: Path, text: str, said: str) -> None:
    path = tmp_path / "faults.toml"
    path.write_text(text)
    with pytest.raises(FaultError) as caught:
        Faults(RandomStreams(1), VirtualClock(), path)
    assert caught.value.message.startswith(said)
    assert caught.value.file == path


def test_a_file_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(FaultError, match="the fault script cannot be read: No such file or directory"):
        Faults(RandomStreams(1), VirtualClock(), tmp_path / "none.toml")


def test_faults_of_places_need_a_network() -> None:
    with pytest.raises(
        FaultError, match='the fault "partition" needs places: give the world a latency profile'
    ):
        Faults(
            RandomStreams(1), VirtualClock(), [{"kind": "partition", "between": ["SYD", "*"]}], placed=False
        )


def test_a_window_without_an_end() -> None:
    (fault,) = make_faults([{"kind": "crash"}], 5.0, RandomStreams(1))
    assert fault.window == Window(5.0, math.inf)
