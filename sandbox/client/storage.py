"""Buckets in the file system, and backups of directories (spec sections 5.7 and 5.8)."""

from __future__ import annotations

from typing import Any

from sandbox.client.remote import Remote
from sandbox.container.both_names import methods_of, name_both
from sandbox.container.values import Record, options_of

_MOUNT = (
    *("endpoint", "provider", "credentials", "read_only", "s3fs_options", "prefix", "credential_proxy"),
    "local_bucket",
)
_BACKUP = ("dir", "name", "ttl", "gitignore", "excludes", "local_bucket", "compression", "multipart")


class Storage:
    """What outlives a sandbox."""

    remote: Remote

    async def mount_bucket(self, bucket: str, mount_path: str, options: Any = None, **keywords: Any) -> None:
        """Let a directory show what an R2 bucket holds, and write back what changes there.

        `bucket` is the name of an R2 binding of the Worker. Options: `prefix` ("/…", only that part),
        `read_only`, `local_bucket`. Raises InvalidMountConfigError; S3FSMountError for an `endpoint`, which
        is not emulated.
        """
        chosen = options_of(options, keywords, _MOUNT)
        await self.remote.call("mountBucket", bucket, mount_path, Remote(self.remote.stub).options(chosen))

    async def unmount_bucket(self, mount_path: str) -> None:
        """End a mount. Raises InvalidMountConfigError when nothing is mounted there."""
        await self.remote.call("unmountBucket", mount_path)

    async def create_backup(self, options: Any = None, **keywords: Any) -> Record:
        """Keep a directory in the R2 bucket `BACKUP_BUCKET`.

        Options: `dir` (required), `name`, `ttl` (259200 seconds), `gitignore` (leave out what git ignores),
        `excludes` (patterns). Returns what `restore_backup` takes: `id`, `dir`. Raises
        InvalidBackupConfigError, BackupCreateError.
        """
        chosen = options_of(options, keywords, _BACKUP)
        found: Record = await self.remote.call("createBackup", Remote(self.remote.stub).options(chosen))
        return found

    async def restore_backup(self, backup: Any) -> Record:
        """Bring a directory back from its backup: `success`, `dir`, `id`. What the directory held is
        replaced. Raises BackupNotFoundError, BackupExpiredError, BackupRestoreError."""
        found: Record = await self.remote.call("restoreBackup", dict(backup))
        return found


name_both(Storage, (), methods_of(Storage))
