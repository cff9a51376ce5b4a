"""Archives of a directory, out and in."""

from __future__ import annotations

import io
import os
import shutil
import subprocess
import tarfile
from pathlib import Path

import pytest

from edge.js.errors import JsException
from tests.sandbox.server.api import Api, Refused, with_api


async def backup(api: Api, folder: Path, **options: object) -> bytes:
    response = await api.send("POST", "/api/backup/create", {"dir": str(folder), **options})
    data = await response.read_bytes()
    assert response.status == 200, data
    assert response.headers.get_str("content-type") == "application/gzip"
    return data


def names(archive: bytes) -> list[str]:
    with tarfile.open(fileobj=io.BytesIO(archive)) as tar:
        return sorted(tar.getnames())


def fill(folder: Path) -> None:
    (folder / "sub dir").mkdir(parents=True)
    (folder / "sub dir" / "a.txt").write_text("a")
    (folder / ".hidden").write_text("h")
    (folder / "run.sh").write_text("x")
    (folder / "run.sh").chmod(0o755)
    (folder / "link").symlink_to("run.sh")
    (folder / "node_modules" / "x").mkdir(parents=True)
    (folder / "node_modules" / "x" / "big.js").write_text("b" * 100_000)


def test_a_directory_comes_back_as_it_was(tmp_path: Path) -> None:
    async def body(api: Api) -> None:
        folder = tmp_path / "work"
        fill(folder)
        archive = await backup(api, folder, excludes=["node_modules"])
        assert names(archive) == [".", "./.hidden", "./link", "./run.sh", "./sub dir", "./sub dir/a.txt"]
        shutil.rmtree(folder / "sub dir")
        (folder / "newer").write_text("n")
        (folder / "run.sh").write_text("changed")
        response = await api.send(
            "POST",
            f"/api/backup/restore?dir={folder}",
            archive,
            headers={"content-type": "application/gzip"},
        )
        assert response.status == 200, await response.read_bytes()
        assert sorted(os.listdir(folder)) == [".hidden", "link", "run.sh", "sub dir"]
        assert (folder / "run.sh").read_text() == "x"
        assert (folder / "run.sh").stat().st_mode & 0o777 == 0o755
        assert (folder / "link").readlink() == Path("run.sh")
        response = await api.send(
            "POST",
            f"/api/backup/restore?dir={tmp_path}/else/where",
            archive,
            headers={"content-type": "application/gzip"},
        )
        assert response.status == 200
        assert (tmp_path / "else" / "where" / "sub dir" / "a.txt").read_text() == "a"

    with_api(tmp_path, body)


@pytest.mark.skipif(shutil.which("git") is None, reason="needs git")
def test_what_git_ignores_is_left_out(tmp_path: Path) -> None:
    async def body(api: Api) -> None:
        folder = tmp_path / "work"
        fill(folder)
        (folder / ".gitignore").write_text("node_modules\n*.txt\n")
        assert "./sub dir/a.txt" in names(await backup(api, folder, gitignore=True))  # no repository
        subprocess.run(["git", "init", "-q"], cwd=folder, check=True)
        found = [name for name in names(await backup(api, folder, gitignore=True)) if ".git/" not in name]
        assert found == [".", "./.git", "./.gitignore", "./.hidden", "./link", "./run.sh"]

    with_api(tmp_path, body)


def test_a_broken_archive_changes_nothing(tmp_path: Path) -> None:
    async def body(api: Api) -> None:
        folder = tmp_path / "work"
        fill(folder)
        archive = await backup(api, folder)
        before = sorted(os.listdir(folder))
        for broken in (archive[: len(archive) // 2], b"no archive"):
            response = await api.send(
                "POST",
                f"/api/backup/restore?dir={folder}",
                broken,
                headers={"content-type": "application/gzip"},
            )
            assert response.status == 500
            assert b"BACKUP_RESTORE_FAILED" in await response.read_bytes()
            assert sorted(os.listdir(folder)) == before

    with_api(tmp_path, body)


def test_what_cannot_be_backed_up(tmp_path: Path) -> None:
    async def body(api: Api) -> None:
        for folder in ("relative", "/workspace/../etc", "/a\0"):
            with pytest.raises(Refused) as caught:
                await api.post("backup/create", dir=folder)
            assert (caught.value.status, caught.value.code) == (400, "INVALID_BACKUP_CONFIG")
        with pytest.raises(Refused, match="Directory not found: /not/here"):
            await api.post("backup/create", dir="/not/here")
        with pytest.raises(Refused, match="Path is not a directory: /etc/passwd"):
            await api.post("backup/create", dir="/etc/passwd")
        api.instance._path = "/nowhere"
        with pytest.raises(Refused, match="Backups need the program tar in the image"):
            await api.post("backup/create", dir=str(tmp_path))

    with_api(tmp_path, body)


def test_a_backup_that_fails_midway_breaks_its_stream(tmp_path: Path) -> None:
    async def body(api: Api) -> None:
        programs = tmp_path / "programs"
        programs.mkdir()
        (programs / "tar").write_text("#!/bin/sh\necho some; echo 'disk full' >&2; exit 2\n")
        (programs / "tar").chmod(0o755)
        api.instance._path = f"{programs}:{api.instance._path}"
        with pytest.raises(JsException, match="Backup failed: disk full"):
            await backup(api, tmp_path)

    with_api(tmp_path, body)
