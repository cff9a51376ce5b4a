"""Backups (spec section 5.8)."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any

import pytest

from tests.sandbox.sdk.house import SdkHouse


@pytest.mark.capability("backups")
def test_a_directory_comes_back(sdk: SdkHouse) -> None:
    async def body() -> None:
        box = sdk.box()
        await box.mkdir("/workspace/app")
        await box.write_file("/workspace/app/a.txt", b"A\x00")
        await box.exec(
            "mkdir -p app/node_modules app/sub; echo x > app/node_modules/x; echo s > app/sub/s.log"
        )
        backup = await box.create_backup(
            dir="/workspace/app", name="first", excludes=["**/*.log", "node_modules"]
        )
        assert set(backup) == {"id", "dir"}
        about = json.loads(await (await sdk.env.BACKUP_BUCKET.get(f"backups/{backup.id}/meta.json")).text())
        archive = await sdk.env.BACKUP_BUCKET.head(f"backups/{backup.id}/data.sqsh")
        assert about["sizeBytes"] == archive.size > 0
        assert (about["id"], about["dir"], about["name"], about["ttl"]) == (
            *(backup.id, "/workspace/app", "first"),
            259_200,
        )
        datetime.fromisoformat(about["createdAt"])
        await box.destroy()
        restored = await box.restore_backup(backup)
        assert restored == {"success": True, "dir": "/workspace/app", "id": backup.id}
        listed = await box.list_files("/workspace/app", recursive=True)
        assert [file.relative_path for file in listed.files] == ["a.txt", "sub"]
        assert (await box.read_file("/workspace/app/a.txt")).size == 2

    sdk.run(body)


@pytest.mark.capability("backups")
def test_large_archives_go_up_in_parts(sdk: SdkHouse, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sdk.module("sandbox.durable.backups"), "_PART_BYTES", 5 * 1024 * 1024)

    async def body() -> None:
        box = sdk.box()
        await box.exec("mkdir big; head -c 12000000 /dev/urandom > big/data; sha256sum big/data > /tmp/sum")
        before = (await box.exec("sha256sum big/data")).stdout
        backup = await box.createBackup({"dir": "/workspace/big"})
        archive = await sdk.env.BACKUP_BUCKET.head(f"backups/{backup.id}/data.sqsh")
        assert archive.size > 12_000_000
        assert archive.etag.endswith("-3")
        await box.exec("rm big/data; echo new > big/new")
        await box.restoreBackup(backup)
        assert (await box.exec("ls big; sha256sum big/data")).stdout == f"data\n{before}"

    sdk.run(body)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"dir": "workspace"}, "BackupOptions.dir must be an absolute path"),
        ({"dir": "/workspace/../etc"}, 'BackupOptions.dir must not contain ".." path segments'),
        (
            {"dir": "/etc"},
            "BackupOptions.dir must be inside one of the supported backup roots "
            "(/workspace, /home, /tmp, /var/tmp, /app)",
        ),
        ({"dir": "/tmp", "name": "x" * 257}, "BackupOptions.name must be a string of at most 256 characters"),
        ({"dir": "/tmp", "name": "a\nb"}, "BackupOptions.name must not contain control characters"),
        ({"dir": "/tmp", "ttl": 0}, "BackupOptions.ttl must be a positive number of seconds"),
        (
            {"dir": "/tmp", "compression": {"format": "rar"}},
            "BackupOptions.compression.format must be one of: gzip, lz4, zstd",
        ),
    ],
)
def test_what_is_refused(sdk: SdkHouse, options: dict[str, Any], message: str) -> None:
    async def body() -> None:
        with pytest.raises(sdk.sandbox.errors.InvalidBackupConfigError) as refused:
            await sdk.box().create_backup(options)
        assert str(refused.value) == message

    sdk.run(body)


@pytest.mark.capability("backups")
def test_what_cannot_be_restored(sdk: SdkHouse) -> None:
    async def body() -> None:
        box, errors = sdk.box(), sdk.sandbox.errors
        unknown = "00000000-0000-4000-8000-000000000000"
        with pytest.raises(errors.BackupNotFoundError, match=f"Backup not found: {unknown}"):
            await box.restore_backup({"id": unknown, "dir": "/tmp"})
        with pytest.raises(errors.InvalidBackupConfigError, match="id must be a valid UUID"):
            await box.restore_backup({"id": "../x", "dir": "/tmp"})
        await box.mkdir("/workspace/d")
        backup = await box.create_backup(dir="/workspace/d")
        key = f"backups/{backup.id}/meta.json"
        about = json.loads(await (await sdk.env.BACKUP_BUCKET.get(key)).text())
        old = {**about, "createdAt": datetime(2020, 1, 1, tzinfo=UTC).isoformat()}
        await sdk.env.BACKUP_BUCKET.put(key, json.dumps(old))
        with pytest.raises(errors.BackupExpiredError, match=f"Backup {backup.id} has expired") as expired:
            await box.restore_backup(backup)
        assert expired.value.http_status == 400
        await sdk.env.BACKUP_BUCKET.put(key, json.dumps(about))
        await sdk.env.BACKUP_BUCKET.put(f"backups/{backup.id}/data.sqsh", "no archive")
        await box.write_file("/workspace/d/kept", "1")
        with pytest.raises(errors.BackupRestoreError):
            await box.restore_backup(backup)
        assert (await box.exists("/workspace/d/kept")).exists
        await sdk.env.BACKUP_BUCKET.delete(f"backups/{backup.id}/data.sqsh")
        with pytest.raises(errors.BackupNotFoundError, match="Backup archive not found in R2"):
            await box.restore_backup(backup)
        with pytest.raises(errors.SandboxError, match="Directory not found: /workspace/nowhere"):
            await box.create_backup(dir="/workspace/nowhere")

    sdk.run(body)
