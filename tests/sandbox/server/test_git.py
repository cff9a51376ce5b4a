"""Cloning, from a repository on this machine."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest

from sandbox.server.git import default_target, redacted
from tests.sandbox.server.api import Api, Refused, with_api

needs_git = pytest.mark.skipif(shutil.which("git") is None, reason="needs git")


@pytest.fixture
def repository(tmp_path: Path) -> str:
    folder = tmp_path / "origin.git"
    folder.mkdir()
    for words in (
        ["init", "-q", "-b", "trunk"],
        ["-c", "user.name=a", "-c", "user.email=a@b", "commit", "-q", "--allow-empty", "-m", "one"],
        ["branch", "other"],
    ):
        subprocess.run(["git", *words], cwd=folder, check=True)
    return f"file://{folder}"


@needs_git
@pytest.mark.parametrize("session", ["main", None])
def test_a_repository_is_cloned(tmp_path: Path, repository: str, session: str | None) -> None:
    async def body(api: Api) -> None:
        home = api.instance.place("/workspace")
        cloned = await api.post(
            "git/checkout", repoUrl=repository, sessionId=session, targetDir=f"{home}/it's"
        )
        assert cloned.pop("timestamp").endswith("Z")
        assert cloned == {
            "success": True,
            "repoUrl": repository,
            "branch": "trunk",
            "targetDir": f"{home}/it's",
        }
        assert (home / "it's" / ".git").is_dir()
        other = await api.post(
            "git/checkout",
            repoUrl=repository,
            branch="other",
            depth=1,
            targetDir=f"{home}/deep",
            sessionId=session,
        )
        assert other["branch"] == "other"

    with_api(tmp_path, body)


@needs_git
def test_what_cannot_be_cloned(tmp_path: Path, repository: str) -> None:
    async def body(api: Api) -> None:
        with pytest.raises(Refused, match="Failed to clone repository") as caught:
            await api.post("git/checkout", repoUrl=repository, branch="nope", targetDir=f"{tmp_path}/x")
        assert (caught.value.status, caught.value.code) == (404, "GIT_BRANCH_NOT_FOUND")
        with pytest.raises(Refused, match="does not") as caught:
            await api.post("git/checkout", repoUrl=f"file://{tmp_path}/none", targetDir=f"{tmp_path}/x")
        assert (caught.value.status, caught.value.code) == (404, "GIT_REPOSITORY_NOT_FOUND")
        with pytest.raises(Refused) as caught:
            await api.post(
                "git/checkout", repoUrl="http://user:secret@127.0.0.1:9/x", targetDir=f"{tmp_path}/x"
            )
        assert (caught.value.status, caught.value.code) == (502, "GIT_NETWORK_ERROR")
        assert "secret" not in str(caught.value.body)
        for url in ("", "--upload-pack=x", "x" * 2049):
            with pytest.raises(Refused) as caught:
                await api.post("git/checkout", repoUrl=url)
            assert (caught.value.status, caught.value.code) == (400, "INVALID_GIT_URL")

    with_api(tmp_path, body)


def test_a_clone_that_takes_too_long(tmp_path: Path) -> None:
    async def body(api: Api) -> None:
        slow = tmp_path / "slow"
        slow.mkdir()
        (slow / "git").write_text("#!/bin/sh\nexec sleep 60\n")
        (slow / "git").chmod(0o755)
        api.instance._path = f"{slow}:{api.instance._path}"
        with pytest.raises(
            Refused, match=r"Git clone timed out after 0.2 seconds for 'http://\*+@h/x'"
        ) as caught:
            await api.post("git/checkout", repoUrl="http://u:p@h/x", cloneTimeoutMs=200)
        assert (caught.value.status, caught.value.code) == (502, "GIT_NETWORK_ERROR")

    with_api(tmp_path, body)


def test_names_and_credentials() -> None:
    assert default_target("https://github.com/a/b.git") == "/workspace/b"
    assert default_target("git@github.com:a/b/") == "/workspace/b"
    assert default_target("repo") == "/workspace/repo"
    assert default_target("/") == "/workspace/repository"
    assert redacted("at https://me:pw@h/x and ssh://git@h/y") == "at https://******@h/x and ssh://******@h/y"
