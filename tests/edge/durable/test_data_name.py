"""A renamed class goes on where its data is."""

from __future__ import annotations

from pathlib import Path

from edge.config import WorkerConfig
from edge.durable.data_name import data_name

OWNER = WorkerConfig("app", Path(), None, "2026-06-01", former_names={"New": "Old"})


def test_names(tmp_path: Path) -> None:
    assert data_name(OWNER, "New", None) == "app-New"
    assert data_name(OWNER, "New", None, {"app-Old"}) == "app-Old"
    assert data_name(OWNER, "Other", tmp_path) == "app-Other"
    (tmp_path / "v3" / "do" / "app-Old").mkdir(parents=True)
    assert data_name(OWNER, "New", tmp_path) == "app-Old"
    (tmp_path / "v3" / "do" / "app-New").mkdir()
    assert data_name(OWNER, "New", tmp_path) == "app-New"
