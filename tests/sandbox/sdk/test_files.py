"""Files and git (spec sections 5.2 and 5.3)."""

from __future__ import annotations

import base64

import pytest

from tests.sandbox.sdk.house import SdkHouse


def test_writing_and_reading(sdk: SdkHouse) -> None:
    async def body() -> None:
        box = sdk.box()
        written = await box.write_file("notes.txt", "grüße\n")
        assert set(written) >= {"success", "path", "timestamp"}
        assert (written.success, written.path) == (True, "/workspace/notes.txt")
        read = await box.readFile("/workspace/notes.txt")
        assert (read.content, read.encoding, read.is_binary, read.size) == ("grüße\n", "utf-8", False, 8)
        assert read.mime_type.startswith("text/plain")
        data = bytes(range(256))
        await box.write_file("/workspace/data.bin", data)
        binary = await box.read_file("/workspace/data.bin")
        assert (binary.encoding, binary.isBinary) == ("base64", True)
        assert base64.b64decode(binary.content) == data
        assert (await box.read_file("notes.txt", {"encoding": "base64"})).content == base64.b64encode(
            "grüße\n".encode()
        ).decode()
        assert (await box.exists("notes.txt")).exists is True
        assert (await box.exists("/workspace/nothing")).exists is False

    sdk.run(body)


def test_streams_of_files(sdk: SdkHouse) -> None:
    async def body() -> None:
        shown = await sdk.in_worker("""
from js import Response
from sandbox import stream_file, collect_file

async def main():
    data = bytes(range(256)) * 1000
    body = Response.new(__import__("pyodide.ffi").ffi.to_js(data)).body
    await box.write_file("/workspace/deep/er/data.bin", body)
    whole = await collect_file(await box.read_file_stream("/workspace/deep/er/data.bin"))
    await box.write_file("text.txt", "x" * 100_000 + "ü")
    stream = stream_file(await box.readFileStream("text.txt"))
    text = "".join([chunk async for chunk in stream])
    raw = await box.read_file("/workspace/deep/er/data.bin", encoding="none")
    raw_bytes = (await Response.new(raw.content).arrayBuffer()).to_bytes()
    return [whole.content == data, whole.metadata.is_binary, text == "x" * 100_000 + "ü",
            stream.metadata.mimeType, raw_bytes == data, raw.size]
""")
        assert shown == [True, True, True, "text/plain", True, 256_000]

    sdk.run(body)


def test_directories(sdk: SdkHouse) -> None:
    async def body() -> None:
        box = sdk.box()
        made = await box.mkdir("/workspace/a/b", recursive=True)
        assert (made.success, made.recursive) == (True, True)
        await box.write_file("/workspace/a/one", "1")
        await box.write_file("/workspace/a/.hidden", "2")
        await box.write_file("/workspace/a/b/two", "3")
        listed = await box.list_files("/workspace/a")
        assert [file.name for file in listed.files] == ["b", "one"]
        assert listed.count == 2
        one = listed.files[1]
        assert set(one) == {
            *("name", "absolutePath", "relativePath", "type", "size", "modifiedAt", "mode", "permissions"),
        }
        assert (one.absolute_path, one.relative_path, one.type, one.size) == (
            *("/workspace/a/one", "one", "file", 1),
        )
        assert one.permissions.readable is True
        every = await box.listFiles("/workspace/a", {"recursive": True, "includeHidden": True})
        assert sorted(file.relative_path for file in every.files) == [".hidden", "b", "b/two", "one"]
        moved = await box.rename_file("/workspace/a/one", "/workspace/a/uno")
        assert (moved.path, moved.new_path) == ("/workspace/a/one", "/workspace/a/uno")
        await box.move_file("/workspace/a/uno", "/workspace/a/b/uno")
        assert (await box.delete_file("/workspace/a/b/uno")).success is True

    sdk.run(body)


def test_what_goes_wrong(sdk: SdkHouse) -> None:
    async def body() -> None:
        box, errors = sdk.box(), sdk.sandbox.errors
        with pytest.raises(FileNotFoundError) as missing:
            await box.read_file("/workspace/nothing")
        assert isinstance(missing.value, errors.FileNotFoundError)
        error = missing.value
        assert (str(error), error.code, error.http_status) == (
            *("File not found: /workspace/nothing", "FILE_NOT_FOUND", 404),
        )
        assert error.context["path"] == "/workspace/nothing"
        assert error.to_json()["httpStatus"] == error.error_response["httpStatus"] == 404
        assert error.toJSON()["name"] == "FileNotFoundError"
        with pytest.raises(
            errors.FileSystemError, match="Cannot delete directory with deleteFile"
        ) as is_directory:
            await box.delete_file("/workspace")
        assert is_directory.value.code == "IS_DIRECTORY"
        with pytest.raises(errors.SandboxError, match="Directory not found: /workspace/no"):
            await box.list_files("/workspace/no")
        with pytest.raises(errors.FileSystemError, match="mkdir operation failed with exit code 1"):
            await box.mkdir("/workspace/x/y/z")
        with pytest.raises(errors.ValidationFailedError, match="Invalid base64 content"):
            await box.write_file("x", "***", encoding="base64")
        with pytest.raises(errors.ValidationFailedError, match="include and exclude cannot be used together"):
            await box.watch("/workspace", include=["*.py"], exclude=["*.js"])

    sdk.run(body)


def test_watching(sdk: SdkHouse) -> None:
    async def body() -> None:
        box = sdk.box()
        before = await box.check_changes("/workspace")
        stream = await box.watch("/workspace")
        async for event in sdk.sandbox.parse_sse_stream(stream):
            if event.type == "watching":
                await box.write_file("/workspace/new.txt", "n")
            elif event.type == "event":
                assert (event.event_type, event.path) == ("create", "/workspace/new.txt")
                assert event.is_directory is False
                break
        after = await box.check_changes("/workspace", since=before.version)
        assert after.status == "changed"
        assert (await box.check_changes("/workspace", since=after.version)).status == "unchanged"

    sdk.run(body)


@pytest.mark.capability("git")
def test_git_checkout(sdk: SdkHouse) -> None:
    async def body() -> None:
        box, errors = sdk.box(), sdk.sandbox.errors
        made = await box.exec(
            "git init -q -b trunk /workspace/origin && cd /workspace/origin && echo hi > file && git add . "
            "&& git -c user.email=a@b -c user.name=n commit -qm one"
        )
        assert made.exit_code == 0, made.stderr
        done = await box.git_checkout("file:///workspace/origin", target_dir="/workspace/copy")
        assert (done.success, done.branch, done.target_dir) == (True, "trunk", "/workspace/copy")
        assert done.repo_url == "file:///workspace/origin"
        assert (await box.read_file("/workspace/copy/file")).content == "hi\n"
        with pytest.raises(errors.GitError):
            await box.git_checkout("file:///workspace/nowhere", target_dir="/workspace/other")

    sdk.run(body)
