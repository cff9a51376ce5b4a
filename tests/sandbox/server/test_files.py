"""The files of a sandbox."""

from __future__ import annotations

import base64
import json
import re
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from edge.http.streams.readable import ReadableStream
from sandbox.server import files
from tests.sandbox.server.api import Api, Refused, with_api


def test_text_is_written_and_read(tmp_path: Path) -> None:
    async def body(api: Api) -> None:
        path = '/workspace/it\'s a\n"name".txt'
        written = await api.post("write", path=path, content="hélló\n", sessionId="main")
        assert written.pop("timestamp").endswith("Z")
        assert written == {"success": True, "path": path, "exitCode": 0}
        assert api.instance.phases == ["file_write"]
        read = await api.post("read", path=path)
        assert read.pop("timestamp").endswith("Z")
        assert read == {
            "success": True,
            "path": path,
            "content": "hélló\n",
            "encoding": "utf-8",
            "isBinary": False,
            "mimeType": "text/plain",
            "size": 8,
        }
        assert (await api.post("read", path=path, encoding="base64"))["content"] == "aMOpbGzDswo="

    with_api(tmp_path, body)


def test_bytes_are_written_and_read(tmp_path: Path) -> None:
    data = bytes(range(256))

    async def body(api: Api) -> None:
        await api.post(
            "write", path="/workspace/b", content=base64.b64encode(data).decode(), encoding="base64"
        )
        assert api.instance.place("/workspace/b").read_bytes() == data
        read = await api.post("read", path="/workspace/b")
        assert (read["encoding"], read["isBinary"], read["size"]) == ("base64", True, 256)
        assert base64.b64decode(read["content"]) == data
        raw = await api.send("POST", "/api/read", {"path": "/workspace/b", "encoding": "none"})
        assert raw.headers.get_str("x-file-size") == "256"
        assert await raw.read_bytes() == data
        for content in ("a*b=", "abc", "====", "a b="):
            with pytest.raises(Refused, match="Invalid base64 content for '/workspace/c': must contain only"):
                await api.post("write", path="/workspace/c", content=content, encoding="base64")

    with_api(tmp_path, body)


def test_a_stream_is_written_with_its_parents(tmp_path: Path) -> None:
    async def body(api: Api) -> None:
        async def chunks() -> AsyncIterator[bytes]:
            yield b"one "
            yield b"two"

        response = await api.send(
            "POST",
            "/api/write?path=/workspace/a/b/c.txt",
            ReadableStream.from_chunks(chunks()),
            headers={"content-type": "application/octet-stream"},
        )
        assert response.status == 200
        assert api.instance.place("/workspace/a/b/c.txt").read_text() == "one two"

    with_api(tmp_path, body)


def test_a_stream_that_breaks_leaves_the_old_file(tmp_path: Path) -> None:
    async def body(api: Api) -> None:
        async def chunks() -> AsyncIterator[bytes]:
            yield b"half"
            raise ConnectionError("the client went away")

        await api.post("write", path="/workspace/c.txt", content="old")
        response = await api.send(
            "POST",
            "/api/write?path=/workspace/c.txt",
            ReadableStream.from_chunks(chunks()),
            headers={"content-type": "application/octet-stream"},
        )
        assert response.status == 500
        assert api.instance.place("/workspace/c.txt").read_text() == "old"

    with_api(tmp_path, body)


def test_relative_paths_start_from_the_sessions_directory(tmp_path: Path) -> None:
    async def body(api: Api) -> None:
        await api.post("write", path="here.txt", content="x")
        assert api.instance.place("/workspace/here.txt").exists()
        await api.exec("mkdir sub && cd sub")
        written = await api.post("write", path="./there.txt", content="x", sessionId="main")
        assert written["path"].endswith("/workspace/sub/there.txt")
        assert (await api.exec("ls"))["stdout"] == "there.txt\n"

    with_api(tmp_path, body)


def test_reading_as_a_stream(tmp_path: Path) -> None:
    text = "é" * 100_000
    data = bytes(range(256)) * 1000

    async def body(api: Api) -> None:
        api.instance.place("/workspace/t.txt").write_text(text)
        api.instance.place("/workspace/b.bin").write_bytes(data)
        found = [event async for event in api.events("POST", "read/stream", path="/workspace/t.txt")]
        assert found[0] == {
            "type": "metadata",
            "mimeType": "text/plain",
            "size": 200_000,
            "isBinary": False,
            "encoding": "utf-8",
        }
        assert found[-1] == {"type": "complete", "bytesRead": 200_000}
        assert len(found) > 4
        assert "".join(event["data"] for event in found[1:-1]) == text
        found = [event async for event in api.events("POST", "read/stream", path="/workspace/b.bin")]
        assert found[0]["encoding"] == "base64"
        assert base64.b64decode("".join(event["data"] for event in found[1:-1])) == data
        with pytest.raises(Refused, match="File not found: /workspace/no"):
            await anext(api.events("POST", "read/stream", path="/workspace/no"))

    with_api(tmp_path, body)


def test_a_file_that_is_too_large_to_read_at_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(files, "READ_BYTES_MAX", 10)

    async def body(api: Api) -> None:
        await api.post("write", path="/workspace/a", content="x" * 11)
        with pytest.raises(
            Refused, match="File too large. Size 11 bytes exceeds the 32 MiB limit."
        ) as caught:
            await api.post("read", path="/workspace/a")
        assert (caught.value.status, caught.value.code) == (413, "FILE_TOO_LARGE")

    with_api(tmp_path, body)


def test_directories(tmp_path: Path) -> None:
    async def body(api: Api) -> None:
        made = await api.post("mkdir", path="/workspace/a/b", recursive=True)
        assert (made["path"], made["recursive"]) == ("/workspace/a/b", True)
        await api.post("write", path="/workspace/a/.hidden", content="")
        await api.post("write", path="/workspace/a/run.sh", content="hi")
        api.instance.place("/workspace/a/run.sh").chmod(0o754)
        await api.post("mkdir", path="/workspace/a/.dir")
        await api.post("write", path="/workspace/a/.dir/seen", content="")
        (api.instance.place("/workspace/a/link")).symlink_to("run.sh")
        listed = await api.post("list-files", path="/workspace/a")
        assert [entry["name"] for entry in listed["files"]] == ["b", "link", "run.sh"]
        assert listed["count"] == 3
        assert [entry["type"] for entry in listed["files"]] == ["directory", "symlink", "file"]
        script = listed["files"][2]
        assert re.fullmatch(r"20.*Z", script.pop("modifiedAt"))
        assert script == {
            "name": "run.sh",
            "absolutePath": "/workspace/a/run.sh",
            "relativePath": "run.sh",
            "type": "file",
            "size": 2,
            "mode": "rwxr-xr--",
            "permissions": {"readable": True, "writable": True, "executable": True},
        }
        deep = await api.post("list-files", path="/workspace/a", options={"recursive": True})
        assert [entry["relativePath"] for entry in deep["files"]] == [".dir/seen", "b", "link", "run.sh"]
        whole = await api.post("list-files", path="/workspace/a", includeHidden=True)
        assert [entry["name"] for entry in whole["files"]] == [".dir", ".hidden", "b", "link", "run.sh"]

    with_api(tmp_path, body)


def test_moving_and_deleting(tmp_path: Path) -> None:
    async def body(api: Api) -> None:
        await api.post("write", path="/workspace/a", content="x")
        moved = await api.post("rename", oldPath="/workspace/a", newPath="/workspace/b")
        assert (moved["path"], moved["newPath"]) == ("/workspace/a", "/workspace/b")
        await api.post("mkdir", path="/workspace/dir")
        await api.post("move", sourcePath="/workspace/b", destinationPath="/workspace/dir")
        assert (await api.post("exists", path="/workspace/dir/b"))["exists"] is True
        assert (await api.post("exists", path="/workspace/b"))["exists"] is False
        assert (await api.post("exists", path="/workspace/dir/b/c"))["exists"] is False
        await api.post("delete", path="/workspace/dir/b")
        assert (await api.post("exists", path="/workspace/dir/b"))["exists"] is False

    with_api(tmp_path, body)


@pytest.mark.parametrize(
    ("call", "body", "status", "code", "message"),
    [
        ("read", {"path": "/workspace/no"}, 404, "FILE_NOT_FOUND", "File not found: /workspace/no"),
        ("read", {"path": "/workspace"}, 400, "IS_DIRECTORY", "Path is a directory: /workspace"),
        ("read", {"path": ""}, 400, "VALIDATION_FAILED", "Path cannot be empty"),
        ("read", {"path": "a\0"}, 400, "VALIDATION_FAILED", "Path contains null bytes"),
        ("read", {"path": "a" * 4097}, 400, "VALIDATION_FAILED", "Path too long (max 4096 characters)"),
        ("read", {}, 400, "VALIDATION_FAILED", "path is required"),
        (
            "write",
            {"path": "/workspace/n/o", "content": ""},
            404,
            "FILE_NOT_FOUND",
            "File not found: /workspace/n/o",
        ),
        (
            "write",
            {"path": "/workspace/" + "n" * 300, "content": ""},
            400,
            "NAME_TOO_LONG",
            "File name too long",
        ),
        (
            "write",
            {"path": "/workspace", "content": ""},
            400,
            "IS_DIRECTORY",
            "Path is a directory: /workspace",
        ),
        ("mkdir", {"path": "/workspace"}, 500, "FILESYSTEM_ERROR", "mkdir operation failed with exit code 1"),
        (
            "mkdir",
            {"path": "/workspace/a/b"},
            500,
            "FILESYSTEM_ERROR",
            "mkdir operation failed with exit code 1",
        ),
        (
            "delete",
            {"path": "/workspace"},
            400,
            "IS_DIRECTORY",
            "Cannot delete directory with deleteFile() at '/workspace'. Use exec('rm -rf <path>') instead.",
        ),
        ("delete", {"path": "/workspace/no"}, 404, "FILE_NOT_FOUND", "File not found: /workspace/no"),
        (
            "rename",
            {"oldPath": "/workspace/no", "newPath": "/workspace/x"},
            404,
            "FILE_NOT_FOUND",
            "Source file not found: /workspace/no",
        ),
        (
            "list-files",
            {"path": "/workspace/no"},
            404,
            "FILE_NOT_FOUND",
            "Directory not found: /workspace/no",
        ),
        ("list-files", {"path": "/etc/passwd"}, 400, "NOT_DIRECTORY", "Path is not a directory: /etc/passwd"),
    ],
)
def test_errors(
    tmp_path: Path, call: str, body: dict[str, str], status: int, code: str, message: str
) -> None:
    async def check(api: Api) -> None:
        with pytest.raises(Refused) as caught:
            await api.post(call, **body)
        assert caught.value.body["message"].startswith(message)
        assert (caught.value.status, caught.value.code) == (status, code)
        assert json.dumps(caught.value.body)

    with_api(tmp_path, check)
