"""Two servers on one folder, and folders that nothing can be kept in."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path

import pytest

from edge.config import DurableBinding, KvBinding, QueueBinding, QueueConsumer, WorkerConfig, WorldConfig
from edge.errors import UserError
from wrangler_compat.dev.state_folder import StateFolder, keeps_data


def world(folder: Path, name: str = "w", *classes: str) -> WorldConfig:
    durable = tuple(DurableBinding(one, one) for one in classes)
    kv = (KvBinding("KV", "id"),)
    return WorldConfig((WorkerConfig(name, folder, None, "2026-10-01", kv=kv, durable=durable),))


def test_the_objects_of_a_class_are_one_servers(tmp_path: Path) -> None:
    path = tmp_path / "state"
    with StateFolder(path) as first, StateFolder(path) as second:
        first.take(world(tmp_path, "w", "Counter"))
        first.take(world(tmp_path, "w", "Counter", "Room"))  # as a reload does
        with pytest.raises(UserError, match=f"another `edge dev` runs the Durable Objects w-Room .* {path}"):
            second.take(world(tmp_path, "w", "Room"))
        second.take(world(tmp_path, "other", "Room"))
        second.take(world(tmp_path, "w"))
    with StateFolder(path) as third:
        third.take(world(tmp_path, "w", "Counter", "Room"))


def test_a_queue_is_one_servers(tmp_path: Path) -> None:
    (worker,) = world(tmp_path).workers
    sender = replace(worker, queues=(QueueBinding("ORDERS", "orders"),))
    with StateFolder(tmp_path) as first, StateFolder(tmp_path) as second:
        first.take(WorldConfig((sender,)))
        with pytest.raises(UserError, match="another `edge dev` runs the queue orders"):
            second.take(WorldConfig((replace(worker, queue_consumers=(QueueConsumer("orders"),)),)))


def test_a_class_that_was_renamed_is_the_same(tmp_path: Path) -> None:
    (tmp_path / "v3" / "do" / "w-Counter").mkdir(parents=True)
    (renamed,) = world(tmp_path, "w", "Tally").workers
    renamed = replace(renamed, former_names={"Tally": "Counter"})
    with StateFolder(tmp_path) as first, StateFolder(tmp_path) as second:
        first.take(world(tmp_path, "w", "Counter"))
        with pytest.raises(UserError, match="w-Counter"):
            second.take(WorldConfig((renamed,)))


def test_a_file_in_the_place_of_the_folder(tmp_path: Path) -> None:
    (tmp_path / "state").write_text("")
    message = f"cannot keep data in {tmp_path}/state: File exists; choose another folder with --persist-to"
    with pytest.raises(UserError, match=re.escape(message)), StateFolder(tmp_path / "state") as folder:
        folder.take(world(tmp_path))


def test_who_stores_nothing_needs_no_folder(tmp_path: Path) -> None:
    plain = WorkerConfig("w", tmp_path, None, "2026-10-01")
    storing = WorkerConfig("w", tmp_path, None, "2026-10-01", kv=(KvBinding("KV", "id"),))
    assert not keeps_data(WorldConfig((plain,)))
    assert keeps_data(WorldConfig((plain, storing)))
    with StateFolder(tmp_path / "state") as folder:
        folder.take(WorldConfig((plain,)))
    assert not (tmp_path / "state").exists()
