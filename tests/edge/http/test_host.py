from __future__ import annotations

from pathlib import Path

import pytest

from edge.config import WorkerConfig
from edge.http.host import HttpCompat


def _compat(date: str, *flags: str) -> HttpCompat:
    return HttpCompat.of(WorkerConfig("w", Path("."), None, date, flags))


@pytest.mark.parametrize(
    ("date", "expected"),
    [
        ("2026-03-02", HttpCompat(False, False, False)),
        ("2026-03-03", HttpCompat(False, False, True)),
        ("2026-03-17", HttpCompat(True, False, True)),
        ("2026-04-07", HttpCompat(True, True, True)),
    ],
)
def test_switches_turn_with_the_compatibility_date(date: str, expected: HttpCompat) -> None:
    assert _compat(date) == expected


def test_flags_outrank_the_date() -> None:
    assert _compat("2026-10-01", "no_websocket_standard_binary_type").websocket_blob is False
    assert _compat("2024-01-01", "web_socket_auto_reply_to_close").websocket_auto_reply is True
