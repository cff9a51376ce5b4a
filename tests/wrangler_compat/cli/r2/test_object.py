"""`edge r2 object`: bytes in, bytes out, and what goes wrong."""

from __future__ import annotations

import asyncio
from pathlib import Path

import apsw
import pytest

from edge.kernel import tasks
from edge.kernel.clock import WallClock
from edge.kernel.random import RandomStreams
from edge.r2.bucket import Bucket, PutOptions
from edge.r2.logic.entry import HttpMetadata
from edge.r2.open import bucket_path
from edge.sql import database
from edge.sql.location import blob_folder
from tests.wrangler_compat.cli.running import done, edge, refused

LARGE = bytes(range(256)) * 20_000
LOCAL = "Resource location: local\n\nUse --remote if you want to access the remote instance.\n\n"


def blobs(project: Path) -> list[Path]:
    return list((project / ".wrangler/state/v3/r2/shared-bucket/blobs").iterdir())


@pytest.mark.parametrize("data", [b"", b"hello", LARGE], ids=["empty", "small", "large"])
def test_bytes_come_back(project: Path, data: bytes) -> None:
    (project / "in").write_bytes(data)
    said = done("r2", "object", "put", "shared-bucket/dir/a.bin", "--file", "in")
    assert said == f'{LOCAL}Creating object "dir/a.bin" in bucket "shared-bucket".\nUpload complete.\n'
    assert edge("r2", "object", "get", "shared-bucket/dir/a.bin", "--pipe").out == data
    said = done("r2", "object", "get", "shared-bucket/dir/a.bin", "--file", "new/out")
    assert said == f'{LOCAL}Downloading "dir/a.bin" from "shared-bucket".\nDownload complete.\n'
    assert (project / "new" / "out").read_bytes() == data
    done("r2", "object", "get", "shared-bucket/dir/a.bin")
    assert (project / "dir" / "a.bin").read_bytes() == data


def test_from_standard_input() -> None:
    done("r2", "object", "put", "shared-bucket/a", "--pipe", stdin=LARGE)
    assert edge("r2", "object", "get", "shared-bucket/a", "-p").out == LARGE


def test_metadata_is_stored(project: Path) -> None:
    flags = ["--ct", "text/plain", "--cd", "inline", "--content-encoding", "gzip", "--cl", "de"]
    more = ["--cache-control", "max-age=5", "--expires", "Wed, 21 Oct 2026 07:28:00 GMT"]
    done("r2", "object", "put", "shared-bucket/a", "--pipe", *flags, *more, stdin=b"x")

    async def stored() -> HttpMetadata:
        state = project / ".wrangler" / "state"
        folder = blob_folder(state, "r2", "shared-bucket")
        bucket = Bucket(bucket_path(state, "shared-bucket"), folder, WallClock(), RandomStreams())
        entry = await bucket.head("a")
        await bucket.close()
        assert entry is not None
        return entry.http

    expected = HttpMetadata("text/plain", "de", "inline", "gzip", "max-age=5", 1_792_567_680_000)
    assert asyncio.run(stored()) == expected


def test_deleting_is_for_good_and_needs_nothing_there(project: Path) -> None:
    done("r2", "object", "delete", "shared-bucket/a")
    assert not (project / ".wrangler").exists()
    done("r2", "object", "put", "shared-bucket/a", "--pipe", stdin=b"x")
    said = done("r2", "object", "delete", "shared-bucket/a")
    assert said == f'{LOCAL}Deleting object "a" from bucket "shared-bucket".\nDelete complete.\n'
    assert "does not exist" in refused("r2", "object", "get", "shared-bucket/a", "--pipe")
    assert blobs(project) == []


def test_a_failed_download_leaves_the_file_that_was_there(project: Path) -> None:
    (project / "kept").write_text("before")
    said = refused("r2", "object", "get", "shared-bucket/none", "--file", "kept")
    assert "The specified key does not exist." in said
    assert (project / "kept").read_text() == "before"
    assert sorted(path.name for path in project.iterdir()) == ["kept", "wrangler.jsonc"]


@pytest.mark.parametrize("key", ["../outside", "/etc/nowhere", "dir/", "..", "a/../../b"])
def test_a_key_that_leads_out_of_the_folder_needs_a_file(project: Path, key: str) -> None:
    done("r2", "object", "put", f"shared-bucket/{key}", "--pipe", stdin=b"x")
    assert "is no name of a file below this folder" in refused("r2", "object", "get", f"shared-bucket/{key}")
    done("r2", "object", "get", f"shared-bucket/{key}", "--file", "safe")
    assert (project / "safe").read_bytes() == b"x"


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["put", "shared-bucket/a"], "Either the --file or --pipe options are required."),
        (["put", "shared-bucket/a", "-f", "x", "-p"], "Arguments file and pipe are mutually exclusive"),
        (["get", "shared-bucket/a", "-f", "x", "-p"], "Arguments file and pipe are mutually exclusive"),
        (["put", "shared-bucket/a", "-f", "absent"], 'The file "absent" does not exist.'),
        (["put", "shared-bucket/a", "-f", "."], "Could not read file: .: Is a directory"),
        (
            ["put", "shared-bucket/a", "-p", "--expires", "soon"],
            '"soon" is neither an HTTP date',
        ),
        (["put", f"shared-bucket/{'k' * 1025}", "-p"], "The specified object name is not valid. (10020)"),
        (["get", "shared-bucket"], "The object path must be in the form of {bucket}/{key}"),
        (["get", "shared-bucket/"], "The object path must be in the form of {bucket}/{key}"),
        (["delete", "Shared_Bucket/a"], 'The bucket name "Shared_Bucket" is invalid. Bucket names must'),
        (["get", "shared-bucket/a", "--local", "--remote"], "mutually exclusive"),
    ],
)
@pytest.mark.usefixtures("project")
def test_mistakes(arguments: list[str], message: str) -> None:
    assert message in refused("r2", "object", *arguments)


def test_a_damaged_file_is_left_as_it_is(project: Path) -> None:
    done("r2", "object", "put", "shared-bucket/a", "--pipe", stdin=b"x")
    path = bucket_path(project / ".wrangler" / "state", "shared-bucket")
    path.write_bytes(b"garbage" * 1000)
    for words in (
        ["get", "shared-bucket/a", "-p"],
        ["put", "shared-bucket/a", "-p"],
        ["delete", "shared-bucket/a"],
    ):
        said = refused("r2", "object", *words, stdin=b"")
        assert 'cannot use the local data of the R2 bucket "shared-bucket": ' in said
        assert "The file is damaged" in said
    assert path.read_bytes() == b"garbage" * 1000


def test_another_writer_is_waited_for_and_then_named(project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    done("r2", "object", "put", "shared-bucket/a", "--pipe", stdin=b"x")
    monkeypatch.setattr(database, "_BUSY_TIMEOUT_MS", 20)
    path = bucket_path(project / ".wrangler" / "state", "shared-bucket")
    other = apsw.Connection(str(path))  # the locks of two SQLite libraries in one process do not meet
    other.execute("BEGIN IMMEDIATE")
    assert "Another program has been writing" in refused(
        "r2", "object", "put", "shared-bucket/a", "--pipe", stdin=b"y"
    )
    assert edge("r2", "object", "get", "shared-bucket/a", "--pipe").out == b"x"
    assert len(blobs(project)) == 1
    other.close()


def test_beside_a_server(project: Path) -> None:
    async def scenario() -> None:
        tasks.install(asyncio.get_running_loop())
        state = project / ".wrangler" / "state"
        folder = blob_folder(state, "r2", "shared-bucket")
        served = Bucket(bucket_path(state, "shared-bucket"), folder, WallClock(), RandomStreams())
        await served.put("theirs", b"1", PutOptions())
        got = await asyncio.to_thread(edge, "r2", "object", "get", "shared-bucket/theirs", "--pipe")
        assert got.out == b"1"
        puts = [served.put(f"k{number}", b"x", PutOptions()) for number in range(20)]
        command = asyncio.to_thread(done, "r2", "object", "put", "shared-bucket/theirs", "--pipe", stdin=b"2")
        await asyncio.gather(command, *puts)
        found = await served.get("theirs")
        assert found is not None
        assert found.data == b"2"
        await served.close()

    asyncio.run(scenario())
