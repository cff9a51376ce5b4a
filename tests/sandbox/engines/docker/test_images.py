"""Images that are built, found or not to be had, and what they run."""

from __future__ import annotations

import logging
from pathlib import Path
from typing import Any

import pytest

from edge.containers.engine import Exit, Image, Instance, StartFailed
from tests.sandbox.engines.contract.houses import House
from tests.sandbox.engines.contract.programs import shell
from tests.sandbox.engines.docker import daemon

pytestmark = pytest.mark.docker


def project(folder: Path, dockerfile: str, **files: str) -> Image:
    (folder / "Dockerfile").write_text(f"FROM {daemon.BUSYBOX}\n{dockerfile}")
    for name, content in files.items():
        (folder / name).write_text(content)
    return Image(dockerfile=folder / "Dockerfile", build_args={"COLOUR": "red"})


def start(house: House, image: Image, **settings: Any) -> Instance:
    return house.start(image=image, **settings)


def test_a_dockerfile_is_built_with_its_context(house: House, tmp_path: Path) -> None:
    dockerfile = """
ARG COLOUR=none
ENV COLOUR=$COLOUR
WORKDIR /app
COPY note .
RUN cp note copied
CMD ["sh", "-c", "cat copied; exit 7"]
"""
    image = project(tmp_path, dockerfile, note="kept\n")
    assert house.run(start(house, image).wait()) == Exit(7, "exit")
    sandbox = start(house, image, labels={"sandbox-server": "1"})
    assert house.run(shell(sandbox, "cat /app/copied; echo $COLOUR")).stdout == b"kept\nred\n"


def test_what_changed_is_built_again_when_prepared(house: House, tmp_path: Path) -> None:
    image = project(tmp_path, "COPY note /note\n", note="one")
    for content in ("one", "two"):
        (tmp_path / "note").write_text(content)
        house.run(house.engine.prepare(image))
        sandbox = start(house, image, labels={"sandbox-server": "1"})
        assert house.run(shell(sandbox, "cat /note")).stdout == content.encode()


def test_what_is_ignored_does_not_come_along(house: House, tmp_path: Path) -> None:
    image = project(tmp_path, "COPY . /all/\n", note="x", secret="x")
    (tmp_path / ".dockerignore").write_text("secret\n")
    sandbox = start(house, image, labels={"sandbox-server": "1"})
    assert b"secret" not in house.run(shell(sandbox, "ls -a /all")).stdout


@pytest.mark.parametrize(
    ("dockerfile", "words"),
    [("FOO bar\n", "FOO"), ("COPY missing /\n", "missing"), ("RUN exit 3\n", "non-zero code: 3")],
)
def test_an_image_that_does_not_build(house: House, tmp_path: Path, dockerfile: str, words: str) -> None:
    with pytest.raises(StartFailed, match="The image does not build") as failed:
        start(house, project(tmp_path, dockerfile))
    assert words in str(failed.value)
    assert str(tmp_path / "Dockerfile") in str(failed.value)


def test_a_context_that_is_not_there(house: House, tmp_path: Path) -> None:
    image = project(tmp_path, "")
    with pytest.raises(StartFailed, match="The image does not build"):
        start(house, Image(dockerfile=image.dockerfile, build_context=tmp_path / "none"))


def test_an_image_that_cannot_be_pulled(house: House) -> None:
    with pytest.raises(StartFailed, match="cannot be pulled"):
        start(house, Image(reference="127.0.0.1:1/no/such:image"))


def test_an_image_without_a_command(house: House) -> None:
    with pytest.raises(StartFailed, match="No command specified"):
        start(house, Image(reference=daemon.BUSYBOX))


def test_a_container_needs_nothing_but_its_program(house: House, tmp_path: Path) -> None:
    dockerfile = """RUN ["/usr/bin/busybox", "true"]
FROM scratch
COPY --from=0 /usr/bin/busybox /busybox
ENTRYPOINT ["/busybox", "sleep"]
CMD ["1000"]
"""
    bare = project(tmp_path, dockerfile)
    instance = start(house, bare)
    with pytest.raises(FileNotFoundError, match="/bin/sh"):
        house.run(instance.spawn(("/busybox", "true")))
    house.run(instance.signal(15))
    assert house.run(instance.wait()) == Exit(143, "runtime_signal")
    with pytest.raises(StartFailed, match="has no /bin/sh"):
        start(house, bare, labels={"sandbox-server": "1"})


def test_what_the_image_of_a_sandbox_runs_runs_beside(
    house: House, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO, "edge.containers")
    image = project(tmp_path, 'CMD ["sh", "-c", "echo beside; touch /tmp/beside"]\n')
    sandbox = start(house, image, labels={"sandbox-server": "1"})
    wait = "until [ -e /tmp/beside ]; do sleep 0.05; done; echo alive"
    assert house.run(shell(sandbox, wait)).stdout == b"alive\n"
    house.run(sandbox.destroy())
    assert any(record.getMessage().endswith(": beside") for record in caplog.records)


def test_what_an_entrypoint_prints_is_logged(house: House, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO, "edge.containers")
    instance = house.start(entrypoint=("sh", "-c", "echo out; echo err >&2; exit 3"))
    assert house.run(instance.wait()) == Exit(3, "exit")
    house.run(house.context.clock.sleep(0.05))
    said = {record.getMessage().rpartition(": ")[2] for record in caplog.records}
    assert {"out", "err"} <= said


def test_an_entrypoint_by_its_bare_name(house: House) -> None:
    with pytest.raises(StartFailed, match="has no no_such_program"):
        house.start(entrypoint=("no_such_program",))
    assert house.run(house.start(entrypoint=("true",)).wait()) == Exit(0, "exit")
