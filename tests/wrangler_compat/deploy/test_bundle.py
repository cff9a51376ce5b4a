from __future__ import annotations

import gzip
from pathlib import Path

import pytest

from edge.errors import UserError
from sandbox import FOR_WORKERS
from tests.wrangler_compat.deploy.projects import ENTRY, plan_of
from wrangler_compat.deploy.bundle import Bundle


def bundle_of(folder: Path, files: dict[str, str | bytes] | None = None, **config: object) -> Bundle:
    return plan_of(folder, files, **config).bundle


def kinds(bundle: Bundle) -> dict[str, str]:
    return {module.name: module.kind for module in bundle.modules}


def test_the_main_module_comes_first_and_names_are_relative_to_its_folder(tmp_path: Path) -> None:
    found = bundle_of(tmp_path, {"src/a/b.py": "x = 1", "src/page.html": "<p>", "readme.txt": "outside"})
    assert kinds(found) == {
        "entry.py": "PythonModule",
        "a/b.py": "PythonModule",
        "page.html": "Text",
        "python_modules/workers/__init__.py": "Data",
    }
    assert found.main is not None
    assert found.main.content == ENTRY.encode()


def test_vendored_packages_are_data_whole_but_for_what_is_excluded(tmp_path: Path) -> None:
    files = {
        "python_modules/a/__init__.py": "",
        "python_modules/a/native.so": b"\x7fELF",
        "python_modules/a/script.js": "",
        "python_modules/a/__pycache__/a.pyc": b"",
        "python_modules/workers/workflows.js": "",
    }
    found = kinds(bundle_of(tmp_path, files))
    assert found["python_modules/a/native.so"] == found["python_modules/a/script.js"] == "Data"
    assert found["python_modules/workers/workflows.js"] == "ESModule"
    assert not [name for name in found if name.endswith(".pyc")]


def test_other_excludes_replace_the_default(tmp_path: Path) -> None:
    files = {"python_modules/a/tests/t.py": "", "python_modules/a/a.pyc": b""}
    found = kinds(bundle_of(tmp_path, files, python_modules={"exclude": ["**/tests/**"]}))
    assert "python_modules/a/a.pyc" in found
    assert "python_modules/a/tests/t.py" not in found


def test_vendored_packages_beside_the_main_module_are_refused(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="'python_modules' directory cannot exist in your module root"):
        bundle_of(tmp_path, {"src/python_modules/a.py": ""})


def test_a_main_module_in_the_projects_own_folder(tmp_path: Path) -> None:
    found = kinds(bundle_of(tmp_path, {"entry.py": ENTRY}, main="entry.py"))
    assert found["python_modules/workers/__init__.py"] == "Data"
    assert "wrangler.jsonc" not in found


def test_an_environment_beside_the_main_module_is_named(tmp_path: Path) -> None:
    files: dict[str, str | bytes] = {
        "entry.py": ENTRY,
        ".venv/lib/python3.13/site-packages/p/__init__.py": "",
    }
    found = bundle_of(tmp_path, files, main="entry.py")
    assert [text for text in found.warnings if '".venv" looks like a virtual environment' in text]


@pytest.mark.parametrize(
    "line", ["from sandbox import get_sandbox", "import sandbox.client", "def f():\n    import sandbox as s"]
)
def test_the_sandbox_sdk_comes_along_when_it_is_imported(tmp_path: Path, line: str) -> None:
    names = set(kinds(bundle_of(tmp_path, {"src/box.py": line})))
    assert "python_modules/sandbox/__init__.py" in names
    parts = {name.split("/")[2] for name in names if name.startswith("python_modules/sandbox/")}
    assert parts == {"__init__.py", *FOR_WORKERS}


@pytest.mark.parametrize(
    "line", ["", "from .sandbox import x", "import sandboxes", "text = 'import sandbox'", "("]
)
def test_and_only_then(tmp_path: Path, line: str) -> None:
    assert "python_modules/sandbox/__init__.py" not in kinds(bundle_of(tmp_path, {"src/box.py": line}))


@pytest.mark.parametrize("name", ["src/sandbox.py", "python_modules/sandbox/__init__.py"])
def test_ones_own_sandbox_is_left_alone(tmp_path: Path, name: str) -> None:
    files: dict[str, str | bytes] = {"src/box.py": "import sandbox", name: "mine = True"}
    found = bundle_of(tmp_path, files)
    assert [module.content for module in found.modules if "sandbox" in module.name] == [b"mine = True"]


def test_sizes_are_of_all_modules_together(tmp_path: Path) -> None:
    found = bundle_of(tmp_path, {"src/a.py": "a = 1\n" * 1000})
    whole = b"".join(module.content for module in found.modules)
    assert found.size_bytes == len(whole) == len(ENTRY) + 6000
    assert gzip.decompress(gzip.compress(whole)) == whole
    assert 0 < found.gzip_bytes < 300
