"""Buckets in the file system (spec section 5.7)."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

import pytest

from tests.sandbox.sdk.house import SdkHouse


@pytest.fixture(autouse=True)
def often(sdk: SdkHouse, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sdk.module("sandbox.durable.bucket_sync"), "_PASS_EVERY_S", 0.02)


async def until(holds: Callable[[], Awaitable[bool]]) -> None:
    async with asyncio.timeout(20):
        while not await holds():
            await asyncio.sleep(0.01)


async def text(bucket: Any, key: str) -> str | None:
    found = await bucket.get(key)
    return None if found is None else await found.text()


def test_both_sides_follow_each_other(sdk: SdkHouse) -> None:
    async def body() -> None:
        box, bucket = sdk.box(), sdk.env.BUCKET
        await bucket.put("data/one.txt", "1")
        await bucket.put("data/deep/two.bin", bytes(range(256)))
        await bucket.put("else", "not mine")
        await bucket.put("data/../evil", "no file")
        await box.mount_bucket("BUCKET", "/mnt/data", prefix="/data", local_bucket=True)
        assert (await box.exec("cat /mnt/data/one.txt; ls /mnt/data; ls /mnt/data/deep")).stdout == (
            "1deep\none.txt\ntwo.bin\n"
        )
        await bucket.put("data/one.txt", "11")
        await bucket.put("data/three", "3")
        await bucket.delete("data/deep/two.bin")

        async def here() -> bool:
            found = await box.exec("cat /mnt/data/one.txt /mnt/data/three; ls /mnt/data/deep")
            return bool(found.stdout == "113")

        await until(here)
        await box.exec("echo new > /mnt/data/four; echo 111 > /mnt/data/one.txt; rm /mnt/data/three")

        async def there() -> bool:
            keys = [entry.key for entry in (await bucket.list({"prefix": "data/"}))["objects"]]
            return keys == ["data/../evil", "data/four", "data/one.txt"] and (
                await text(bucket, "data/one.txt") == "111\n"
            )

        await until(there)
        assert await text(bucket, "data/four") == "new\n"
        await box.exec("echo last > /mnt/data/five")
        await box.unmount_bucket("/mnt/data")
        assert await text(bucket, "data/five") == "last\n"
        assert await text(bucket, "else") == "not mine"

    sdk.run(body)


def test_a_change_right_after_a_file_was_brought_is_not_lost(
    sdk: SdkHouse, monkeypatch: pytest.MonkeyPatch
) -> None:
    sync = sdk.module("sandbox.durable.bucket_sync").BucketSync
    fetch = sync._fetch
    at_once: list[Callable[[], Awaitable[Any]]] = []

    async def fetch_and(self: Any, path: str) -> Any:
        wrote = await fetch(self, path)
        while at_once:
            await at_once.pop()()
        return wrote

    monkeypatch.setattr(sync, "_fetch", fetch_and)

    async def body() -> None:
        box, bucket = sdk.box(), sdk.env.BUCKET
        await bucket.put("one", "1")
        at_once.append(lambda: box.exec("echo longer > /mnt/data/one"))
        await box.mount_bucket("BUCKET", "/mnt/data")

        async def there() -> bool:
            return await text(bucket, "one") == "longer\n"

        await until(there)
        await box.unmount_bucket("/mnt/data")

    sdk.run(body)


def test_read_only_mounts_write_nothing_back(sdk: SdkHouse) -> None:
    async def body() -> None:
        box, bucket = sdk.box(), sdk.env.BUCKET
        await bucket.put("one", "1")
        await box.mountBucket("BUCKET", "/mnt/data", {"readOnly": True})
        await box.exec("echo 2 > /mnt/data/one; echo 2 > /mnt/data/two; rm -f /mnt/data/x")
        await box.unmountBucket("/mnt/data")
        assert (await text(bucket, "one"), await text(bucket, "two")) == ("1", None)

    sdk.run(body)


def test_a_container_that_ends_empties_no_bucket(sdk: SdkHouse) -> None:
    async def body() -> None:
        box, bucket = sdk.box(), sdk.env.BUCKET
        await bucket.put("one", "1")
        await box.mount_bucket("BUCKET", "/workspace")
        await sdk.kill()
        assert (await box.exec("ls /workspace")).stdout == ""
        await asyncio.sleep(0.1)
        assert await text(bucket, "one") == "1"
        await box.mount_bucket("BUCKET", "/workspace")
        assert (await box.exec("cat /workspace/one")).stdout == "1"
        await box.destroy()
        assert await text(bucket, "one") == "1"

    sdk.run(body)


@pytest.mark.parametrize(
    ("bucket", "path", "options", "error", "message"),
    [
        ("BUCKET", "/m", {"prefix": "x"}, "InvalidMountConfigError", "Prefix must start with '/': \"x\""),
        ("NONE", "/m", {}, "InvalidMountConfigError", 'R2 binding "NONE" not found in Worker env.'),
        ("a:b", "/m", {}, "InvalidMountConfigError", "Bucket name cannot contain ':'."),
        ("BUCKET", "m", {}, "InvalidMountConfigError", "Mount path must be absolute"),
        (
            "UPPER",
            "/m",
            {"endpoint": "https://x.dev"},
            "InvalidMountConfigError",
            'Invalid bucket name: "UPPER".',
        ),
        ("data", "/m", {"endpoint": "https://x.dev"}, "MissingCredentialsError", "No credentials found."),
        (
            "data",
            "/m",
            {"endpoint": "https://x.dev", "credentials": {"accessKeyId": "a", "secretAccessKey": "b"}},
            "S3FSMountError",
            "Mounting a bucket by its endpoint (s3fs) is not emulated.",
        ),
    ],
)
def test_what_is_refused(
    sdk: SdkHouse, bucket: str, path: str, options: dict[str, Any], error: str, message: str
) -> None:
    async def body() -> None:
        with pytest.raises(getattr(sdk.sandbox.errors, error)) as refused:
            await sdk.box().mount_bucket(bucket, path, options)
        assert str(refused.value).startswith(message)

    sdk.run(body)


def test_a_path_is_mounted_once(sdk: SdkHouse) -> None:
    async def body() -> None:
        box, errors = sdk.box(), sdk.sandbox.errors
        await box.mount_bucket("BUCKET", "/mnt/data")
        with pytest.raises(errors.InvalidMountConfigError, match='already in use by bucket "BUCKET"'):
            await box.mount_bucket("BUCKET", "/mnt/data")
        await box.unmount_bucket("/mnt/data")
        with pytest.raises(errors.InvalidMountConfigError, match="No active mount found at path: /mnt/data"):
            await box.unmount_bucket("/mnt/data")

    sdk.run(body)
