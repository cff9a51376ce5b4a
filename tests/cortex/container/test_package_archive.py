"""Archives of packages: the same for the same content, and nothing leaves the package's folder."""

from __future__ import annotations

import gzip
import io
import os
import tarfile
from pathlib import Path

import pytest

from tests.cortex.container import conftest  # noqa: F401 (puts the container's folder on the path)

from package_archive import BadArchive, Entry, entries, found, packed, unpack  # isort: skip

FOLDER = "lib/node_modules/@scope/tool"
TOOL = [
    Entry(f"{FOLDER}/package.json", b'{"version": "1.2.3"}'),
    Entry(f"{FOLDER}/cli.js", b"#!/usr/bin/env node", executable=True),
    Entry(f"{FOLDER}/node_modules/.bin/dep", target="../dep/cli.js"),
    Entry(f"{FOLDER}/node_modules/dep/cli.js", b"dep", executable=True),
    Entry("bin/tool", target="../lib/node_modules/@scope/tool/cli.js"),
]


def files_of(prefix: Path) -> dict[str, bytes | str]:
    return {
        str(path.relative_to(prefix)): os.readlink(path) if path.is_symlink() else path.read_bytes()
        for path in sorted(prefix.rglob("*"))
        if path.is_symlink() or path.is_file()
    }


def test_what_was_packed_is_unpacked_the_same(tmp_path: Path) -> None:
    unpack(packed(TOOL), "@scope/tool", str(tmp_path / "a"))
    assert (tmp_path / "a/bin/tool").read_text() == "#!/usr/bin/env node"
    assert os.access(tmp_path / "a/bin/tool", os.X_OK)
    again = packed(found(str(tmp_path / "a"), "@scope/tool"))
    assert again == packed(reversed(TOOL)), "named by its content, whatever the order and the time"
    unpack(again, "@scope/tool", str(tmp_path / "b"))
    assert files_of(tmp_path / "a") == files_of(tmp_path / "b")


def test_only_the_package_itself_is_packed(tmp_path: Path) -> None:
    unpack(packed(TOOL), "@scope/tool", str(tmp_path))
    for other in ("lib/node_modules/@scope/other/index.js", "lib/node_modules/npm/index.js", "etc/passwd"):
        (tmp_path / other).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / other).write_text("not ours")
    assert {entry.path for entry in found(str(tmp_path), "@scope/tool")} == {entry.path for entry in TOOL}


def test_a_newer_one_takes_the_place_of_the_whole(tmp_path: Path) -> None:
    unpack(packed(TOOL), "@scope/tool", str(tmp_path))
    newer = [Entry(f"{FOLDER}/new.js", b"new"), Entry("bin/tool", target=f"../{FOLDER}/new.js")]
    unpack(packed(newer), "@scope/tool", str(tmp_path))
    assert files_of(tmp_path) == {"bin/tool": f"../{FOLDER}/new.js", f"{FOLDER}/new.js": b"new"}
    assert os.listdir(tmp_path / "lib/node_modules") == ["@scope"], "no draft is left"


@pytest.mark.parametrize("make", [lambda path: path.write_text("x"), lambda path: path.symlink_to("node")])
def test_a_program_of_another_package_stays(tmp_path: Path, make: object) -> None:
    (tmp_path / "bin").mkdir()
    make(tmp_path / "bin/tool")  # type: ignore[operator]
    before = files_of(tmp_path)
    with pytest.raises(BadArchive, match="another package's"):
        unpack(packed(TOOL), "@scope/tool", str(tmp_path))
    assert files_of(tmp_path) == before


def link(path: str, target: str) -> list[Entry]:
    return [Entry(f"{FOLDER}/deep/x", b""), Entry(path, target=target)]


@pytest.mark.parametrize(
    "bad",
    [
        [Entry(f"{FOLDER}/../other/index.js")],
        [Entry("../../../etc/passwd")],
        [Entry("/etc/passwd")],
        [Entry("etc/passwd")],
        [Entry("lib/node_modules/npm/index.js")],
        [Entry("lib/node_modules/@scope/tool-not-mine/index.js")],
        [Entry(f"{FOLDER}//index.js")],
        [Entry("bin/npm", b"a program of its own")],
        [Entry("bin/deeper/npm", target=f"../../{FOLDER}/cli.js")],
        link(f"{FOLDER}/a", "/etc/passwd"),
        link(f"{FOLDER}/a", "../../../../../etc/passwd"),
        link(f"{FOLDER}/a", ".."),
        link(f"{FOLDER}/a", "deep/../../../npm"),
        link("bin/tool", "../lib/node_modules/npm/cli.js"),
        link("bin/tool", "/usr/bin/node"),
        # A link that leads within, and a second one through it that would lead out.
        [Entry(f"{FOLDER}/b", target="."), Entry(f"{FOLDER}/c", target="b/..")],
        [Entry(f"{FOLDER}/a", target="deep"), Entry(f"{FOLDER}/a/x", b"beneath a link")],
        [Entry(f"{FOLDER}/a", b"a file"), Entry(f"{FOLDER}/a/x", b"beneath a file")],
        [Entry(f"{FOLDER}/a", b"once"), Entry(f"{FOLDER}/a", b"twice")],
        [Entry(f"{FOLDER}/a/x", b"beneath"), Entry(f"{FOLDER}/a", target="deep")],
    ],
)
def test_nothing_leaves_the_folder_of_its_package(tmp_path: Path, bad: list[Entry]) -> None:
    prefix = tmp_path / "prefix"
    for order in (bad, bad[::-1]):
        with pytest.raises(BadArchive):
            unpack(in_order(order), "@scope/tool", str(prefix))
    assert files_of(tmp_path) == {}


def in_order(order: list[Entry]) -> bytes:
    """An archive as a stranger would make it: in the order given."""
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w:gz") as tar:
        for entry in order:
            info = tarfile.TarInfo(entry.path)
            info.size = len(entry.content)
            if entry.target is not None:
                info.type, info.linkname = tarfile.SYMTYPE, entry.target
            tar.addfile(info, io.BytesIO(entry.content))
    return buffer.getvalue()


@pytest.mark.parametrize("kind", [tarfile.LNKTYPE, tarfile.CHRTYPE, tarfile.FIFOTYPE])
def test_what_is_neither_file_nor_link_is_refused(kind: bytes) -> None:
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w:gz") as tar:
        info = tarfile.TarInfo(f"{FOLDER}/a")
        info.type, info.linkname = kind, "/etc/passwd"
        tar.addfile(info)
    with pytest.raises(BadArchive, match="neither"):
        list(entries(buffer.getvalue(), "@scope/tool"))


def test_what_is_no_whole_archive_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    whole = packed(TOOL)
    for broken in (b"", b"no archive", whole[:-20], whole[: len(whole) // 2], gzip.compress(b"no tar" * 200)):
        with pytest.raises(BadArchive):
            list(entries(broken, "@scope/tool"))
    monkeypatch.setattr("package_archive.UNPACKED_BYTES_MAX", 1000)
    with pytest.raises(BadArchive, match="too large"):
        list(entries(whole, "@scope/tool"))
