"""RPC methods about buckets in the file system (spec section 5.7)."""

from __future__ import annotations

import re
from typing import Any

from sandbox.container.both_names import methods_of, name_both
from sandbox.durable.bucket_sync import BucketSync
from sandbox.errors import InvalidMountConfigError, MissingCredentialsError, S3FSMountError

_BINDING = re.compile(r"[A-Za-z_][A-Za-z0-9_]*", re.ASCII)
_BUCKET = re.compile(r"[a-z0-9]([a-z0-9.-]{0,61}[a-z0-9])?", re.ASCII)
_KEYS = (("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"), ("R2_ACCESS_KEY_ID", "R2_SECRET_ACCESS_KEY"))


class BucketMethods:
    """Mounting and unmounting. A mount is a copy that follows both sides."""

    async def mount_bucket(self: Any, bucket: str, mount_path: str, options: Any = None) -> None:
        given = dict(options or {})
        if given.get("endpoint") is not None:
            self._refuse_endpoint(bucket, mount_path, given)
        _check_name(bucket, mount_path, _BINDING, _NOT_A_BINDING)
        prefix = given.get("prefix") or ""
        _check_prefix(prefix)
        self._check_mount_path(mount_path)
        binding = getattr(self.env, bucket, None)
        if not hasattr(binding, "createMultipartUpload"):
            raise InvalidMountConfigError(
                f'R2 binding "{bucket}" not found in Worker env. Ensure the binding name matches the bucket '
                "binding configured in wrangler.jsonc."
            )
        sync = BucketSync(
            self._by_http,
            lambda: bool(self.ctx.container.running),
            bucket,
            binding,
            mount_path.rstrip("/"),
            prefix.strip("/"),
            read_only=bool(given.get("readOnly")),
        )
        self.mounts[mount_path] = sync
        try:
            await sync.start()
        except BaseException:
            del self.mounts[mount_path]
            raise

    async def unmount_bucket(self: Any, mount_path: str) -> None:
        sync = self.mounts.get(mount_path)
        if sync is None:
            raise InvalidMountConfigError(f"No active mount found at path: {mount_path}")
        await sync.stop()
        self.mounts.pop(mount_path, None)

    def _forget_mounts(self: Any) -> None:
        """The container has ended, and its files with it."""
        for sync in self.mounts.values():
            sync.abandon()
        self.mounts.clear()

    def _check_mount_path(self: Any, mount_path: str) -> None:
        if not mount_path.startswith("/") or not mount_path.strip("/"):
            raise InvalidMountConfigError(f'Mount path must be absolute (start with /): "{mount_path}"')
        existing = self.mounts.get(mount_path)
        if existing is not None:
            raise InvalidMountConfigError(
                f'Mount path "{mount_path}" is already in use by bucket "{existing.bucket}". Unmount the '
                "existing bucket first or use a different mount path."
            )

    def _refuse_endpoint(self: Any, bucket: str, mount_path: str, given: dict[str, Any]) -> None:
        """Mounts over the network are checked as they are there, and then refused."""
        if not str(given["endpoint"]).startswith(("http://", "https://")):
            raise InvalidMountConfigError(
                f'Invalid endpoint URL: "{given["endpoint"]}". Must be a valid HTTP(S) URL.'
            )
        _check_name(bucket, mount_path, _BUCKET, _NOT_A_BUCKET)
        _check_prefix(given.get("prefix") or "")
        known = (all(getattr(self.env, name, None) for name in names) for names in _KEYS)
        if not given.get("credentials") and not any(known):
            raise MissingCredentialsError(
                "No credentials found. Set R2_ACCESS_KEY_ID and R2_SECRET_ACCESS_KEY or AWS_ACCESS_KEY_ID "
                "and AWS_SECRET_ACCESS_KEY environment variables, or pass explicit credentials in options."
            )
        raise S3FSMountError(
            "Mounting a bucket by its endpoint (s3fs) is not emulated. Mount it by the name of an R2 binding "
            "instead: mount_bucket('BINDING', path)."
        )


_NOT_A_BINDING = (
    'Invalid R2 binding name: "{}". Binding names must start with a letter or underscore and contain only '
    "letters, numbers, or underscores."
)
_NOT_A_BUCKET = (
    'Invalid bucket name: "{}". Bucket names must be 3-63 characters, lowercase alphanumeric, dots, or '
    "hyphens, and cannot start/end with dots or hyphens."
)


def _check_name(bucket: str, mount_path: str, pattern: re.Pattern[str], message: str) -> None:
    name, colon, prefix = bucket.partition(":")
    if colon:
        raise InvalidMountConfigError(
            "Bucket name cannot contain ':'. To mount a prefix, use the 'prefix' option:\n"
            f"  mountBucket('{name}', '{mount_path}', {{ ...options, prefix: '{prefix}' }})"
        )
    if not pattern.fullmatch(bucket):
        raise InvalidMountConfigError(message.format(bucket))


def _check_prefix(prefix: str) -> None:
    if prefix and not prefix.startswith("/"):
        raise InvalidMountConfigError(f"Prefix must start with '/': \"{prefix}\"")


name_both(BucketMethods, (), methods_of(BucketMethods))
