"""The container's file system: content, modes, errors, odd names, links that lead nowhere else."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

import pytest

from edge.containers.engine import Instance
from tests.sandbox.engines.contract.houses import House
from tests.sandbox.engines.contract.programs import shell

ODD_NAMES = ["with space", "new\nline", "quo'te\"s", "$(touch x)", "-rf", "ümlaut-日本", "a" * 255, "#", "*"]


async def content(instance: Instance, path: str) -> bytes:
    return b"".join([chunk async for chunk in instance.files.read(path)])


def test_what_is_written_is_read(house: House, instance: Instance) -> None:
    data = bytes(range(256)) * 5000
    assert house.run(instance.files.write("/workspace/a", data)) == len(data)
    assert house.run(content(instance, "/workspace/a")) == data
    assert house.run(shell(instance, "cat /workspace/a")).stdout == data


def test_what_programs_write_is_read(house: House, instance: Instance) -> None:
    house.run(shell(instance, "mkdir -p /workspace/b && printf hello > /workspace/b/c"))
    assert house.run(content(instance, "/workspace/b/c")) == b"hello"


def test_written_files_belong_to_the_containers_root(house: House, instance: Instance) -> None:
    house.run(instance.files.write("/workspace/new/deep/file", b"x", parents=True, mode=0o640))
    ran = house.run(shell(instance, "stat -c '%u %g %a' /workspace/new/deep/file; stat -c %u /workspace/new"))
    assert ran.stdout == b"0 0 640\n0\n"


def test_written_in_pieces(house: House, instance: Instance) -> None:
    async def pieces() -> AsyncIterator[bytes]:
        for number in range(10):
            yield b"%d," % number

    assert house.run(instance.files.write("/workspace/a", pieces())) == 20
    assert house.run(content(instance, "/workspace/a")) == b"0,1,2,3,4,5,6,7,8,9,"


def test_a_write_that_fails_leaves_the_file_as_it_was(house: House, instance: Instance) -> None:
    async def broken() -> AsyncIterator[bytes]:
        yield b"half"
        raise ValueError("the sender went away")

    house.run(instance.files.write("/workspace/a", b"before"))
    with pytest.raises(ValueError, match="went away"):
        house.run(instance.files.write("/workspace/a", broken()))
    assert house.run(content(instance, "/workspace/a")) == b"before"
    assert [entry.path for entry in house.run(instance.files.list("/workspace"))] == ["/workspace/a"]


def test_replacing_keeps_the_mode(house: House, instance: Instance) -> None:
    house.run(instance.files.write("/workspace/run.sh", b"#!/bin/sh\necho 1\n", mode=0o755))
    house.run(instance.files.write("/workspace/run.sh", b"#!/bin/sh\necho 2\n"))
    assert house.run(shell(instance, "/workspace/run.sh")).stdout == b"2\n"


@pytest.mark.capability("big files")
@pytest.mark.slow
def test_a_big_file(house: House, instance: Instance) -> None:
    size = 100 * 1024 * 1024

    async def pieces() -> AsyncIterator[bytes]:
        for _ in range(size // 1_048_576):
            yield bytes(1_048_576)

    async def length() -> int:
        return sum([len(chunk) async for chunk in instance.files.read("/workspace/big")])

    assert house.run(instance.files.write("/workspace/big", pieces())) == size
    assert house.run(length()) == size


@pytest.mark.parametrize("name", ODD_NAMES)
def test_odd_names(house: House, instance: Instance, name: str) -> None:
    path = f"/workspace/{name}"
    house.run(instance.files.write(path, b"x"))
    assert [entry.path for entry in house.run(instance.files.list("/workspace"))] == [path]
    assert house.run(instance.files.stat(path)).size == 1
    house.run(instance.files.rename(path, "/workspace/other"))
    house.run(instance.files.rename("/workspace/other", path))
    assert house.run(content(instance, path)) == b"x"
    house.run(instance.files.remove(path))
    assert house.run(instance.files.list("/workspace")) == []


def test_stat(house: House, instance: Instance) -> None:
    house.run(shell(instance, "cd /workspace && printf 1234 > f && chmod 600 f && ln -s f l && mkdir d"))
    stat = instance.files.stat
    found = house.run(stat("/workspace/f"))
    assert (found.path, found.kind, found.size, found.mode) == ("/workspace/f", "file", 4, 0o600)
    assert found.mtime_s > 0
    assert house.run(stat("/workspace/l")).kind == "file"
    assert house.run(stat("/workspace/l", follow=False)).kind == "symlink"
    assert house.run(stat("/workspace/d")).kind == "directory"
    assert house.run(stat("/")).kind == "directory"


def test_list(house: House, instance: Instance) -> None:
    house.run(shell(instance, "cd /workspace && mkdir -p b/x && touch a b/x/y b/z c && ln -s b link"))

    async def paths(path: str, recursive: bool) -> list[str]:
        return [entry.path for entry in await instance.files.list(path, recursive=recursive)]

    assert house.run(paths("/workspace", False)) == [f"/workspace/{name}" for name in ("a", "b", "c", "link")]
    assert sorted(house.run(paths("/workspace", True))) == [
        f"/workspace/{name}" for name in ("a", "b", "b/x", "b/x/y", "b/z", "c", "link")
    ]
    assert house.run(paths("/workspace/link", False)) == ["/workspace/link/x", "/workspace/link/z"]


def test_errors_are_the_systems_own(house: House, instance: Instance) -> None:
    files = instance.files
    house.run(shell(instance, "cd /workspace && mkdir dir && touch file"))
    for error, work in [
        (FileNotFoundError, lambda: content(instance, "/workspace/none")),
        (FileNotFoundError, lambda: files.stat("/workspace/none")),
        (FileNotFoundError, lambda: files.list("/workspace/none")),
        (FileNotFoundError, lambda: files.remove("/workspace/none")),
        (FileNotFoundError, lambda: files.rename("/workspace/none", "/workspace/x")),
        (FileNotFoundError, lambda: files.write("/workspace/none/x", b"")),
        (FileNotFoundError, lambda: files.mkdir("/workspace/none/x")),
        (FileExistsError, lambda: files.mkdir("/workspace/dir")),
        (IsADirectoryError, lambda: content(instance, "/workspace/dir")),
        (IsADirectoryError, lambda: files.write("/workspace/dir", b"")),
        (IsADirectoryError, lambda: files.remove("/workspace/dir")),
        (NotADirectoryError, lambda: files.list("/workspace/file")),
        (NotADirectoryError, lambda: files.write("/workspace/file/x", b"", parents=True)),
    ]:
        with pytest.raises(error):
            house.run(work())  # type: ignore[no-untyped-call]
    with pytest.raises(OSError, match="File name too long"):
        house.run(files.write("/workspace/" + "a" * 256, b""))


def test_mkdir_with_parents_may_find_them(house: House, instance: Instance) -> None:
    for _ in range(2):
        house.run(instance.files.mkdir("/workspace/a/b/c", parents=True))
    assert house.run(instance.files.stat("/workspace/a/b/c")).kind == "directory"


def test_links_stay_inside(house: House, instance: Instance) -> None:
    house.run(
        shell(
            instance,
            "cd /workspace && ln -s /etc/hostname h && ln -s ../../../../etc/hostname up && ln -s / r",
        )
    )
    own = house.run(shell(instance, "cat /etc/hostname")).stdout
    for path in ("h", "up", "r/etc/hostname", "r/../../etc/hostname", "../../../etc/hostname"):
        assert house.run(content(instance, f"/workspace/{path}")) == own


def test_writing_through_a_link_changes_its_target(house: House, instance: Instance) -> None:
    house.run(
        shell(instance, "cd /workspace && mkdir d && echo old > d/f && ln -s d/f l && ln -s /tmp/abs m")
    )
    house.run(instance.files.write("/workspace/l", b"new"))
    house.run(instance.files.write("/workspace/m", b"abs"))
    assert house.run(content(instance, "/workspace/d/f")) == b"new"
    assert house.run(content(instance, "/tmp/abs")) == b"abs"
    assert house.run(instance.files.stat("/workspace/l", follow=False)).kind == "symlink"


def test_two_containers_do_not_share_files(house: House, instance: Instance) -> None:
    other = house.start(labels={"sandbox-server": "1"})
    house.run(instance.files.write("/tmp/mine", b"x"))
    with pytest.raises(FileNotFoundError):
        house.run(other.files.stat("/tmp/mine"))


def test_many_files_at_once(house: House, instance: Instance) -> None:
    async def many() -> int:
        await asyncio.gather(*(instance.files.write(f"/workspace/{n}", b"%d" % n) for n in range(100)))
        return len(await instance.files.list("/workspace"))

    assert house.run(many()) == 100
