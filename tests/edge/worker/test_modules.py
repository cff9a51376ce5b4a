from __future__ import annotations

import os
import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from edge.worker.modules import ModuleSpace, Provided


def write(root: Path, **files: str) -> Path:
    for name, text in files.items():
        path = root / (name.replace("__", "/").replace("INIT", "__init__") + ".py")
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    return root


def load(root: Path, provided: Mapping[str, Provided] | None = None) -> ModuleType:
    space = ModuleSpace([root], provided or {})
    try:
        return space.load_main(root / "entry.py")
    finally:
        space.close()


def test_two_workers_with_equally_named_modules_do_not_see_each_other(tmp_path: Path) -> None:
    one = write(tmp_path / "one", entry="import helper\nvalue = helper.NAME", helper="NAME = 'one'")
    two = write(tmp_path / "two", entry="import helper\nvalue = helper.NAME", helper="NAME = 'two'")
    spaces = [ModuleSpace([root], {}) for root in (one, two)]
    modules = [space.load_main(root / "entry.py") for space, root in zip(spaces, (one, two), strict=True)]
    assert [module.value for module in modules] == ["one", "two"]
    for space in spaces:
        space.close()
    assert sys.modules.get("helper") not in modules
    assert sys.modules.get("entry") not in modules


def test_provided_modules_exist_only_inside(tmp_path: Path) -> None:
    provided = ModuleType("platform_of_the_test")
    provided.__dict__["answer"] = 42
    root = write(tmp_path, entry="from platform_of_the_test import answer")
    assert load(root, {"platform_of_the_test": provided}).answer == 42
    assert "platform_of_the_test" not in sys.modules


def test_packages_submodules_and_relative_imports(tmp_path: Path) -> None:
    root = write(
        tmp_path,
        entry=(
            "import shop.cart\nfrom shop import prices\nfrom shop.deep.nested import up\n"
            "value = (shop.cart.TOTAL, prices.ONE, up)"
        ),
        shop__INIT="",
        shop__cart="from .prices import ONE\nTOTAL = ONE * 2",
        shop__prices="ONE = 1",
        shop__deep__INIT="",
        shop__deep__nested="from ..prices import ONE as up",
    )
    assert load(root).value == (2, 1, 1)


def test_star_import_follows_all(tmp_path: Path) -> None:
    root = write(
        tmp_path,
        entry="from shop import *\nvalue = cart.X",
        shop__INIT="__all__ = ['cart']",
        shop__cart="X = 5",
    )
    assert load(root).value == 5


def test_a_missing_name_is_an_import_error(tmp_path: Path) -> None:
    root = write(tmp_path, entry="from shop import nothing", shop__INIT="")
    with pytest.raises(ImportError, match="cannot import name 'nothing' from 'shop'"):
        load(root)


def test_a_submodule_that_fails_says_so(tmp_path: Path) -> None:
    root = write(
        tmp_path, entry="from shop import broken", shop__INIT="", shop__broken="import not_there_at_all"
    )
    with pytest.raises(ModuleNotFoundError, match="not_there_at_all"):
        load(root)


def test_a_failed_module_is_tried_again(tmp_path: Path) -> None:
    root = write(
        tmp_path,
        entry=(
            "try:\n    import shaky\nexcept ValueError:\n    pass\n"
            "try:\n    import shaky\nexcept ValueError as e:\n    value = str(e)"
        ),
        shaky="raise ValueError('again')",
    )
    assert load(root).value == "again"


def test_cycles_work_as_in_python(tmp_path: Path) -> None:
    root = write(tmp_path, entry="import a\nvalue = a.b.NAME", a="import b", b="import a\nNAME = 'b'")
    assert load(root).value == "b"


def test_host_packages_are_found_and_unchanged(tmp_path: Path) -> None:
    root = write(
        tmp_path, entry="import json, importlib\nsame = json\nloaded = importlib.import_module('json')"
    )
    import json

    module = load(root)
    assert module.same is json
    assert module.loaded is json


def test_import_module_finds_the_workers_own(tmp_path: Path) -> None:
    root = write(
        tmp_path, entry="import importlib\nvalue = importlib.import_module('helper').X", helper="X = 3"
    )
    assert load(root).value == 3


def test_the_worker_sees_the_platform_it_will_run_on(tmp_path: Path) -> None:
    root = write(tmp_path, entry="import sys\nvalue = sys.platform\nversion = sys.version_info")
    module = load(root)
    assert module.value == "emscripten"
    assert module.version == sys.version_info


def test_packages_built_for_pyodide_give_way_to_the_hosts(tmp_path: Path) -> None:
    root = write(
        tmp_path, entry="import json\nvalue = hasattr(json, 'dumps')", json__INIT="raise SystemError"
    )
    (tmp_path / "json" / "_speedups.cpython-313-wasm32-emscripten.so").write_bytes(b"\0asm")
    assert load(root).value is True


def test_real_paths_and_dataclasses(tmp_path: Path) -> None:
    root = write(
        tmp_path,
        entry=(
            "from __future__ import annotations\nimport dataclasses, typing\n"
            "@dataclasses.dataclass\nclass P:\n    x: typing.ClassVar[int] = 1\n    y: int = 2\n"
            "value = [f.name for f in dataclasses.fields(P)]\nhere = __file__"
        ),
    )
    module = load(root)
    assert module.value == ["y"]
    assert module.here == str(root / "entry.py")


def test_code_is_as_fresh_as_its_files(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    # Python takes a cached module for current when second and size of its source agree: two edits in
    # one second may well be of one size.
    monkeypatch.setattr(sys, "dont_write_bytecode", False)
    for value in ("1", "2"):
        write(tmp_path, entry=f"import helper\nvalue = {value}, helper.VALUE", helper=f"VALUE = {value}")
        for name in ("entry.py", "helper.py"):
            os.utime(tmp_path / name, (1_700_000_000, 1_700_000_000))
        assert load(tmp_path).value == (int(value), int(value))
    assert not (tmp_path / "__pycache__").exists()


def test_vendored_packages_keep_their_compiled_form(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "dont_write_bytecode", False)
    monkeypatch.setattr(sys, "pycache_prefix", None)
    root, vendored = tmp_path / "src", tmp_path / "python_modules"
    write(root, entry="import big")
    write(vendored, big="VALUE = 1")
    space = ModuleSpace([root, vendored], {})
    space.load_main(root / "entry.py")
    space.close()
    assert list((vendored / "__pycache__").glob("big.*.pyc"))


def test_modules_given_as_functions_are_made_when_first_imported(tmp_path: Path) -> None:
    made: list[str] = []

    def maker(name: str, **names: Any) -> Callable[[], ModuleType]:
        def make() -> ModuleType:
            made.append(name)
            module = ModuleType(name)
            module.__dict__.update(names)
            return module

        return make

    provided = {
        "lazy": maker("lazy", __path__=[], value=1),
        "lazy.child": maker("lazy.child", value=2),
        "unused": maker("unused"),
    }
    root = write(tmp_path, entry="import lazy.child\nfrom lazy.child import value\ntop = lazy.value")
    main = load(root, provided)
    assert (main.value, main.top) == (2, 1)
    assert sorted(made) == ["lazy", "lazy.child"]


def test_vendored_packages_tell_their_version(tmp_path: Path) -> None:
    root, vendored = tmp_path / "src", tmp_path / "python_modules"
    write(
        root,
        entry=(
            "import sys\nfrom importlib.metadata import PackageNotFoundError, version\n"
            "value = version('big')\nfolders = sys.path[:2]\n"
            "try:\n    version('nobody-has-this')\nexcept PackageNotFoundError as e:\n    missing = str(e)"
        ),
    )
    (vendored / "big-1.5.dist-info").mkdir(parents=True)
    metadata = "Metadata-Version: 2.1\nName: big\nVersion: 1.5\n"
    (vendored / "big-1.5.dist-info" / "METADATA").write_text(metadata)
    space = ModuleSpace([root, vendored], {})
    try:
        main = space.load_main(root / "entry.py")
    finally:
        space.close()
    assert main.value == "1.5"
    assert main.folders == [str(root), str(vendored)]
    assert main.missing == "No package metadata was found for nobody-has-this"
    assert str(vendored) not in sys.path


def test_the_main_module_is_in_no_package(tmp_path: Path) -> None:
    root = write(tmp_path, entry="from .helper import X", helper="X = 1")
    with pytest.raises(ImportError, match="^attempted relative import with no known parent package$"):
        load(root)
