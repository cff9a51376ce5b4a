"""What a Worker sees of the host: everything in real time, the world's in virtual time."""

from __future__ import annotations

from pathlib import Path

import pytest

from edge.config import WorkerConfig
from edge.http.host import Host
from edge.js.objects import JsObject
from edge.kernel.clock import VirtualClock, WallClock
from edge.kernel.random import RandomStreams
from edge.worker.isolate import Isolate
from edge.worker.view import worker_view
from wrangler_compat.modules.dialect import PythonDialect

CODE = """
import datetime, os, os.path, random, secrets, time, uuid
import os.path as paths
from dataclasses import dataclass
from datetime import date, datetime as moment
from os import environ, path
from time import time as now
from workers import WorkerEntrypoint

@dataclass
class Visit:
    at: moment
    day: date = date(2026, 1, 1)

SEEN = [now(), moment.now().isoformat(), random.random(), secrets.token_hex(4), str(uuid.uuid4())]
SAME = [isinstance(Visit(moment.now()).at, datetime.datetime), paths is path is os.path, "PATH" in environ]

class Default(WorkerEntrypoint):
    pass
"""


def seen(folder: Path, seed: int) -> list[object]:
    """What the module of a Worker in a virtual world sees."""
    main = folder / "looking.py"
    main.write_text(CODE)
    clock, random = VirtualClock(), RandomStreams(seed)
    config = WorkerConfig("looking", folder, main, "2026-03-17", ("python_workers",))
    view = worker_view(None, clock, random)
    isolate = Isolate(
        config, PythonDialect(), JsObject({}), Host(clock=clock, random=random), views=view.modules
    )
    module = isolate.space.load_main(main)
    isolate.close()
    assert module.SAME == [True, True, True]
    return list(module.SEEN)


def test_a_worker_in_virtual_time(tmp_path: Path) -> None:
    told = seen(tmp_path, 1)
    assert told[0] == VirtualClock().now()
    assert seen(tmp_path, 1) == told
    assert all(one != other for one, other in zip(told[2:], seen(tmp_path, 2)[2:], strict=True))


def test_live_worlds_show_the_host_as_it_is() -> None:
    view = worker_view(None, WallClock(), RandomStreams(1))
    assert (view.shown, dict(view.modules)) == (None, {})
    assert worker_view("real", WallClock(), RandomStreams(1)) is view


def test_each_policy_with_each_clock() -> None:
    live, virtual, random = WallClock(), VirtualClock(), RandomStreams(1)
    assert set(worker_view("io", live, random).modules) == {"time", "datetime"}
    assert {"time", "datetime", "random", "secrets"} < set(worker_view(None, virtual, random).modules)
    assert not {"time", "datetime"} & set(worker_view("real", virtual, random).modules)
    with pytest.raises(ValueError, match="there is no time policy 'frozen'"):
        worker_view("frozen", live, random)
