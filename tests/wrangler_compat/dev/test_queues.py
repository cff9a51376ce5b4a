"""Queues of `edge dev`: a line for each batch, and what is left when the process is killed."""

from __future__ import annotations

import signal
from pathlib import Path

from tests.wrangler_compat.dev.running import get, project, running

CODE = """\
import asyncio
from workers import Response, WorkerEntrypoint

class Default(WorkerEntrypoint):
    async def fetch(self, request):
        await self.env.Q.send(request.url.rsplit("/", 1)[1])
        return Response("sent")

    async def queue(self, batch, env, ctx):
        print("took", *[message.body for message in batch.messages], flush=True)
        if self.env.HANGS == "yes":
            await asyncio.sleep(600)
"""
QUEUES = {
    "producers": [{"binding": "Q", "queue": "jobs"}],
    "consumers": [{"queue": "jobs", "max_batch_size": 2, "max_batch_timeout": 0.05}],
}


def test_what_was_sent_is_delivered_after_a_kill(tmp_path: Path) -> None:
    hangs = project(tmp_path / "app", CODE, queues=QUEUES, vars={"HANGS": "yes"})
    with running(hangs) as (dev, port):
        assert get(port, "/a") == (200, "sent")
        dev.until("took a")
        for name in ("b", "c", "d"):
            assert get(port, f"/{name}")[0] == 200
        dev.stop(signal.SIGKILL)

    works = project(tmp_path / "app", CODE, queues=QUEUES, vars={"HANGS": "no"})
    with running(works) as (dev, port):
        dev.until("took a b")  # `a` was under way, and nobody said what became of it
        assert "QUEUE jobs 2/2 (" in dev.until("QUEUE jobs")
        dev.until("took c d")
        dev.until("QUEUE jobs 2/2 (")
        assert dev.stop() == 0
