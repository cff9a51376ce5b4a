from __future__ import annotations

from pathlib import Path

import pytest

from edge.kernel.clock import VirtualClock
from tests.edge.worker.workers import text, worker, world
from tests.loops import run_virtual
from wrangler_compat.modules.waiting import mentions_waiting


@pytest.mark.parametrize(
    ("file", "expected"),
    [
        ("entry.py", True),
        ("helper.py", True),
        ("package/inner/deep.py", True),
        ("notes.txt", False),
        ("python_modules/anyio/to_thread.py", False),
        (".venv-workers/lib/site.py", False),
        ("node_modules/x/y.py", False),
    ],
)
def test_the_workers_own_files_are_looked_at(tmp_path: Path, file: str, expected: bool) -> None:
    (tmp_path / "entry.py").write_text("")
    (tmp_path / file).parent.mkdir(parents=True, exist_ok=True)
    (tmp_path / file).write_text("from pyodide.ffi import run_sync\n")
    assert mentions_waiting(tmp_path / "entry.py") is expected


def test_virtual_environments_under_any_name_are_not(tmp_path: Path) -> None:
    (tmp_path / "entry.py").write_text("")
    (tmp_path / "env").mkdir()
    (tmp_path / "env" / "pyvenv.cfg").write_text("")
    (tmp_path / "env" / "x.py").write_text("run_sync")
    assert not mentions_waiting(tmp_path / "entry.py")


def test_a_function_may_import_run_sync_in_its_body(tmp_path: Path) -> None:
    source = """
        class Obj(DurableObject):
            def waits(self, value):
                from pyodide.ffi import run_sync
                run_sync(asyncio.sleep(0.01))
                return value + 1

        class Default(WorkerEntrypoint):
            async def fetch(self, request):
                return Response(str(await self.env.OBJ.getByName("x").waits(9)))
    """
    clock = VirtualClock()

    async def main() -> str:
        built = world(worker(tmp_path, source, classes=("Obj",)), clock=clock)
        await built.start()
        answer = await text(built)
        await built.close()
        return answer

    assert run_virtual(main(), clock) == "10"
