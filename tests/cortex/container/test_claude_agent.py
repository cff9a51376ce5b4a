"""The real agent, offline: `claude-agent-sdk` against a stub of the Messages API."""

from __future__ import annotations

import json
import os
import statistics
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from tests.cortex.container.conftest import FOLDER
from tests.cortex.container.messages_stub import WORDS, messages_api

pytestmark = pytest.mark.slow
pytest.importorskip("claude_agent_sdk", reason="the extra `claude` is not installed (168 MB)")

QUIET = {
    "ANTHROPIC_API_KEY": "dummy",
    "DISABLE_TELEMETRY": "1",
    "DISABLE_AUTOUPDATER": "1",
    "CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC": "1",
}


@contextmanager
def agent(api: str, home: Path, *, warm: bool) -> Iterator[subprocess.Popen[str]]:
    env = {**os.environ, **QUIET, "ANTHROPIC_BASE_URL": api, "HOME": str(home), "CORTEX_CWD": str(home)}
    env["CORTEX_WARM"] = "1" if warm else ""
    command = [sys.executable, str(FOLDER / "claude_agent.py")]
    pipe = subprocess.PIPE
    with subprocess.Popen(command, env=env, stdin=pipe, stdout=pipe, text=True) as process:
        yield process
        assert process.stdin is not None
        process.stdin.close()
        process.wait(30)


def ask(process: subprocess.Popen[str]) -> tuple[list[dict[str, Any]], float]:
    """The frames of one answer, and the milliseconds to its first token."""
    assert process.stdin is not None
    assert process.stdout is not None
    asked = time.perf_counter()
    process.stdin.write(json.dumps({"type": "query", "prompt": "hi"}) + "\n")
    process.stdin.flush()
    frames: list[dict[str, Any]] = []
    first_ms = 0.0
    for line in process.stdout:
        frames.append(json.loads(line))
        if frames[-1]["type"] == "text-delta" and not first_ms:
            first_ms = (time.perf_counter() - asked) * 1000
        if frames[-1]["type"] in ("done", "error"):
            return frames, first_ms
    raise AssertionError(f"the agent ended with {process.wait()} after {frames}")


def test_the_real_agent_streams_through_our_frames(tmp_path: Path) -> None:
    with messages_api() as api, agent(api, tmp_path, warm=False) as process:
        frames, _ = ask(process)
    said = [frame["text"] for frame in frames if frame["type"] == "text-delta"]
    assert said == list(WORDS)
    assert frames[0]["type"] == "session-init"
    assert frames[-1]["type"] == "done"
    assert frames[-1]["fullText"] == "".join(WORDS)


def test_a_client_kept_open_answers_sooner_than_a_process_for_each_query(tmp_path: Path) -> None:
    with messages_api() as api:
        spawned_ms = []
        for _ in range(3):
            started = time.perf_counter()
            with agent(api, tmp_path, warm=False) as process:
                up_ms = (time.perf_counter() - started) * 1000
                spawned_ms.append(up_ms + ask(process)[1])
        with agent(api, tmp_path, warm=True) as process:
            ask(process)
            warm_ms = [ask(process)[1] for _ in range(5)]
    ratio = statistics.median(spawned_ms) / statistics.median(warm_ms)
    print(f"first token: spawned {spawned_ms} ms, warm {warm_ms} ms, ratio {ratio:.1f}")
    assert (
        ratio > 3
    )  # measured 49 on a busy machine of two cores (2026-11-29), the import of the SDK included
