"""What the commands do with the objects of a bucket, wherever it is."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import BinaryIO, Protocol

from edge.r2.logic.entry import HttpMetadata
from wrangler_compat.cli.flags import Place


class Access(Protocol):
    """A bucket. Every method raises UserError when it is refused or fails."""

    def get(self, key: str, write: Callable[[bytes], object]) -> bool:
        """Give the bytes of an object to `write`; False when there is none."""
        ...

    def put(self, key: str, body: BinaryIO, http: HttpMetadata) -> None: ...

    def delete(self, key: str) -> None: ...


@contextmanager
def opened(place: Place, bucket: str) -> Iterator[Access]:
    """The bucket `bucket` in `place`. Raises UserError."""
    if place.remote:
        from wrangler_compat.cli.r2.remote import RemoteBucket
        from wrangler_compat.cli.remote import account_of

        with account_of(place.project) as account:
            yield RemoteBucket(account, bucket)
        return
    from wrangler_compat.cli.r2.local import local_bucket

    with local_bucket(bucket, place.state_dir) as found:
        yield found
