"""Two servers on one folder, and folders that nothing can be kept in."""

from __future__ import annotations

import io
import re
from pathlib import Path

import pytest

from edge.config import KvBinding, WorkerConfig, WorldConfig
from edge.errors import UserError
from wrangler_compat.dev.console import Console
from wrangler_compat.dev.state_folder import held, keeps_data


def test_a_second_server_on_the_same_folder_is_warned(tmp_path: Path) -> None:
    said = io.StringIO()
    console = Console("log", err=said)
    with held(tmp_path / "state", console):
        assert said.getvalue() == ""
        with held(tmp_path / "state", console):
            assert said.getvalue() == (
                f"▲ [WARNING] another `edge dev` keeps its data in {tmp_path}/state, too: Durable Objects "
                f"will run twice, and KV reads may be stale. Give one of them a folder of its own with "
                f"--persist-to.\n"
            )
    with held(tmp_path / "state", console):
        assert said.getvalue().count("WARNING") == 1


def test_a_file_in_the_place_of_the_folder(tmp_path: Path) -> None:
    (tmp_path / "state").write_text("")
    message = f"cannot keep data in {tmp_path}/state: File exists; choose another folder with --persist-to"
    with pytest.raises(UserError, match=re.escape(message)), held(tmp_path / "state", Console("log")):
        pass


def test_who_stores_nothing_needs_no_folder(tmp_path: Path) -> None:
    plain = WorkerConfig("w", tmp_path, None, "2026-10-01")
    storing = WorkerConfig("w", tmp_path, None, "2026-10-01", kv=(KvBinding("KV", "id"),))
    assert not keeps_data(WorldConfig((plain,)))
    assert keeps_data(WorldConfig((plain, storing)))
