from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest

from edge.containers.engine import EngineUnavailable
from sandbox.engines.process.registry import Registry, engine_name, is_alive, start_time


def dead_name() -> str:
    """The name of an engine whose process has ended."""
    process = subprocess.Popen(["sleep", "100"])
    name = f"{process.pid}-{start_time(process.pid)}-1"
    process.kill()
    process.wait()
    return name


def test_names_tell_who_lives() -> None:
    assert engine_name(1) != engine_name(2)
    assert is_alive(engine_name(1))
    assert not is_alive(dead_name())
    assert not is_alive(f"{os.getpid()}-1-1")  # the same process id, started at another time
    assert is_alive("somebody-elses")


def test_what_nobody_holds_is_removed(tmp_path: Path) -> None:
    dead = Registry(tmp_path, dead_name())
    dead.open()
    os.close(dead._lock)  # as the end of its process does
    lives = Registry(tmp_path, engine_name(1))
    assert lives.open() == [dead.folder.name]
    assert Registry(tmp_path, engine_name(2)).open() == []
    assert lives.folder.exists()


def test_a_removal_that_was_cut_short_is_finished(tmp_path: Path) -> None:
    half = tmp_path / dead_name()
    (half / "1").mkdir(parents=True)
    being_made = tmp_path / engine_name(7)
    being_made.mkdir()
    (tmp_path / "somebody-elses").mkdir()
    (tmp_path / "a-file").touch()
    assert Registry(tmp_path, engine_name(1)).open() == [half.name]
    assert being_made.exists()
    assert (tmp_path / "somebody-elses").exists()


def test_processes_of_a_dead_engine_are_ended_and_strangers_are_not(tmp_path: Path) -> None:
    ours, stranger = (subprocess.Popen(["sleep", "100"]) for _ in range(2))
    dead = Registry(tmp_path, dead_name())
    dead.open()
    dead.note(ours.pid)
    (dead.folder / "processes" / str(stranger.pid)).write_text("12345")  # it had that id before
    os.close(dead._lock)
    Registry(tmp_path, engine_name(1)).open()
    assert ours.wait(30) == -9
    assert stranger.poll() is None
    stranger.kill()
    stranger.wait()


def test_a_name_in_use(tmp_path: Path) -> None:
    Registry(tmp_path, "a").open()
    with pytest.raises((EngineUnavailable, FileExistsError)):
        Registry(tmp_path, "a").open()
