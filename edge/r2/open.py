"""Opening buckets: bindings with the same name of a bucket are the same bucket."""

from __future__ import annotations

from pathlib import Path

from edge.kernel.clock import Clock
from edge.kernel.random import RandomStreams
from edge.r2.binding import R2Bucket
from edge.r2.bucket import Bucket
from edge.sql.location import blob_folder, object_path


def bucket_path(state: Path, name: str) -> Path:
    """The database of a bucket below the state directory, as `wrangler dev` has it."""
    return object_path(state, "r2", "miniflare-R2BucketObject", name)


def open_bucket(
    name: str, directory: Path | None, clock: Clock, random: RandomStreams, *, durable: bool = True
) -> R2Bucket:
    """A binding of the bucket `name`; see `open_store`."""
    return R2Bucket(open_store(name, directory, clock, random, durable=durable))


def open_store(
    name: str, directory: Path | None, clock: Clock, random: RandomStreams, *, durable: bool = True
) -> Bucket:
    """The bucket `name`, below the state directory or in memory when that is None.

    Nothing is on disk until its first use. Its owner opens each name once. What is acknowledged survives a
    power cut when `durable`, else a killed process.
    """
    if directory is None:
        return Bucket(None, None, clock, random)
    folder = blob_folder(directory, "r2", name)
    return Bucket(bucket_path(directory, name), folder, clock, random, durable=durable)
