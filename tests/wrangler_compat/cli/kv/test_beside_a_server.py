"""Commands on the state folder of a world that runs."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path

from edge.kernel import tasks
from edge.kernel.clock import WallClock
from edge.kv.open import open_namespace
from tests.wrangler_compat.cli.running import done


def test_both_see_what_the_other_writes(project: Path) -> None:
    async def scenario() -> None:
        tasks.install(asyncio.get_running_loop())
        served = open_namespace("shared-kv", project / ".wrangler" / "state", WallClock())
        await served.put("theirs", "1")
        assert await asyncio.to_thread(done, "kv", "key", "get", "theirs", "--binding", "KV") == "1"
        (project / "pairs.json").write_text(json.dumps([{"key": "theirs", "value": "2"}]))
        writes = [served.put(f"k{number}", "x") for number in range(50)]
        command = asyncio.to_thread(done, "kv", "bulk", "put", "pairs.json", "--binding", "KV")
        await asyncio.gather(command, *writes)
        async with asyncio.timeout(5):
            while await served.get("theirs") != "2":
                await asyncio.sleep(0.01)
        listed = json.loads(await asyncio.to_thread(done, "kv", "key", "list", "--binding", "KV"))
        assert len(listed) == 51
        await served._close()

    asyncio.run(scenario())
