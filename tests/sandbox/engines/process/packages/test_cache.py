"""Packages shared among sandboxes; a script stands for pip, so that no test needs a network."""

from __future__ import annotations

import asyncio
import shutil
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from edge.containers.engine import Image, Instance
from sandbox.engines.context import EngineContext
from sandbox.engines.process import userland
from sandbox.engines.process.engine import ProcessEngine
from sandbox.engines.process.packages.store import SHOWN
from tests.sandbox.engines.contract.houses import House
from tests.sandbox.engines.contract.programs import Ran, shell

#: Installs a package whose content is never the same twice, so that it shows who has installed it.
PIP = r"""#!/bin/sh
command=$1; shift
for name in "$@"; do
  case $name in
    -*) continue ;;
    broken) echo "no such package" >&2; exit 3 ;;
    changes) echo changed >> /etc/os-release ;;
  esac
  folder=/usr/local/lib/python3/site-packages
  mkdir -p $folder/${name%%==*} $folder/shared /usr/local/bin
  date +%s%N > $folder/${name%%==*}/content
  echo "of all" > $folder/shared/content
  case $name in other*) echo "of $name" > $folder/shared/content ;; esac
  printf '#!/bin/sh\necho "I am %s"\n' $name > /usr/local/bin/${name%%==*}
  chmod +x /usr/local/bin/${name%%==*}
  echo "Successfully installed $name"
done
"""
CONTENT = "/usr/local/lib/python3/site-packages/{}/content"

WAYS: dict[str, dict[str, Any]] = {
    "overlay": {},
    "copy": {"styles": ("copy",)},
    "user": {"as_root": False},
}


def image(folder: Path) -> Image:
    if not folder.exists():
        folder.mkdir()
        (folder / "pip").write_text(PIP)
        (folder / "pip").chmod(0o755)
        (folder / "Dockerfile").write_text(
            "FROM any\nCOPY pip /tools/pip\nENV PATH=/tools:/usr/local/bin:/usr/bin:/bin\n"
        )
    return Image(dockerfile=folder / "Dockerfile", build_context=folder)


def opened(folder: Path, *, package_cache: bool = True, **options: Any) -> House:
    if shutil.which("pip", path=userland.environment()["PATH"]) is None:
        pytest.skip("this machine has no pip, so nothing stands before it")

    def make(context: EngineContext) -> ProcessEngine:
        return ProcessEngine(replace(context, package_cache=package_cache), pool_size=0, **options)

    house = House("process", make, image=image(folder / "image"))
    house.open(folder / "state")
    assert house.unavailable is None, house.unavailable
    if house.engine.isolation().startswith("None"):
        pytest.skip(f"no namespaces here: {house.engine.isolation()}")
    return house


@pytest.fixture
def house(tmp_path: Path) -> Iterator[House]:
    house = opened(tmp_path)
    yield house
    house.clean_up()
    house.close()


def started(house: House, **settings: Any) -> Instance:
    settings.setdefault("enable_internet", True)
    return house.start(entrypoint=(), **settings)


def does(house: House, instance: Instance, script: str) -> Ran:
    return house.run(shell(instance, script))


def content(house: House, instance: Instance, package: str) -> bytes:
    return does(house, instance, f"cat {CONTENT.format(package)}").stdout


@pytest.mark.parametrize("way", WAYS)
def test_the_second_one_gets_a_link(tmp_path: Path, way: str) -> None:
    house = opened(tmp_path, **WAYS[way])
    try:
        one, other = started(house), started(house)
        first = does(house, one, "pip install thing==1 && thing")
        second = does(house, other, "pip install thing==1 && thing")
        assert first == second == Ran(0, b"Successfully installed thing==1\nI am thing==1\n", b"")
        assert content(house, one, "thing") == content(house, other, "thing") != b""
        folder = CONTENT.format("thing").removesuffix("/content")
        assert does(house, other, f"readlink {folder}").stdout.startswith(f"{SHOWN}/trees/".encode())
    finally:
        house.clean_up()
        house.close()


def test_without_the_cache_each_installs_for_itself(tmp_path: Path) -> None:
    house = opened(tmp_path, package_cache=False)
    try:
        one, other = started(house), started(house)
        for instance in (one, other):
            assert does(house, instance, "pip install thing==1 && thing").code == 0
        assert content(house, one, "thing") != content(house, other, "thing")
    finally:
        house.clean_up()
        house.close()


def test_it_outlives_the_engine(tmp_path: Path) -> None:
    contents = []
    for _ in range(2):
        house = opened(tmp_path)
        instance = started(house)
        assert does(house, instance, "pip install thing==1").code == 0
        contents.append(content(house, instance, "thing"))
        house.clean_up()
        house.close()
    assert contents[0] == contents[1] != b""


def test_one_sandbox_cannot_poison_another(house: House) -> None:
    """It changes its own pip, its own settings, and what it was given: nobody else notices."""
    evil, good = started(house), started(house)
    evil_pip = "printf '#!/bin/sh\\necho evil > /usr/local/bin/thing\\n' > /tools/pip; chmod +x /tools/pip"
    assert does(house, evil, f"{evil_pip}; pip install thing==1").code == 0
    shared = f"{SHOWN}/trees; echo evil > {CONTENT.format('thing')}; echo evil > /usr/local/bin/thing"
    assert does(house, evil, f"touch {shared}").code != 0
    assert does(house, evil, f"rm -f /usr/local/bin/thing; ls {SHOWN}/trees").code != 0
    assert does(house, good, "pip install thing==1 && thing").stdout.endswith(b"I am thing==1\n")


@pytest.mark.parametrize(
    "before",
    [
        "export PIP_INDEX_URL=http://example.test",
        "mkdir -p /root/.pip; echo '[global]' > /root/.pip/pip.conf",
        "export HOME=/workspace",
    ],
)
def test_whoever_has_other_settings_installs_for_itself(house: House, before: str) -> None:
    usual, other = started(house), started(house)
    assert does(house, usual, "pip install thing==1").code == 0
    assert does(house, other, f"{before}; pip install thing==1").code == 0
    assert content(house, usual, "thing") != content(house, other, "thing")


def test_what_does_more_than_add_files_is_not_shared(house: House) -> None:
    one, other = started(house), started(house)
    for instance in (one, other):
        assert does(house, instance, "pip install changes && tail -1 /etc/os-release").stdout.endswith(
            b"changed\n"
        )
    assert content(house, one, "changes") != content(house, other, "changes")


def test_a_failure_is_the_real_programs_own(house: House) -> None:
    ran = does(house, started(house), "pip install broken")
    assert (ran.code, ran.stderr) == (3, b"no such package\n")


def test_packages_that_go_together_stay_linked(house: House) -> None:
    instance = started(house)
    assert does(house, instance, "pip install one && pip install two && one && two").code == 0
    links = "find /usr/local/lib/python3/site-packages -mindepth 1 -maxdepth 1 -type l | wc -l"
    assert does(house, instance, links).stdout == b"3\n"


def test_packages_that_do_not_are_installed_by_the_real_program(house: House) -> None:
    """The second needs another `shared`: pip sees files it may change, the first package among them."""
    instance = started(house)
    assert does(house, instance, "pip install one && pip install other").code == 0
    assert does(house, instance, f"cat {CONTENT.format('shared')}").stdout == b"of other\n"
    links = "find /usr/local/lib/python3/site-packages -type l | wc -l"
    assert does(house, instance, links).stdout == b"0\n"
    assert does(house, instance, "one && other").stdout == b"I am one\nI am other\n"
    # And from now on the real one does it all.
    fresh = started(house)
    assert (
        does(house, instance, "pip install three").code == does(house, fresh, "pip install three").code == 0
    )
    assert content(house, instance, "three") != content(house, fresh, "three")


def test_a_sandbox_without_internet_has_none_of_it(house: House) -> None:
    assert SHOWN.encode() not in does(house, started(house, enable_internet=False), "echo $PATH").stdout


def test_many_that_want_the_same_wait_for_one(house: House) -> None:

    instances = [started(house) for _ in range(4)]

    async def all_at_once() -> None:
        await asyncio.gather(*(shell(instance, "pip install thing") for instance in instances))

    house.run(all_at_once())
    assert len({content(house, instance, "thing") for instance in instances}) == 1
