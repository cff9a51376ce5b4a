"""What Workers import of `sandbox`: there without vendoring, once for each Worker, and fit to be vendored."""

from __future__ import annotations

import ast
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

import sandbox
from edge.errors import WorkerLoadError
from tests.loops import run
from tests.test_style import imports_of
from tests.wrangler_compat.modules.workers import OLD, Loaded

PACKAGE = Path(sandbox.__file__).parent
#: Modules of Python that are not in Pyodide, or that have nothing to work with on the edge.
NOT_ON_THE_EDGE = {
    *(
        "subprocess",
        "threading",
        "multiprocessing",
        "socket",
        "ssl",
        "select",
        "selectors",
        "signal",
        "fcntl",
    ),
    *(
        "pty",
        "termios",
        "tty",
        "resource",
        "pwd",
        "grp",
        "ctypes",
        "sqlite3",
        "shutil",
        "tempfile",
        "concurrent",
    ),
    *("os", "pathlib", "secrets", "random"),
}
SHOW = """
from workers import Response, WorkerEntrypoint
{imports}
class Default(WorkerEntrypoint):
    async def fetch(self, request):
        return Response(str({expression}))
"""


def files_for_workers() -> list[Path]:
    folders = [PACKAGE / part for part in sorted(sandbox.FOR_WORKERS)]
    return [PACKAGE / "__init__.py", *(file for folder in folders for file in sorted(folder.rglob("*.py")))]


def may_be_imported(name: str) -> bool:
    top, _, rest = name.partition(".")
    if top == "sandbox":
        return not rest or rest.partition(".")[0] in sandbox.FOR_WORKERS
    if top in ("workers", "js", "pyodide"):
        return True
    return top in sys.stdlib_module_names and top not in NOT_ON_THE_EDGE


def test_modules_for_workers_import_only_what_a_worker_has() -> None:
    files = files_for_workers()
    assert PACKAGE / "container" / "helpers.py" in files
    wrong = [
        f"{file.relative_to(PACKAGE)}:{line} imports {name}"
        for file in files
        for line, name in imports_of(ast.parse(file.read_text()))
        if not may_be_imported(name)
    ]
    assert wrong == []


@pytest.mark.parametrize("name", ["socket", "edge.errors", "sandbox.engines", "httpx"])
def test_the_rule_refuses_what_a_worker_does_not_have(name: str) -> None:
    assert not may_be_imported(name)


def answer(tmp_path: Path, imports: str, expression: str) -> str:
    return run(Loaded(tmp_path, SHOW.format(imports=imports, expression=expression)).text())


@pytest.mark.parametrize(
    ("imports", "expression"),
    [
        ("from sandbox import get_container", "get_container.__module__"),
        ("from sandbox import getContainer as found", "found.__module__"),
        ("import sandbox", "sandbox.get_random.__module__"),
        ("from sandbox.container.helpers import switch_port", "switch_port.__module__"),
    ],
)
def test_a_worker_imports_it_without_vendoring(tmp_path: Path, imports: str, expression: str) -> None:
    assert answer(tmp_path, imports, expression) == "sandbox.container.helpers"


def test_each_worker_has_its_own(tmp_path: Path) -> None:
    text = SHOW.format(
        imports="import sandbox\nsandbox.seen = getattr(sandbox, 'seen', 0) + 1", expression="sandbox.seen"
    )
    folders = [tmp_path / name for name in ("one", "two")]
    for folder in folders:
        folder.mkdir()
    workers = [Loaded(folder, text) for folder in folders]
    assert [run(worker.text()) for worker in workers] == ["1", "1"]
    assert not hasattr(sandbox, "seen")


def test_a_vendored_copy_comes_first(tmp_path: Path) -> None:
    vendored = tmp_path / "python_modules" / "sandbox"
    shutil.copytree(PACKAGE / "container", vendored / "container")
    shutil.copy(PACKAGE / "__init__.py", vendored)
    found = answer(tmp_path, "from sandbox.container import helpers", "helpers.__file__")
    assert Path(found) == vendored / "container" / "helpers.py"


def test_a_folder_of_that_name_beside_the_worker_is_not_taken_for_it(tmp_path: Path) -> None:
    (tmp_path / "sandbox").mkdir()
    (tmp_path / "sandbox" / "Dockerfile").write_text("FROM alpine\n")
    assert answer(tmp_path, "from sandbox import get_container", "callable(get_container)") == "True"


def test_a_module_of_that_name_beside_the_worker_is_the_workers(tmp_path: Path) -> None:
    (tmp_path / "sandbox.py").write_text("OWN = 'mine'\n")
    assert answer(tmp_path, "import sandbox", "sandbox.OWN") == "mine"


@pytest.mark.parametrize("name", ["engines", "server", "nowhere"])
def test_workers_do_not_get_the_hosts_half(tmp_path: Path, name: str) -> None:
    imports = f"try:\n    import sandbox.{name}\nexcept ImportError as error:\n    refused = str(error)"
    assert answer(tmp_path, imports, "refused") == f"No module named 'sandbox.{name}'"


def test_with_the_old_sdk_it_says_what_it_needs(tmp_path: Path) -> None:
    imports = "from sandbox import Container"
    with pytest.raises(WorkerLoadError, match="compatibility_date of 2026-04-21 or later"):
        Loaded(tmp_path, SHOW.format(imports=imports, expression="0"), date=OLD)


def test_the_host_imports_its_half_without_a_worker_around_it() -> None:
    code = "import sys, sandbox; assert 'workers' not in sys.modules; print(sorted(sandbox.__all__)[:2])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.startswith("[")


def test_names_that_are_not_there_are_said_so() -> None:
    with pytest.raises(AttributeError, match="module 'sandbox' has no attribute 'get_sandbx'"):
        sandbox.get_sandbx
