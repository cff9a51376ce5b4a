"""`BUCKET/KEY`, as commands are given it."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from edge.errors import UserError
from edge.kv.logic.keys import well_formed
from edge.r2.logic.names import RULE, is_bucket_name


@dataclass(frozen=True, slots=True)
class ObjectPath:
    """A bucket and a key in it."""

    bucket: str
    key: str

    @classmethod
    def parse(cls, text: str) -> ObjectPath:
        """Everything after the first slash is the key. Raises UserError."""
        text = well_formed(text)
        bucket, _, key = text.partition("/")
        if not bucket or not key:
            raise UserError(f"The object path must be in the form of {{bucket}}/{{key}} you provided {text}")
        if not is_bucket_name(bucket):
            raise UserError(f'The bucket name "{bucket}" is invalid. {RULE}')
        return cls(bucket, key)

    def file(self) -> str:
        """The file, below the current folder, that the object is written to unless told otherwise. Raises
        UserError when the key names none there."""
        here = Path.cwd().resolve()
        target = (here / self.key).resolve()
        if target == here or not target.is_relative_to(here) or self.key.endswith("/") or "\0" in self.key:
            raise UserError(f'the key "{self.key}" is no name of a file below this folder: give --file')
        return self.key
