"""Programs of this machine and packages that a sandbox installs: what pip and npm do, without a network."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from sandbox.engines.process.engine import ProcessEngine
from tests.sandbox.engines.contract.houses import House
from tests.sandbox.engines.contract.programs import shell

WAYS: dict[str, dict[str, Any]] = {
    "overlay": {},
    "copy": {"styles": ("copy",)},
    "user": {"as_root": False},
}


@pytest.fixture(params=WAYS)
def house(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[House]:
    house = House("process", partial(ProcessEngine, **WAYS[request.param]))
    house.open(tmp_path)
    assert house.unavailable is None
    yield house
    house.clean_up()
    house.close()


def test_usr_local_can_be_written(house: House) -> None:
    instance = house.start()
    script = "printf '#!/bin/sh\\necho mine\\n' > /usr/local/bin/tool && chmod +x /usr/local/bin/tool && tool"
    assert house.run(shell(instance, script)).stdout == b"mine\n"


def wheel() -> bytes:
    """The smallest package that pip installs."""
    info = "tiny_package-1.dist-info"
    files = {
        "tiny_package.py": "print('imported')\n",
        f"{info}/METADATA": "Metadata-Version: 2.1\nName: tiny-package\nVersion: 1\n",
        f"{info}/WHEEL": "Wheel-Version: 1.0\nGenerator: test\nRoot-Is-Purelib: true\nTag: py3-none-any\n",
    }
    record = "".join(f"{name},,\n" for name in [*files, f"{info}/RECORD"])
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        for name, text in {**files, f"{info}/RECORD": record}.items():
            archive.writestr(name, text)
    return buffer.getvalue()


def test_a_package_of_python(house: House) -> None:
    instance = house.start()
    house.run(instance.files.write("/tmp/tiny_package-1-py3-none-any.whl", wheel()))
    install = "pip install -q --no-index /tmp/*.whl && python3 -c 'import tiny_package'"
    ran = house.run(shell(instance, install))
    assert ran.stdout == b"imported\n", ran.stderr


def test_a_package_of_node(house: House) -> None:
    instance = house.start()
    if house.run(shell(instance, "command -v npm")).code != 0:
        pytest.skip("this machine has no npm")
    manifest = b'{"name": "tiny", "version": "1.0.0", "bin": {"tiny": "cli.js"}}'
    house.run(instance.files.write("/tmp/p/package.json", manifest, parents=True))
    house.run(instance.files.write("/tmp/p/cli.js", b"#!/usr/bin/env node\nconsole.log('ran')\n", mode=0o755))
    ran = house.run(shell(instance, "cd /tmp && npm pack -s ./p && npm install -gs ./tiny-1.0.0.tgz && tiny"))
    assert ran.stdout.endswith(b"ran\n"), ran.stderr
