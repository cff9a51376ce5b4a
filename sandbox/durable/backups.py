"""RPC methods about backups: directories kept in R2 (spec section 5.8)."""

from __future__ import annotations

import json
import re
import time
from collections.abc import AsyncGenerator
from contextlib import aclosing
from datetime import datetime
from typing import Any
from urllib.parse import urlencode

from js import console, crypto

from sandbox.client.byte_stream import byte_chunks
from sandbox.container.both_names import methods_of, name_both
from sandbox.container.errors import text_of
from sandbox.container.values import Record
from sandbox.errors import (
    BackupCreateError,
    BackupExpiredError,
    BackupNotFoundError,
    BackupRestoreError,
    InvalidBackupConfigError,
    SandboxError,
)
from sandbox.errors.base import iso_now

_ROOTS = ("/workspace", "/home", "/tmp", "/var/tmp", "/app")
_TTL_S = 259_200
_NAME_MAX = 256
#: A backup is not restored in the last minute of its life.
_EXPIRES_EARLY_S = 60
#: R2 takes parts of one size, at least 5 MiB.
_PART_BYTES = 8 * 1024 * 1024
_UUID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", re.I)


class BackupMethods:
    """Making backups and restoring them, one at a time."""

    async def create_backup(self: Any, options: Any) -> Record:
        given = dict(options or {})
        bucket = self._backup_bucket(bool(given.get("localBucket")))
        body = _checked(given)
        async with self.backup_turn:
            backup_id = str(crypto.randomUUID())
            stream = await self.control.body(await self.control.raw("/api/backup/create", body))
            size = await _keep(bucket, f"backups/{backup_id}/data.sqsh", stream, given["dir"], backup_id)
            about = {
                "id": backup_id,
                "dir": given["dir"],
                "name": given.get("name"),
                "sizeBytes": size,
                "ttl": given.get("ttl", _TTL_S),
                "createdAt": iso_now(),
            }
            await bucket.put(f"backups/{backup_id}/meta.json", json.dumps(about))
        local = {"localBucket": True} if given.get("localBucket") else {}
        return Record(id=backup_id, dir=given["dir"], **local)

    async def restore_backup(self: Any, backup: Any) -> Record:
        given = dict(backup or {})
        bucket = self._backup_bucket(bool(given.get("localBucket")))
        backup_id, folder = given.get("id"), given.get("dir")
        if not isinstance(backup_id, str) or not _UUID.fullmatch(backup_id):
            raise _invalid("Invalid backup: id must be a valid UUID (e.g. from createBackup)")
        _check_dir(folder, "Invalid backup: dir")
        async with self.backup_turn:
            _check_age(backup_id, await _about(bucket, backup_id))
            archive = await bucket.get(f"backups/{backup_id}/data.sqsh")
            if archive is None:
                raise BackupNotFoundError(
                    f"Backup archive not found in R2: {backup_id}. The archive may have been deleted by R2 "
                    "lifecycle rules.",
                    context={"backupId": backup_id},
                )
            try:
                await self.control.upload(f"/api/backup/restore?{urlencode({'dir': folder})}", archive.body)
            except SandboxError as failure:
                context = {"dir": folder, "backupId": backup_id}
                raise BackupRestoreError(failure.message, context=context) from failure
        return Record(success=True, dir=folder, id=backup_id)

    def _backup_bucket(self: Any, local: bool) -> Any:
        bucket = getattr(self.env, "BACKUP_BUCKET", None)
        if hasattr(bucket, "createMultipartUpload"):
            return bucket
        message = (
            "BACKUP_BUCKET R2 binding not found in env. Add a BACKUP_BUCKET R2 binding to your "
            "wrangler.jsonc for local backup support."
            if local
            else "Backup not configured. Add a BACKUP_BUCKET R2 binding to your wrangler.jsonc."
        )
        raise _invalid(message, "Missing BACKUP_BUCKET R2 binding")


def _checked(given: dict[str, Any]) -> dict[str, Any]:
    """What the server is asked for. Raises InvalidBackupConfigError."""
    name, ttl, excludes = given.get("name"), given.get("ttl", _TTL_S), given.get("excludes", [])
    _check_dir(given.get("dir"), "BackupOptions.dir")
    if name is not None and (not isinstance(name, str) or len(name) > _NAME_MAX):
        raise _invalid(f"BackupOptions.name must be a string of at most {_NAME_MAX} characters")
    if name is not None and re.search(r"[\x00-\x1f\x7f]", name):
        raise _invalid("BackupOptions.name must not contain control characters")
    if isinstance(ttl, bool) or not isinstance(ttl, int | float) or ttl <= 0:
        raise _invalid("BackupOptions.ttl must be a positive number of seconds")
    if not isinstance(given.get("gitignore", False), bool):
        raise _invalid("BackupOptions.gitignore must be a boolean")
    if not isinstance(excludes, list) or not all(isinstance(pattern, str) for pattern in excludes):
        raise _invalid("BackupOptions.excludes must be an array of strings")
    _check_compression(given.get("compression"))
    patterns = [found for pattern in excludes if (found := _without_globstar(pattern))]
    return {"dir": given["dir"], "gitignore": given.get("gitignore", False), "excludes": patterns}


def _check_dir(folder: Any, label: str) -> None:
    if not isinstance(folder, str) or not folder.startswith("/"):
        raise _invalid(f"{label} must be an absolute path")
    if "\0" in folder:
        raise _invalid(f"{label} must not contain null bytes")
    if ".." in folder.split("/"):
        raise _invalid(f'{label} must not contain ".." path segments')
    if not any(folder == root or folder.startswith(f"{root}/") for root in _ROOTS):
        raise _invalid(f"{label} must be inside one of the supported backup roots ({', '.join(_ROOTS)})")


def _check_compression(compression: Any) -> None:
    if compression is None:
        return
    if not isinstance(compression, dict):
        raise _invalid("BackupOptions.compression must be an object")
    if compression.get("format", "lz4") not in ("gzip", "lz4", "zstd"):
        raise _invalid("BackupOptions.compression.format must be one of: gzip, lz4, zstd")
    threads = compression.get("threads", 8)
    if isinstance(threads, bool) or not isinstance(threads, int) or threads < 1:
        raise _invalid("BackupOptions.compression.threads must be a positive integer")


def _without_globstar(pattern: str) -> str:
    """`**` means nothing to those who make the archive: a pattern without a slash holds at any depth."""
    while pattern.startswith("**/"):
        pattern = pattern[3:]
    while "/**/" in pattern:
        pattern = pattern.replace("/**/", "/")
    pattern = pattern.removesuffix("/**")
    if pattern in ("", "**"):
        console.warn("An exclude pattern that stands for everything is left out")
        return ""
    return pattern


async def _keep(bucket: Any, key: str, stream: Any, folder: str, backup_id: str) -> int:
    """Store the archive as it comes; its size in bytes. Raises BackupCreateError when it breaks."""
    upload = None
    parts: list[Any] = []
    size = 0
    try:
        async with aclosing(_pieces(stream)) as pieces:
            async for piece, is_last in pieces:
                size += len(piece)
                if is_last and upload is None:
                    await bucket.put(key, piece)
                    return size
                if upload is None:
                    upload = await bucket.createMultipartUpload(key)
                part = await upload.uploadPart(len(parts) + 1, piece)
                parts.append({"partNumber": part["partNumber"], "etag": part["etag"]})
        assert upload is not None
        await upload.complete(parts)
    except Exception as failure:
        if upload is not None:
            await upload.abort()
        raise BackupCreateError(
            f"Failed to create backup: {text_of(failure)}", context={"dir": folder, "backupId": backup_id}
        ) from failure
    return size


async def _pieces(stream: Any) -> AsyncGenerator[tuple[bytes, bool], None]:
    """The bytes in pieces of one size, the last one (possibly empty) marked."""
    held = bytearray()
    async with aclosing(byte_chunks(stream)) as chunks:
        async for chunk in chunks:
            held += chunk
            while len(held) > _PART_BYTES:
                yield bytes(held[:_PART_BYTES]), False
                del held[:_PART_BYTES]
    yield bytes(held), True


async def _about(bucket: Any, backup_id: str) -> dict[str, Any]:
    found = await bucket.get(f"backups/{backup_id}/meta.json")
    if found is None:
        raise BackupNotFoundError(
            f"Backup not found: {backup_id}. Verify the backup ID is correct and the backup has not been "
            "deleted.",
            context={"backupId": backup_id},
        )
    about: dict[str, Any] = json.loads(await found.text())
    return about


def _check_age(backup_id: str, about: dict[str, Any]) -> None:
    created_s = datetime.fromisoformat(about["createdAt"]).timestamp()
    if time.time() + _EXPIRES_EARLY_S <= created_s + about["ttl"]:
        return
    raise BackupExpiredError(
        f"Backup {backup_id} has expired (created: {about['createdAt']}, TTL: {about['ttl']}s). Create a new "
        "backup.",
        context={"backupId": backup_id},
    )


def _invalid(message: str, reason: str | None = None) -> InvalidBackupConfigError:
    return InvalidBackupConfigError(message, context={"reason": reason or message})


name_both(BackupMethods, (), methods_of(BackupMethods))
