"""Files of objects that were overwritten or cut off: as workerd answers, and told to whoever runs it."""

from __future__ import annotations

import logging
import os
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest

from edge.js.errors import JsException
from tests.edge.durable.code import hosting
from tests.loops import run_virtual

INTERNAL = "internal error; reference = [0-9a-v]{24}"
REMEDY = "The file is damaged: put a copy of it back, or delete it together with its -wal and -shm files"


class Store:
    def __init__(self, ctx: Any, env: Any) -> None:
        self.storage = ctx.storage

    async def fill(self) -> None:
        await self.storage.put("n", 1)
        self.storage.sql.exec("CREATE TABLE t (a TEXT)")
        for _ in range(100):
            self.storage.sql.exec("INSERT INTO t VALUES (?)", "x" * 200)

    async def nothing(self) -> str:
        return "nothing"

    async def get(self) -> Any:
        return await self.storage.get("n")

    async def get_now(self) -> Any:
        return self.storage.kv.get("n")

    async def list(self) -> Any:
        return await self.storage.list()

    async def put(self) -> None:
        await self.storage.put("n", 2)

    async def delete_all(self) -> None:
        await self.storage.deleteAll()

    async def count(self) -> float:
        rows = self.storage.sql.exec("SELECT count(*) AS c FROM t WHERE a > 'a'")
        found: float = rows.one().c
        return found

    async def insert(self) -> None:
        self.storage.sql.exec("INSERT INTO t VALUES ('y')")

    async def caught(self, method: str) -> str:
        try:
            await getattr(self, method)()
        except JsException as failure:
            return failure.message
        return "nothing was raised"


def damaged(folder: Path, damage: Callable[[Path], None], work: Callable[[Any], Awaitable[Any]]) -> Any:
    """Fill an object, damage its file while it is closed, and call it again."""

    async def main() -> Any:
        async with hosting(Store, directory=folder) as host:
            await host.namespace().getByName("a").fill()
        (path,) = (path for path in folder.rglob("*.sqlite") if "metadata" not in path.name)
        damage(path)
        async with hosting(Store, directory=folder) as host:
            return await work(lambda: host.namespace().getByName("a"))

    return run_virtual(main())


def overwrite(path: Path) -> None:
    path.write_bytes(os.urandom(path.stat().st_size))


def cut(path: Path) -> None:
    path.write_bytes(path.read_bytes()[:8192])


def spoil_pages(path: Path) -> None:
    """All but the first page, which has the schema."""
    data = path.read_bytes()
    path.write_bytes(data[:4096] + b"\xff" * (len(data) - 4096))


@pytest.mark.parametrize("damage", [overwrite, cut])
@pytest.mark.parametrize("method", ["nothing", "get", "put", "count"])
def test_a_file_that_cannot_be_opened_fails_every_call(
    tmp_path: Path, caplog: pytest.LogCaptureFixture, damage: Callable[[Path], None], method: str
) -> None:
    async def work(stub: Any) -> None:
        with pytest.raises(JsException, match=INTERNAL) as raised:
            await getattr(stub(), method)()
        assert "Traceback" not in raised.value.message
        (path,) = (path for path in tmp_path.rglob("*.sqlite") if "metadata" not in path.name)
        (record,) = caplog.records
        assert record.getMessage().startswith(raised.value.message)
        assert f"{path}. {REMEDY}" in record.getMessage()
        path.unlink()
        for beside in path.parent.glob(f"{path.name}-*"):
            beside.unlink()
        assert await stub().nothing() == "nothing"
        assert await stub().get() is None

    with caplog.at_level(logging.ERROR):
        damaged(tmp_path, damage, work)


@pytest.mark.parametrize("method", ["get", "get_now", "list"])
def test_a_read_of_a_spoiled_page_can_be_caught(
    tmp_path: Path, caplog: pytest.LogCaptureFixture, method: str
) -> None:
    async def work(stub: Any) -> Any:
        return await stub().caught(method), await stub().nothing()

    with caplog.at_level(logging.ERROR):
        message, nothing = damaged(tmp_path, spoil_pages, work)
    assert nothing == "nothing"
    assert message.startswith("internal error; reference = ")
    assert message in caplog.text
    assert REMEDY in caplog.text


def test_a_query_has_the_words_of_sqlite(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    async def work(stub: Any) -> Any:
        return await stub().caught("count")

    with caplog.at_level(logging.ERROR):
        assert damaged(tmp_path, spoil_pages, work) == "database disk image is malformed: SQLITE_CORRUPT"
    assert REMEDY in caplog.text


@pytest.mark.parametrize("method", ["put", "insert", "delete_all"])
def test_a_write_to_a_spoiled_page_resets_the_object(tmp_path: Path, method: str) -> None:
    async def work(stub: Any) -> Any:
        first = stub()
        with pytest.raises(JsException, match=INTERNAL):
            await first.caught(method)
        with pytest.raises(JsException, match=INTERNAL):
            await first.nothing()
        return await stub().nothing()

    assert damaged(tmp_path, spoil_pages, work) == "nothing"
