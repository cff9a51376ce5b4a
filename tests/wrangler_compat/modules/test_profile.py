"""Spec python-workers.md section 1 with its corrections."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.wrangler_compat.modules.workers import config
from wrangler_compat.modules.profile import Profile


@pytest.mark.parametrize(
    ("date", "flags", "version"),
    [
        ("2026-09-08", [], "314.0.6"),
        ("2026-09-07", [], "0.28.2"),
        ("2025-10-01", [], "0.28.2"),
        ("2026-03-01", ["python_workers_20260610"], "314.0.6"),
    ],
)
def test_pyodide(tmp_path: Path, date: str, flags: list[str], version: str) -> None:
    assert Profile.of(config(tmp_path, date, flags)).ffi.version == version


@pytest.mark.parametrize(
    ("date", "flags", "external"),
    [
        ("2026-04-21", [], True),
        ("2026-04-20", [], False),
        ("2026-10-01", ["disable_python_external_sdk"], False),
        ("2026-01-01", ["enable_python_external_sdk"], True),
    ],
)
def test_sdk(tmp_path: Path, date: str, flags: list[str], external: bool) -> None:
    assert Profile.of(config(tmp_path, date, flags)).external_sdk is external


def test_a_vendored_sdk_shadows_the_frozen_one(tmp_path: Path) -> None:
    (tmp_path / "python_modules" / "workers").mkdir(parents=True)
    assert Profile.of(config(tmp_path, "2026-01-01")).external_sdk


@pytest.mark.parametrize(
    ("date", "flags", "handlers"),
    [
        ("2025-08-13", [], True),
        ("2025-08-14", [], False),
        ("2026-01-01", ["disable_python_no_global_handlers"], True),
        ("2025-01-01", ["python_no_global_handlers"], False),
    ],
)
def test_global_handlers(tmp_path: Path, date: str, flags: list[str], handlers: bool) -> None:
    assert Profile.of(config(tmp_path, date, flags)).global_handlers is handlers


@pytest.mark.parametrize(
    ("date", "flags", "splits"),
    [
        ("2026-02-16", [], True),
        ("2026-02-17", [], False),
        ("2026-10-01", [], False),
        ("2026-01-01", ["python_request_headers_preserve_commas"], False),
    ],
)
def test_commas(tmp_path: Path, date: str, flags: list[str], splits: bool) -> None:
    assert Profile.of(config(tmp_path, date, flags)).splits_commas is splits
