"""A namespace on this machine, beside whatever else has it open: `edge dev`, `wrangler dev`."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, TypeVar

from edge.errors import UserError
from edge.http.buffers import decode_text
from edge.kernel.clock import WallClock
from edge.kv.errors import KvStorageError
from edge.kv.location import namespace_path
from edge.kv.logic.entry import Entry
from edge.kv.logic.listing import ListedKey
from edge.kv.logic.options import PutOptions
from edge.kv.logic.refusal import KeyNameRejected, KvRefused
from edge.kv.namespace import Namespace
from edge.kv.open import shared_namespace
from wrangler_compat.cli.kv.bulk_file import Pair
from wrangler_compat.cli.loop import running
from wrangler_compat.cli.state_failure import state_failure

_T = TypeVar("_T")


@contextmanager
def local_namespace(namespace_id: str, state_dir: Path) -> Iterator[LocalNamespace]:
    """The namespace `namespace_id` below `state_dir`."""
    with running() as runner:
        namespace = shared_namespace(namespace_id, state_dir, WallClock())
        try:
            yield LocalNamespace(namespace, runner, namespace_id, namespace_path(state_dir, namespace_id))
        finally:
            runner.run(namespace.close())


class LocalNamespace:
    """What the commands do with it. Reading makes nothing: where no data is, there is no key."""

    def __init__(self, namespace: Namespace, runner: asyncio.Runner, namespace_id: str, path: Path) -> None:
        self._namespace = namespace
        self._runner = runner
        self._id = namespace_id
        self._path = path

    def get(self, key: str) -> bytes | None:
        """The value of `key`, None when there is none."""
        return self._run("GET", self._namespace.get(key)) if self._path.exists() else None

    def put(self, key: str, value: bytes, options: PutOptions) -> None:
        """Store `value`; it is on disk on return."""
        self._run("PUT", self._namespace.put(key, value, options))

    def delete(self, key: str) -> None:
        """Remove `key`, also when it is not there."""
        if self._path.exists():
            self._run("DELETE", self._namespace.delete(key))

    def list_keys(self, prefix: str) -> Sequence[ListedKey]:
        """All keys that start with `prefix`, in order."""
        return self._run("GET", self._list(prefix)) if self._path.exists() else []

    def get_all(self, keys: Sequence[str]) -> Mapping[str, str | None]:
        """The values of `keys` as text."""
        values = {key: self.get(key) for key in keys}
        return {key: None if value is None else decode_text(value) for key, value in values.items()}

    def put_all(self, pairs: Sequence[Pair]) -> None:
        """Store all pairs in one transaction."""
        entries: dict[str, Entry | None] = {}
        for pair in pairs:
            with self._refusals("PUT", f'The item at index {pair.index} ("{pair.key}"): '):
                entries[pair.key] = self._namespace.checked(pair.key, pair.value, pair.options)
        if entries:
            self._run("PUT", self._namespace.write_all(entries))

    def delete_all(self, keys: Sequence[str]) -> None:
        """Remove all keys in one transaction."""
        if keys and self._path.exists():
            self._run("DELETE", self._namespace.write_all(dict.fromkeys(keys)))

    async def _list(self, prefix: str) -> list[ListedKey]:
        found: list[ListedKey] = []
        cursor: str | None = None
        while True:
            page = await self._namespace.list(prefix, cursor=cursor)
            found += page.keys
            cursor = page.cursor
            if cursor is None:
                return found

    def _run(self, operation: str, work: Coroutine[Any, Any, _T]) -> _T:
        with self._refusals(operation):
            return self._runner.run(work)

    @contextmanager
    def _refusals(self, operation: str, before: str = "") -> Iterator[None]:
        try:
            yield
        except KeyNameRejected as refusal:
            raise UserError(f"{before}{refusal.text}") from None
        except KvRefused as refusal:
            raise UserError(f"{before}KV {operation} failed: {refusal.status} {refusal.text}") from None
        except KvStorageError as failure:
            cause = failure.__cause__ or failure
            raise state_failure(f'the KV namespace "{self._id}"', self._path, cause) from failure
