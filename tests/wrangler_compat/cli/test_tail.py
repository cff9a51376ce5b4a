"""`edge tail`: filters, lines, and a real one of a Worker that `edge cloud` serves."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from edge.errors import UserError
from tests.wrangler_compat.cli.running import edge, refused
from wrangler_compat.cli.tail.filters import Wanted
from wrangler_compat.cli.tail.pretty import pretty

REQUEST: dict[str, Any] = {
    "outcome": "ok",
    "eventTimestamp": 0,
    "event": {"request": {"method": "get", "url": "https://x.dev/\x1b[31m"}},
    "logs": [{"level": "log", "message": ["one\ttab", 2, {"a": 1}]}],
    "exceptions": [{"name": "Error", "message": "no", "stack": "at line 1"}],
}


def test_filters() -> None:
    assert Wanted().filters() == []
    wanted = Wanted(("error", "ok"), "X-Kind: test", ("GET",), 0.5, "needle", ("self",), "v1")
    assert wanted.filters() == [
        {"sampling_rate": 0.5},
        {"outcome": ["exception", "exceededCpu", "exceededMemory", "unknown", "ok"]},
        {"method": ["GET"]},
        {"header": {"key": "X-Kind", "query": "test"}},
        {"client_ip": ["self"]},
        {"query": "needle"},
        {"scriptVersion": "v1"},
    ]
    assert Wanted(header="X-Kind").filters() == [{"header": {"key": "X-Kind"}}]
    for rate in (0.0, 1.0, -1.0):
        with pytest.raises(UserError, match="between 0 and 1"):
            Wanted(sampling_rate=rate).filters()


def test_a_request_with_what_it_logged_and_raised(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TZ", "UTC")
    time.tzset()
    assert list(pretty(REQUEST)) == [
        "GET https://x.dev/\\u001b[31m - Ok @ 1/1/1970, 12:00:00 AM",
        '  (log) one\ttab 2 {"a": 1}',
        "✘ [ERROR] Error: no\nat line 1",
    ]


@pytest.mark.parametrize(
    ("event", "line"),
    [
        ({"cron": "* * * * *", "scheduledTime": 0}, '"* * * * *" @ 1/1/1970, 12:00:00 AM - Exception Thrown'),
        ({"scheduledTime": "1970-01-01T13:05:06.000Z"}, "Alarm @ 1/1/1970, 1:05:06 PM - Exception Thrown"),
        ({"queue": "q", "batchSize": 2}, "Queue q (2 messages) - Exception Thrown @ 1/1/1970, 12:00:00 AM"),
        ({"rpcMethod": "add"}, "Main.add - Exception Thrown @ 1/1/1970, 12:00:00 AM"),
        ({"type": "overload", "message": "too much"}, "too much"),
        ({"consumedEvents": [{"scriptName": "a"}, {"scriptName": "a"}, {}]}, "Tailing a - Exception Thrown"),
        ({"mailFrom": "a", "rcptTo": "b", "rawSize": 3}, "Email from:a to:b size:3 @ 1/1/1970"),
        ({}, "Unknown Event - Exception Thrown @ 1/1/1970, 12:00:00 AM"),
    ],
)
def test_other_events(monkeypatch: pytest.MonkeyPatch, event: dict[str, Any], line: str) -> None:
    monkeypatch.setenv("TZ", "UTC")
    time.tzset()
    whole = {"outcome": "exception", "eventTimestamp": 0, "event": event, "entrypoint": "Main"}
    (found,) = pretty(whole)
    assert found.startswith(line)


@pytest.mark.usefixtures("cloud")
def test_a_worker_that_is_not_there() -> None:
    assert "This Worker does not exist on your account. [code: 10007]" in refused("tail", "nobody")
    assert "between 0 and 1" in refused("tail", "--sampling-rate", "2")


SOURCE = """
from workers import Response, WorkerEntrypoint

class Default(WorkerEntrypoint):
    async def fetch(self, request):
        print("asked for", request.url.rpartition("/")[2])
        if request.url.endswith("/bad"):
            raise ValueError("it broke")
        return Response("fine")
"""


@pytest.fixture
def served(project: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """A deployed Worker that answers, in a process of its own: tails listen to the whole of it. Its URL."""
    (project / "src").mkdir()
    (project / "src" / "entry.py").write_text(SOURCE)
    config = {"name": "shared", "main": "src/entry.py", "compatibility_date": "2026-06-01"}
    flags = {"compatibility_flags": ["python_workers"]}
    (project / "wrangler.jsonc").write_text(json.dumps({**config, **flags}))
    command = [sys.executable, "-m", "wrangler_compat.cli.main", "cloud", "--port", "0", "--serve"]
    plain = {name: value for name, value in os.environ.items() if not name.startswith("CLOUDFLARE_")}
    with subprocess.Popen(command, cwd=project, stdout=subprocess.PIPE, text=True, env=plain) as process:
        try:
            assert process.stdout is not None
            for line in process.stdout:
                name, equals, value = line.strip().removeprefix("export ").partition("=")
                if line.startswith("export ") and equals:
                    monkeypatch.setenv(name, value)
                if name == "CLOUDFLARE_ACCOUNT_ID":
                    break
            assert edge("deploy").code == 0
            base = os.environ["CLOUDFLARE_API_BASE_URL"]
            yield base.replace("127.0.0.1", "shared.localhost").replace("/client/v4", "")
        finally:
            process.terminate()


@pytest.mark.slow
@pytest.mark.parametrize("form", ["pretty", "json"])
def test_a_tail_tells_of_requests(served: str, form: str) -> None:
    account = f"{os.environ['CLOUDFLARE_API_BASE_URL']}/accounts/{os.environ['CLOUDFLARE_ACCOUNT_ID']}"
    tails = f"{account}/workers/scripts/shared/tails"
    token = {"authorization": f"Bearer {os.environ['CLOUDFLARE_API_TOKEN']}"}
    port = httpx.URL(served).port

    def ask() -> None:
        with httpx.Client(headers=token) as client:
            found: list[dict[str, str]] = []
            while not found:  # until the command is there
                found = client.get(tails).json()["result"]
                time.sleep(0.02)
            for path in ("good", "bad"):
                client.get(f"http://127.0.0.1:{port}/{path}", headers={"host": f"shared.localhost:{port}"})
            client.delete(f"{tails}/{found[0]['id']}")

    thread = threading.Thread(target=ask)
    thread.start()
    ended = edge("tail", "shared", "--format", form)
    thread.join()
    assert ended.code == 1
    assert "Connection to shared closed unexpectedly" in ended.err
    if form == "json":
        assert '"outcome": "exception"' in ended.text
        assert ended.text.count('"scriptName": "shared"') == 2
        return
    assert "Connected to shared, waiting for logs...\n" in ended.text
    assert "/good - Ok @ " in ended.text
    assert "  (log) asked for good\n" in ended.text
    assert "/bad - Exception Thrown @ " in ended.text
    assert "it broke" in ended.text


def test_without_a_name_it_says_how_it_takes_one(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    assert "`edge tail <worker-name>`" in refused("tail")
