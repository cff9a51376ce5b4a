"""`edge dev` with distance: where requests enter, how far things are, what goes wrong."""

from __future__ import annotations

import http.client
from contextlib import closing
from pathlib import Path

import pytest

from tests.wrangler_compat.dev.running import get, project, running

pytestmark = pytest.mark.slow

COLO = """\
from workers import Response, WorkerEntrypoint

class Default(WorkerEntrypoint):
    async def fetch(self, request):
        if request.url.endswith("/kv"):
            return Response(str(await self.env.KV.get("k")))
        return Response(f"{request.cf.colo} {request.cf.city}")
"""
LAB = "[links]\nbase_ms = 1\n[client]\nlast_mile = 100\n"


def ask(port: int, place: str) -> tuple[int, str]:
    with closing(http.client.HTTPConnection("127.0.0.1", port, timeout=30)) as connection:
        connection.request("GET", "/", headers={"X-Edge-Place": place})
        answer = connection.getresponse()
        return answer.status, answer.read().decode()


def test_where_requests_enter(tmp_path: Path) -> None:
    folder = project(tmp_path / "app", COLO)
    with running(folder, "--place", "sydney") as (_, port):
        assert get(port) == (200, "SYD Sydney")
        assert ask(port, "lhr") == (200, "LHR London")
        status, said = ask(port, "sdy")
        assert status == 400
        assert said.startswith('unknown place "sdy"; did you mean SYD? Known: AKL')


def test_without_a_place_request_cf_is_as_wrangler_has_it(tmp_path: Path) -> None:
    with running(project(tmp_path / "app", COLO)) as (_, port):
        assert get(port) == (200, "DFW Austin")
        assert ask(port, "syd") == (200, "SYD Sydney")


def test_a_profile_and_faults(tmp_path: Path) -> None:
    folder = project(tmp_path / "app", COLO, kv_namespaces=[{"binding": "KV", "id": "kv"}])
    (tmp_path / "lab.toml").write_text(LAB)
    (tmp_path / "faults.toml").write_text('[[fault]]\nkind = "kv_error"\nstatus = 503\n')
    options = ("--profile", str(tmp_path / "lab.toml"), "--faults", str(tmp_path / "faults.toml"))
    with running(folder, *options) as (dev, port):
        status, said = get(port, "/kv")
        assert status == 500
        assert "KV GET failed: 503 Service Unavailable" in said
        assert get(port, "/slow") == (200, "DFW Dallas")
        line = dev.until("GET /slow 200 OK (")
        took_ms = float(line.split("OK (")[1].split("ms")[0])
        assert took_ms >= 200
