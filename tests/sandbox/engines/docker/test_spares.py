"""Sandboxes that are started ahead."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from edge.containers.engine import Image, Instance, InstanceType
from sandbox.engines.docker.engine import DockerEngine
from sandbox.engines.docker.owner import LABEL
from tests.sandbox.engines.contract.houses import House
from tests.sandbox.engines.contract.programs import shell
from tests.sandbox.engines.docker import daemon
from tests.sandbox.engines.docker.conftest import docker_house

pytestmark = pytest.mark.docker
SANDBOX = {"sandbox-server": "1"}


class Pooled:
    """An engine with a pool, and what its daemon has of it."""

    def __init__(self, house: House, api: Any) -> None:
        self.house = house
        assert isinstance(house.engine, DockerEngine)
        self.engine = house.engine
        self._api = api

    def ids(self) -> set[str]:
        found = self._api.containers(filters={"label": f"{LABEL}={self.engine._owner}"})
        return {one["Id"] for one in found}

    def start(self, **settings: Any) -> Instance:
        """A sandbox, and what was begun behind it is over."""
        started = self.house.start(
            **{"image": Image(reference=daemon.BUSYBOX), "labels": SANDBOX, **settings}
        )
        self.house.run(self.engine.filled())
        return started


@pytest.fixture
def pooled(api: Any, tmp_path: Path) -> Iterator[Pooled]:
    house = docker_house(pool_size=1)
    house.open(tmp_path)
    yield Pooled(house, api)
    house.close()


def test_the_second_start_takes_a_spare(pooled: Pooled) -> None:
    first = pooled.start(env={"A": "first"})
    (spare,) = pooled.ids() - {first.id}  # type: ignore[attr-defined]
    second = pooled.start(env={"A": "second"})
    assert second.id == spare  # type: ignore[attr-defined]
    assert len(pooled.ids()) == 3
    for instance, value in ((first, b"first\n"), (second, b"second\n")):
        assert pooled.house.run(shell(instance, "echo $A")).stdout == value
    session = pooled.house.run(second.open_shell(cwd="/", env={}))
    assert pooled.house.run(session.environment())["A"] == "second"


def test_other_kinds_are_made_anew(pooled: Pooled) -> None:
    pooled.start()
    (small, labelled) = (
        pooled.start(instance_type=InstanceType("lite", 1 / 16, 64, 2000)),
        pooled.start(labels={**SANDBOX, "mine": "1"}),
    )
    limit = "cat /sys/fs/cgroup/memory/memory.limit_in_bytes /sys/fs/cgroup/memory.max 2>/dev/null"
    assert pooled.house.run(shell(small, limit)).stdout.strip() == b"67108864"
    found = pooled._api.inspect_container(labelled.id)  # type: ignore[attr-defined]
    assert found["Config"]["Labels"]["mine"] == "1"


def test_a_spare_that_died_is_not_taken(pooled: Pooled) -> None:
    first = pooled.start()
    (spare,) = pooled.ids() - {first.id}  # type: ignore[attr-defined]
    pooled._api.kill(spare)
    pooled.house.run(pooled.engine._spares._ready[next(iter(pooled.engine._spares._ready))][0].wait())
    second = pooled.start()
    assert second.id != spare  # type: ignore[attr-defined]
    assert pooled.house.run(shell(second, "echo fine")).stdout == b"fine\n"


def test_spares_of_an_image_that_was_built_anew_go(pooled: Pooled, tmp_path: Path) -> None:
    image = Image(dockerfile=tmp_path / "Dockerfile")
    for content in ("one", "two"):
        (tmp_path / "Dockerfile").write_text(f"FROM {daemon.BUSYBOX}\nRUN echo {content} >/content\n")
        pooled.house.run(pooled.engine.prepare(image))
        assert len(pooled.ids()) == (0 if content == "one" else 1)
        sandbox = pooled.start(image=image)
        assert pooled.house.run(shell(sandbox, "cat /content")).stdout == content.encode() + b"\n"


def test_spares_end_with_the_engine(pooled: Pooled) -> None:
    pooled.start()
    pooled.house.run(pooled.engine.close())
    assert pooled.ids() == set()
