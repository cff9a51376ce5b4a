"""From a version to a configuration, and which Workers can run together."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from edge.config import DurableBinding, ServiceBinding, WorkerConfig
from wrangler_compat.cloud.serving.configured import CannotRun, configured, runnable
from wrangler_compat.cloud.workers.migrations import DurableClass
from wrangler_compat.cloud.workers.script import Script
from wrangler_compat.cloud.workers.version import Version

ROOT = Path("/versions/one")


def made(bindings: Any = (), **runtime: Any) -> WorkerConfig:
    classes = {"Board": DurableClass(True, "OldBoard")}
    script = Script(1, "a", "app", "t", 0, 0, {"crons": ["0 * * * *"]}, classes, None)
    runtime = {"main_module": "entry.py", "compatibility_date": "2026-06-01", **runtime}
    return configured(script, Version("v", 1, 0, "api", "e", {}, bindings, runtime, 0), ROOT)


def test_everything_has_its_place() -> None:
    worker = made(
        [
            {"name": "RATE", "type": "ratelimit", "namespace_id": "1", "simple": {"limit": 5, "period": 10}},
            {"name": "POINTS", "type": "analytics_engine", "dataset": "d"},
            {"name": "INDEX", "type": "vectorize", "index_name": "i"},
            {"name": "BOARD", "type": "durable_object_namespace", "class_name": "Board"},
        ],
        compatibility_flags=["python_workers"],
        assets={"manifest": {}, "config": {"run_worker_first": ["/api/*"], "html_handling": "none"}},
    )
    assert worker.main == ROOT / "src" / "entry.py"
    assert (worker.rate_limits[0].limit, worker.rate_limits[0].period_s) == (5, 10)
    assert worker.analytics == ("POINTS",)
    assert worker.vectorize[0].index == "i"
    assert worker.durable == (DurableBinding("BOARD", "Board"),)
    assert (worker.durable_classes, worker.former_names) == ({"Board": True}, {"Board": "OldBoard"})
    assert worker.crons == ("0 * * * *",)
    assert worker.assets is not None
    assert worker.assets.directory == ROOT / "assets"
    assert worker.assets.run_worker_first == ("/api/*",)


@pytest.mark.parametrize(
    ("arguments", "reason"),
    [
        ({"main_module": "index.js"}, "edge runs Workers in Python"),
        ({"containers": [{"class_name": "Board"}]}, "it has containers"),
        ({"bindings": [{"name": "AI", "type": "ai"}]}, "its binding AI is of the type ai"),
    ],
)
def test_what_cannot_run(arguments: dict[str, Any], reason: str) -> None:
    with pytest.raises(CannotRun, match=reason):
        made(**arguments)


def test_who_needs_whom() -> None:
    def worker(name: str, *needs: str) -> WorkerConfig:
        services = tuple(ServiceBinding(need.upper(), need) for need in needs)
        return WorkerConfig(name, ROOT, None, "2026-06-01", services=services)

    workers = {"a": worker("a", "b"), "b": worker("b", "a"), "c": worker("c", "d"), "d": worker("d", "js")}
    running, reasons = runnable(workers, {"js": "it is in JavaScript"})
    assert [one.name for one in running] == ["a", "b"]  # they may need each other
    assert reasons["d"] == "it needs the Worker js, which does not run here"
    assert reasons["c"] == "it needs the Worker d, which does not run here"
