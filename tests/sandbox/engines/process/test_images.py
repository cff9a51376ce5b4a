from __future__ import annotations

import logging
import os
from pathlib import Path

import pytest

from edge.containers.engine import Image, StartFailed
from sandbox.engines.process.images import Built, Images


class Project:
    """A folder with a Dockerfile, and images that are built from it."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder / "project"
        self.folder.mkdir()
        self.images = Images(folder / "images", folder / "skeleton")
        self.images.open()

    def write(self, **files: str) -> None:
        for name, text in files.items():
            path = self.folder / name.replace("__", "/")
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text)

    def build(self, dockerfile: str, **build_args: str) -> Built:
        (self.folder / "Dockerfile").write_text(dockerfile)
        return self.images.build(Image(dockerfile=self.folder / "Dockerfile", build_args=build_args))


@pytest.fixture
def project(tmp_path: Path) -> Project:
    return Project(tmp_path)


def names(built: Built) -> list[str]:
    top = built.layers[0]
    return sorted(str(path.relative_to(top)) for path in top.rglob("*") if not path.is_dir())


def test_a_reference_is_the_bare_root(project: Project) -> None:
    built = project.images.build(Image(reference="docker.io/cloudflare/sandbox:0.4"))
    assert len(built.layers) == 1
    assert built.command == ()
    assert (built.layers[0] / "etc/passwd").exists()


def test_files_directories_and_settings(project: Project) -> None:
    project.write(app__main="print(1)", app__lib__x="x", start="#!/bin/sh")
    built = project.build(
        "FROM python:3.12\nARG PORT=80\nENV PORT=$PORT NAME='a b'\nWORKDIR /srv/app\nCOPY app .\n"
        'COPY --chmod=755 start /usr/local/bin/\nEXPOSE 80\nCMD ["python3", "main"]\n',
        PORT="8080",
    )
    assert names(built) == ["srv/app/lib/x", "srv/app/main", "usr/local/bin/start"]
    assert os.access(built.layers[0] / "usr/local/bin/start", os.X_OK)
    assert (built.command, built.cwd) == (("python3", "main"), "/srv/app")
    assert built.env == {"PORT": "8080", "NAME": "a b"}


def test_environment_adds_to_the_path(project: Project) -> None:
    path = project.build("FROM a\nENV PATH=/app/bin:$PATH\n").env["PATH"]
    assert path.startswith("/app/bin:")
    assert path.endswith(":/usr/sbin:/usr/bin:/sbin:/bin:/root/.local/bin")


@pytest.mark.parametrize(
    ("lines", "command"),
    [
        ('CMD ["a", "b"]', ("a", "b")),
        ("CMD a b", ("/bin/sh", "-c", "a b")),
        ('ENTRYPOINT ["a"]\nCMD ["b"]', ("a", "b")),
        ('ENTRYPOINT a\nCMD ["b"]', ("/bin/sh", "-c", "a")),
        ('SHELL ["bash", "-c"]\nCMD a', ("bash", "-c", "a")),
        ("", ()),
    ],
)
def test_command(project: Project, lines: str, command: tuple[str, ...]) -> None:
    assert project.build(f"FROM a\n{lines}\n").command == command


def test_stages(project: Project) -> None:
    project.write(a="a", b="b")
    built = project.build(
        "FROM x AS base\nENV A=1\nCOPY a /a\nFROM y AS other\nCOPY b /out/b\n"
        "FROM base\nCOPY --from=other /out /from\nCOPY --from=1 /out/b /c\n"
    )
    assert names(built) == ["a", "c", "from/b"]
    assert built.env == {"A": "1"}


def test_what_is_not_done_is_said_once(project: Project, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.WARNING)
    for _ in range(2):
        project.build("FROM a\nRUN apt-get update\nCOPY --from=ghcr.io/astral-sh/uv /uv /bin/\nRUN b\n")
    assert [record.getMessage().partition(": ")[2] for record in caplog.records] == [
        "this machine's programs stand for the base image, and these are not done: "
        "RUN (line 2), COPY (line 3), RUN (line 4)"
    ]


def test_ignored_files(project: Project) -> None:
    project.write(**{".dockerignore": "node_modules\n*.log\n!keep.log\n", "node_modules__x": "", "a": ""})
    project.write(**{"b.log": "", "keep.log": "", "deep__b.log": ""})
    assert names(project.build("FROM a\nCOPY . /app/\n")) == [
        f"app/{name}" for name in (".dockerignore", "Dockerfile", "a", "deep/b.log", "keep.log")
    ]


def test_links_of_the_userland_stay(project: Project) -> None:
    project.write(tool="#!/bin/sh")
    top = project.build(
        "FROM a\nCOPY tool /bin/tool\nCOPY tool /var/run/tool\nCOPY tool /tmp/x/tool\n"
    ).layers[0]
    assert not (top / "bin").exists()
    assert (top / "run/tool").exists()
    assert (top / "tmp").stat().st_mode & 0o7777 == 0o1777
    if os.path.islink("/bin"):
        assert (top / "usr/bin/tool").exists()


def test_a_copied_link_leads_nowhere_else(project: Project, tmp_path: Path) -> None:
    outside = tmp_path / "outside"
    outside.mkdir()
    (project.folder / "dir").mkdir()
    (project.folder / "dir/link").symlink_to(outside)
    project.write(f="x")
    with pytest.raises(StartFailed):
        project.build("FROM a\nCOPY dir /dir\nCOPY f /dir/link/f\n")
    assert list(outside.iterdir()) == []


@pytest.mark.parametrize("source", ["../secret", "/../secret/../../secret", "link"])
def test_nothing_from_outside_the_context(project: Project, tmp_path: Path, source: str) -> None:
    (tmp_path / "secret").write_text("x")
    (project.folder / "link").symlink_to(tmp_path / "secret")
    with pytest.raises(StartFailed, match=r"Dockerfile:2: (forbidden path outside|.*not found)"):
        project.build(f"FROM a\nCOPY {source} /x\n")


def test_a_missing_file_is_named(project: Project) -> None:
    with pytest.raises(StartFailed, match=r"Dockerfile:2: nothing: not found in the build context"):
        project.build("FROM a\nCOPY nothing /x\n")


def test_it_is_built_again_only_when_something_changed(project: Project) -> None:
    project.write(f="1")
    first = project.build("FROM a\nCOPY f /f\n").layers[0]
    assert project.build("FROM a\nCOPY f /f\n").layers[0] == first
    project.write(f="22")
    second = project.build("FROM a\nCOPY f /f\n").layers[0]
    assert second != first
    assert (second / "f").read_text() == "22"
    assert not list(first.parent.parent.glob("draft-*"))


def test_heredoc_files(project: Project) -> None:
    top = project.build('FROM a\nENV X=1\nCOPY <<EOF /a/b\nx=$X\nEOF\nCOPY <<"E" /c/\n$X\nE\n').layers[0]
    assert (top / "a/b").read_text() == "x=1\n"
    assert (top / "c/E").read_text() == "$X\n"
