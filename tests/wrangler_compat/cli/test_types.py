"""`edge types` as it is typed, and what a type checker makes of it."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from edge.errors import UserError
from tests.wrangler_compat.config.projects import project
from wrangler_compat.cli.types import command

SETTINGS = {
    "kv_namespaces": [{"binding": "CACHE"}],
    "r2_buckets": [{"binding": "FILES", "bucket_name": "files"}],
    "d1_databases": [{"binding": "DB"}],
    "ratelimits": [{"name": "LIMIT", "namespace_id": "1", "simple": {"limit": 1, "period": 10}}],
    "analytics_engine_datasets": [{"binding": "POINTS"}],
    "vectorize": [{"binding": "INDEX", "index_name": "index"}],
    "durable_objects": {"bindings": [{"name": "ROOMS", "class_name": "Room"}]},
    "migrations": [{"tag": "v1", "new_sqlite_classes": ["Room"]}],
    "services": [{"binding": "SELF", "service": "app"}],
    "vars": {"MODE": "dev", "RULES": {"a": [1]}},
}
WORKER = """\
from __future__ import annotations

from typing import TYPE_CHECKING, Any

from workers import DurableObject, Response, WorkerEntrypoint

if TYPE_CHECKING:
    from worker_env import Env


class Room(DurableObject):
    env: Env

    async def say(self, text: str, times: int = 1) -> list[str]:
        return [text] * times


class Default(WorkerEntrypoint):
    env: Env

    async def fetch(self, request: Any) -> Response:
        env = self.env
        text = await env.CACHE.get("a") or ""
        await env.CACHE.put("a", text + env.MODE, expirationTtl=60)
        names = [key["name"] for key in (await env.CACHE.list(prefix="a"))["keys"]]
        kept = await env.FILES.get("b")
        size = 0 if kept is None else kept.size + len(await kept.text())
        rows = await env.DB.prepare("SELECT ?").bind(size).all()
        said = await env.ROOMS.getByName("lobby").say("hello", 2)
        allowed = (await env.LIMIT.limit(key="me")).success
        env.POINTS.writeDataPoint(blobs=["x"], doubles=[1.0])
        await env.INDEX.upsert([{"id": "a", "values": [0.1]}])
        near = (await env.INDEX.query([0.1], topK=1)).count
        rules = env.RULES.to_py()["a"]
        words = [*said, *names, *(str(one) for one in (rules, rows.results[0], allowed, near))]
        return Response(" ".join(words) + await self.more())

    async def more(self) -> str:
        response = await self.env.SELF.fetch("https://app/")
        return str(await response.text())
"""
#: Each line is a mistake; the text that a type checker says about it.
MISTAKES = {
    'await env.CACHE.put(1, "a")': 'Argument 1 to "put" of "KVNamespace" has incompatible type "int"',
    'await env.CASH.get("a")': '"Env" has no attribute "CASH"',
    '(await env.CACHE.get("a")).upper()': 'Item "None" of "str | None" has no attribute "upper"',
    'await env.ROOMS.getByName("a").shout()': '"RoomStub" has no attribute "shout"',
    'await env.ROOMS.getByName("a").say(1)': 'Argument 1 to "say" of "RoomStub" has incompatible type "int"',
    'await env.ROOMS.getByName("a").say("b", times=2)': 'Unexpected keyword argument "times"',
    'env.MODE == "live"': "Non-overlapping equality check",
}
MYPY_INI = "[mypy]\n[mypy-workers.*]\nignore_missing_imports = True\n"


@pytest.fixture(autouse=True)
def app(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    project(tmp_path, SETTINGS)
    (tmp_path / "src" / "entry.py").write_text(WORKER)
    return tmp_path


def edge_types(*arguments: str) -> Result:
    return CliRunner().invoke(command, arguments, catch_exceptions=False)


def test_it_writes_beside_the_main_module(app: Path) -> None:
    target = app / "src" / "worker_env.pyi"
    assert edge_types().stdout == f"Types written to {target}\n"
    assert edge_types("--check").stdout == f"Types at {target} are up to date.\n"
    assert edge_types("other.pyi", "--env-interface", "Bindings").stdout == "Types written to other.pyi\n"
    assert "class Bindings(Protocol):" in Path("other.pyi").read_text()


def test_check_writes_nothing(app: Path) -> None:
    with pytest.raises(UserError, match=r"are out of date. Run `edge types` to regenerate."):
        edge_types("--check")
    assert not (app / "src" / "worker_env.pyi").exists()
    edge_types()
    project(app, {**SETTINGS, "vars": {"MODE": "live"}})
    (app / "src" / "entry.py").write_text(WORKER)
    with pytest.raises(UserError, match="are out of date"):
        edge_types("--check")


def test_another_ending_is_refused() -> None:
    with pytest.raises(UserError, match=r'"src/entry.py" does not end in .pyi'):
        edge_types("src/entry.py")


@pytest.mark.slow
def test_a_type_checker_takes_it_and_finds_mistakes(app: Path) -> None:
    edge_types()
    (app / "mypy.ini").write_text(MYPY_INI)
    command = [sys.executable, "-m", "mypy", "--strict", "--allow-subclassing-any", "src/entry.py"]
    clean = subprocess.run(command, cwd=app, capture_output=True, text=True, timeout=100, check=False)
    assert clean.returncode == 0, clean.stdout
    wrong = "".join(f"        {line}\n" for line in MISTAKES)
    (app / "src" / "entry.py").write_text(f"{WORKER}\n    async def wrong(self, env: Env) -> None:\n{wrong}")
    said = subprocess.run(command, cwd=app, capture_output=True, text=True, timeout=100, check=False).stdout
    assert [text for text in MISTAKES.values() if text not in said] == [], said
    assert f"Found {len(MISTAKES)} errors" in said
