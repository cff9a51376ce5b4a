from __future__ import annotations

from click.testing import CliRunner

from benchmarks.in_process import main
from benchmarks.routes import ROUTES, Drive


def test_every_http_route_answers_in_process() -> None:
    result = CliRunner().invoke(main, ["--requests", "1"])
    assert result.exit_code == 0, result.output
    for route in ROUTES:
        assert (f"│ {route.name} " in result.output) == (route.drive is not Drive.WEBSOCKET)
    assert "after 160 requests" in result.output
