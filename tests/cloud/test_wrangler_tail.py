"""The real `wrangler tail` hears what a Worker logs and raises."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from tests.cloud.running import RunningCloud, cloud_in_thread
from tests.cloud.wrangling import Wrangler
from tests.peers.npm import environment, wrangler_command
from tests.wrangler_compat.cloud.workers.uploads import upload_of

pytestmark = [pytest.mark.peers, pytest.mark.slow, pytest.mark.timeout(600)]  # many starts of Node.js

SOURCE = """
from js import console
from workers import Response, WorkerEntrypoint


class Default(WorkerEntrypoint):
    async def fetch(self, request):
        print("printed", 1)
        console.warn("warned")
        if request.url.endswith("/bad"):
            raise ValueError("on purpose")
        return Response("fine")
"""


@pytest.fixture
def cloud() -> Iterator[RunningCloud]:
    with cloud_in_thread(serve=True) as running:
        yield running


def test_tail(cloud: RunningCloud, wrangler: Wrangler, tmp_path: Path) -> None:
    account = f"{cloud.url}/accounts/{cloud.account_id}"
    token = {"authorization": f"Bearer {cloud.token}"}
    uploaded = upload_of({"entry.py": SOURCE}, compatibility_flags=["python_workers"])
    httpx.put(f"{account}/workers/scripts/loud", files=uploaded, headers=token).raise_for_status()
    command = wrangler_command(["tail", "loud", "--format", "json"])
    variables = environment(cloud.environment)
    with subprocess.Popen(command, cwd=tmp_path, env=variables, stdout=subprocess.PIPE, text=True) as tail:
        try:
            assert tail.stdout is not None
            while not httpx.get(f"{account}/workers/scripts/loud/tails", headers=token).json()["result"]:
                assert tail.poll() is None
            for path, status in (("/good", 200), ("/bad", 500)):
                answer = httpx.get(cloud.origin + path, headers={"host": "loud.localhost", "x-token": "t"})
                assert answer.status_code == status
            text, decoder, events = "", json.JSONDecoder(), []
            while len(events) < 2:
                text += tail.stdout.readline()
                if text.rstrip().endswith("}") and text.startswith("{"):
                    try:
                        event, end = decoder.raw_decode(text)
                    except ValueError:
                        continue
                    events.append(event)
                    text = text[end:].lstrip()
        finally:
            tail.terminate()
            tail.wait(30)
    good, bad = events
    assert (good["outcome"], good["scriptName"]) == ("ok", "loud")
    assert [(log["level"], log["message"]) for log in good["logs"]] == [
        ("log", ["printed 1"]),
        ("warn", ["warned"]),
    ]
    assert good["event"]["request"]["url"] == "http://loud.localhost/good"
    assert good["event"]["request"]["headers"]["x-token"] == "REDACTED"
    assert good["event"]["response"] == {"status": 200}
    assert bad["outcome"] == "exception"
    assert "ValueError: on purpose" in bad["exceptions"][0]["message"]
