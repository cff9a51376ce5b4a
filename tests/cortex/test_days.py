"""Days of Cortex in the simulator, good and bad, and what its workload would notice."""

from __future__ import annotations

import asyncio
import contextlib
import gzip
import hashlib
import logging
import subprocess
import sys
from collections import Counter
from typing import Any

import pytest

from cortex import workload
from edge.r2.bucket import PutOptions
from tests.cortex.worlds import PROJECT, Cortex, playing

FAULTS = PROJECT / "faults.toml"


@pytest.mark.slow
@pytest.mark.parametrize("faults", [(), ("--faults", str(FAULTS))], ids=["good", "bad"])
def test_days_hold_under_several_seeds(faults: tuple[str, ...]) -> None:
    command = [sys.executable, "-m", "wrangler_compat.cli.main", "sim", str(PROJECT), *faults]
    options = ["--sessions", "8", "--duration", "15m", "--seeds", "4"]
    done = subprocess.run([*command, *options], capture_output=True, text=True, timeout=110)
    assert done.returncode == 0, done.stdout[-3000:]
    assert "messages answered" in done.stdout


class Judge:
    """Collects what the workload complains of."""

    number = 7

    def __init__(self) -> None:
        self.broken: list[str] = []
        self.counted: Counter[str] = Counter()

    def check(self, condition: object, what: str) -> None:
        if not condition:
            self.broken.append(what)

    def count(self, name: str) -> None:
        self.counted[name] += 1


def answer(**changes: Any) -> list[dict[str, Any]]:
    texts = ["You", " said:", " hello from 7", "."]
    frames: list[dict[str, Any]] = [{"type": "session-init", "configHash": "h"}]
    frames += [{"type": "text-delta", "text": text} for text in texts]
    frames.append({"type": "done", "fullText": "".join(texts)})
    numbered = [{**frame, "seq": seq, "messageId": "m"} for seq, frame in enumerate(frames, 1)]
    return changes.get("edit", lambda rows: rows)(numbered)  # type: ignore[no-any-return]


@pytest.mark.parametrize(
    ("edit", "words"),
    [
        (lambda rows: rows, None),
        (lambda rows: [rows[0], rows[2], rows[1], *rows[3:]], "frames"),
        (lambda rows: [*rows[:2], *rows[1:]], "frames"),
        (lambda rows: [*rows[:2], *rows[3:]], "frames"),
        (lambda rows: [{**row, "messageId": "other"} for row in rows], "foreign"),
        (lambda rows: [*rows[:-1], {**rows[-1], "fullText": "else"}], "is not"),
    ],
)
def test_the_workload_notices_what_may_not_be(edit: Any, words: str | None) -> None:
    workload.seen_with.clear()
    judge = Judge()
    workload.judge(judge, "m", answer(edit=edit), workload.ALL, (1, 1))
    assert (judge.broken == []) if words is None else any(words in what for what in judge.broken)


def test_the_workload_notices_stale_and_foreign_configurations() -> None:
    workload.seen_with.clear()
    judge = Judge()
    workload.judge(judge, "m", answer(), workload.ALL, (0, 0))
    workload.judge(judge, "m", answer(), workload.ALL, (1, 1))  # an acknowledged change did not arrive
    assert any("runs with turn 0, not 1" in what for what in judge.broken)
    other = Judge()
    other.number = 8
    workload.judge(other, "m", answer(), workload.ALL, (0, 0))
    assert any("configuration of user 7" in what for what in other.broken)


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (gzip.compress(b"as npm made it"), None),
        (gzip.compress(b"tampered"), "was tampered with"),
        (b"something else", "is another"),
    ],
    ids=["as npm made it", "tampered", "another"],
)
def test_the_workload_notices_a_shared_package_that_a_user_changed(content: bytes, words: str | None) -> None:
    async def play(world: Cortex) -> None:
        name = "0" * 64 if words == "is another" else hashlib.sha256(content).hexdigest()
        bucket = world._products.bucket("cortex-packages")
        await bucket.put(f"archives/{name}", content, PutOptions())
        with pytest.raises(AssertionError, match=words) if words else contextlib.nullcontext():
            await workload.nobody_changes_shared_packages(world)

    playing(play)


@pytest.mark.parametrize(
    "leak",
    [
        lambda: print("it is secret-of-7"),
        lambda: print("it is secret-of-7", file=sys.stderr),
        lambda: logging.getLogger("edge.console").error("%s", "secret-of-7"),
        lambda: logging.getLogger("any").exception("failed", exc_info=ValueError("secret-of-7")),
    ],
)
def test_the_workload_notices_a_secret_that_is_printed_or_logged(leak: Any) -> None:
    before = sys.stdout, sys.stderr
    workload.leaks.watch()
    print("nothing to see here")
    leak()
    with pytest.raises(AssertionError, match="secret-of-7"):
        asyncio.run(workload.no_secret_is_logged(None))
    assert (sys.stdout, sys.stderr) == before
    asyncio.run(workload.no_secret_is_logged(None))
