from __future__ import annotations

import ast
from pathlib import Path
from typing import Any

import pytest

from edge.errors import ConfigError, WorkerLoadError
from tests.wrangler_compat.config.projects import project
from wrangler_compat.env_types.document import TypesOptions, default_path, env_types

DURABLE = {
    "durable_objects": {"bindings": [{"name": "ROOMS", "class_name": "Room"}]},
    "migrations": [{"tag": "v1", "new_sqlite_classes": ["Room"]}],
}


def written(folder: Path, settings: dict[str, Any], code: str = "", **options: Any) -> str:
    config = project(folder, settings)
    (folder / "src" / "entry.py").write_text(code)
    text = env_types([config], TypesOptions(**options))
    ast.parse(text)
    return text


def members(text: str, name: str = "Env") -> list[str]:
    """The lines of a class without its docstring."""
    _, _, body = text.partition(f"\nclass {name}(")
    lines = body.split("\nclass ")[0].splitlines()[2:]
    return [line.strip() for line in lines if line.strip()]


def test_products(tmp_path: Path) -> None:
    (tmp_path / "public").mkdir()
    text = written(
        tmp_path,
        {
            "kv_namespaces": [{"binding": "CACHE"}],
            "r2_buckets": [{"binding": "FILES", "bucket_name": "files"}],
            "d1_databases": [{"binding": "DB"}],
            "ratelimits": [{"name": "LIMIT", "namespace_id": "1", "simple": {"limit": 1, "period": 10}}],
            "analytics_engine_datasets": [{"binding": "POINTS"}],
            "vectorize": [{"binding": "INDEX", "index_name": "index"}],
            "hyperdrive": [{"binding": "PG", "id": "1"}],
            "browser": {"binding": "BROWSER"},
            "assets": {"directory": "./public", "binding": "ASSETS"},
        },
    )
    assert set(members(text)) == {
        "CACHE: KVNamespace",
        "FILES: R2Bucket",
        "DB: D1Database",
        "LIMIT: RateLimit",
        "POINTS: AnalyticsEngineDataset",
        "INDEX: VectorizeIndex",
        "PG: Any  # hyperdrive",
        "BROWSER: Any  # browser",
        "ASSETS: Fetcher",
    }
    assert text.startswith("# What `self.env` holds, made by `edge types` from wrangler.jsonc.")


def test_only_what_is_needed_is_defined(tmp_path: Path) -> None:
    text = written(tmp_path, {"kv_namespaces": [{"binding": "CACHE"}]})
    assert "class KVNamespace" in text
    assert "R2" not in text
    assert "workers" not in text
    assert members(written(tmp_path, {})) == []


def test_variables_and_secrets(tmp_path: Path) -> None:
    (tmp_path / ".dev.vars").write_text("TOKEN=hush\nMODE=overridden\n")
    settings = {
        "secrets": {"required": ["API_KEY", "TOKEN"]},
        "vars": {
            "MODE": "x", "TEXT": 'say "grün"\n', "ON": True, "COUNT": 24, "SHARE": 0.5,
            "RULES": {"a": [1]}, "LIST": [1], "NONE": None, "MY-VAR": "m", "class": "c",
        },
    }  # fmt: skip
    text = written(tmp_path, settings)
    assert members(text) == [
        'TEXT: Literal["say \\"grün\\"\\n"]',
        "ON: Literal[True]",
        "COUNT: Literal[24]",
        "SHARE: float",
        "RULES: JsonProxy",
        "LIST: JsonProxy",
        "NONE: Any",
        "# getattr(env, 'MY-VAR'): Literal[\"m\"]",
        "# getattr(env, 'class'): Literal[\"c\"]",
        "API_KEY: str  # secret",
        "TOKEN: str  # secret",
        "MODE: str  # secret",
    ]
    assert "hush" not in text
    loose = members(written(tmp_path, settings, strict_vars=False))
    assert loose[:3] == ["TEXT: str", "ON: bool", "COUNT: int"]


def test_variables_of_all_environments(tmp_path: Path) -> None:
    settings = {
        "vars": {"MODE": "dev", "DEPTH": 1},
        "env": {"live": {"vars": {"MODE": "live", "DEPTH": [2]}}, "test": {"vars": {"MODE": "dev"}}},
    }
    assert members(written(tmp_path, settings)) == [
        'MODE: Literal["dev", "live"]',
        "DEPTH: Literal[1] | JsonProxy",
    ]
    text = written(tmp_path, settings, environment="live", interface="Bindings")
    assert members(text, "Bindings") == ['MODE: Literal["live"]', "DEPTH: JsonProxy"]


ROOM = """
from workers import DurableObject
from typing import Protocol

class Shared:
    def lock(self): ...
    def said(self): ...

class Room(Shared, DurableObject):
    def __init__(self, ctx, env): ...
    async def fetch(self, request): ...
    async def alarm(self): ...
    def _own(self): ...
    @property
    def size(self): ...
    @staticmethod
    def version(major: int) -> int: ...
    async def said(self, since: int = 0, *rest: str, new: bool = True) -> "list[dict[str, int | None]]": ...
    def join(self, person: Person, tags: tuple[str, ...]) -> Protocol: ...
"""


def test_methods_of_a_durable_object(tmp_path: Path) -> None:
    (tmp_path / "src" / "rooms").mkdir(parents=True)
    (tmp_path / "src" / "rooms" / "__init__.py").write_text("from .room import Room as Zimmer\n")
    (tmp_path / "src" / "rooms" / "room.py").write_text(ROOM)
    text = written(tmp_path, DURABLE, "from rooms import Zimmer as Room\n")
    assert members(text) == ["ROOMS: DurableObjectNamespace[RoomStub]"]
    assert members(text, "RoomStub") == [
        "async def version(self, major: int, /) -> int: ...",
        "async def said(self, since: int = ..., /, *rest: str) -> list[dict[str, int | None]]: ...",
        "async def join(self, person: Any, tags: tuple[str, ...], /) -> Any: ...",
        "async def lock(self) -> Any: ...",
    ]


@pytest.mark.parametrize(
    "code",
    ["from sandbox import Sandbox as Room\n", "class Other: ...\n", "from entry import Room\n"],
    ids=["of a package", "missing", "of itself"],
)
def test_a_class_that_is_not_in_the_source(tmp_path: Path, code: str) -> None:
    assert members(written(tmp_path, DURABLE, code)) == [
        "ROOMS: DurableObjectNamespace[AnyDurableObjectStub]"
    ]


def test_classes_that_inherit_in_a_circle(tmp_path: Path) -> None:
    text = written(tmp_path, DURABLE, "class A(Room):\n  def a(self): ...\nclass Room(A): ...\n")
    assert members(text, "RoomStub") == ["async def a(self) -> Any: ..."]


def test_services(tmp_path: Path) -> None:
    services = [
        {"binding": "AUTH", "service": "auth-api"},
        {"binding": "ADMIN", "service": "auth-api", "entrypoint": "Admin"},
        {"binding": "FAR", "service": "elsewhere"},
    ]
    mine = project(tmp_path / "app", {"services": services})
    other = project(tmp_path / "auth", {"name": "auth-api"})
    (tmp_path / "auth" / "src" / "entry.py").write_text(
        "class Default:\n    def check(self, token: str) -> bool: ...\n"
        "class Admin:\n    def drop(self, user: str): ...\n"
    )
    text = env_types([mine, other], TypesOptions())
    assert members(text) == ["AUTH: AuthApiService", "ADMIN: AuthApiAdminService", "FAR: AnyFetcher"]
    assert members(text, "AuthApiService") == ["async def check(self, token: str, /) -> bool: ..."]
    assert members(env_types([mine], TypesOptions())) == [
        f"{name}: AnyFetcher" for name in ("AUTH", "ADMIN", "FAR")
    ]


def test_where_it_goes(tmp_path: Path) -> None:
    assert default_path(project(tmp_path, {})) == tmp_path / "src" / "worker_env.pyi"


def test_mistakes(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="No environment found"):
        written(tmp_path, {"env": {"live": {}}}, environment="test")
    with pytest.raises(WorkerLoadError, match=r"entry.py:1: SyntaxError"):
        written(tmp_path, DURABLE, "class Room(:\n")
