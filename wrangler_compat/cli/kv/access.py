"""What the commands do with a namespace, wherever it is."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Protocol

from edge.kv.logic.listing import ListedKey
from edge.kv.logic.options import PutOptions
from wrangler_compat.cli.flags import Place
from wrangler_compat.cli.kv.bulk_file import Pair
from wrangler_compat.cli.kv.target import Target


class Access(Protocol):
    """A namespace. Every method raises UserError when it is refused or fails."""

    def get(self, key: str) -> bytes | None: ...

    def put(self, key: str, value: bytes, options: PutOptions) -> None: ...

    def delete(self, key: str) -> None: ...

    def list_keys(self, prefix: str) -> Sequence[ListedKey]: ...

    def get_all(self, keys: Sequence[str]) -> Mapping[str, str | None]: ...

    def put_all(self, pairs: Sequence[Pair]) -> None: ...

    def delete_all(self, keys: Sequence[str]) -> None: ...


@contextmanager
def opened(place: Place, target: Target) -> Iterator[Access]:
    """The namespace `target` in `place`. Raises UserError."""
    if place.remote:
        from wrangler_compat.cli.kv.remote import RemoteNamespace
        from wrangler_compat.cli.remote import account_of

        with account_of(place.project) as account:
            yield RemoteNamespace(account, target.id)
        return
    from wrangler_compat.cli.kv.local import local_namespace

    with local_namespace(target.id, place.state_dir) as namespace:
        yield namespace
