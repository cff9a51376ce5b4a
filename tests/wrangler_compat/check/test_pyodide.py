from __future__ import annotations

from pathlib import Path

from edge.config import WorkerConfig
from wrangler_compat.check import pyodide
from wrangler_compat.check.pyodide import distribution, main
from wrangler_compat.modules.profile import Profile


def test_every_version_that_workers_run_is_known() -> None:
    for date in ("2025-09-01", "2026-03-01", "2026-11-17"):
        version = Profile.of(WorkerConfig("app", Path("/nowhere"), None, date)).ffi.version
        assert distribution(version).packages["numpy"].imports == ("numpy",)


def test_what_is_known_of_a_package() -> None:
    found = distribution("314.0.6")
    assert found.python == "3.14.2"
    assert found.packages["pyyaml"].imports == ("_yaml", "yaml")
    assert not found.packages["pydantic-core"].is_pure
    assert found.packages["beautifulsoup4"].is_pure
    assert "soupsieve" in found.packages["beautifulsoup4"].depends
    assert not {"numpy-tests", "libopenblas"} & set(found.packages)


LOCK = """
{"info": {"python": "3.14.2"}, "packages": {
  "b": {"name": "B_b", "version": "2", "imports": ["b", "no-name"], "depends": ["A.a"],
        "package_type": "package", "file_name": "b-2-cp314-wasm32.whl"},
  "b-tests": {"name": "b-tests", "version": "2", "imports": [], "depends": [], "package_type": "package",
              "file_name": "b-tests.tar"},
  "lib": {"name": "lib", "version": "1", "imports": [], "depends": [], "package_type": "shared_library",
          "file_name": "lib.zip"},
  "A.a": {"name": "A.a", "version": "1", "imports": ["a"], "depends": [], "package_type": "package",
          "file_name": "a-1-py3-none-any.whl"}}}
"""


def test_the_data_is_made_from_lock_files(tmp_path: Path, monkeypatch: object) -> None:
    (tmp_path / "lock.json").write_text(LOCK)
    before, pyodide._DATA = pyodide._DATA, tmp_path / "data.json"
    try:
        main([f"9={tmp_path / 'lock.json'}", f"8={tmp_path / 'lock.json'}"])
    finally:
        pyodide._DATA = before
    one = (
        '    "python": "3.14.2",\n    "packages": {\n'
        '      "a-a": ["1", ["a"], [], true],\n'
        '      "b-b": ["2", ["b"], ["a-a"], false]\n    }\n  }'
    )
    assert (tmp_path / "data.json").read_text() == f'{{\n  "9": {{\n{one},\n  "8": {{\n{one}\n}}\n'
