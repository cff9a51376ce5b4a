"""Options and limits: what may be asked, in the order in which the storage side looks at it.

Source: spec kv.md section 3. Numbers arrive as 32-bit integers: the binding has already turned
"abc" into 0 and cut fractions, as the runtime does.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from edge.kv.logic.refusal import KvRefused

VALUE_BYTES_MAX = 26_214_400
METADATA_BYTES_MAX = 1024
EXPIRATION_TTL_S_MIN = 60
CACHE_TTL_S_MIN = 30
CACHE_TTL_S_DEFAULT = 60
BULK_KEYS_MAX = 100
BULK_CHARACTERS_MAX = 26_214_400

assert CACHE_TTL_S_MIN <= CACHE_TTL_S_DEFAULT
assert METADATA_BYTES_MAX < VALUE_BYTES_MAX


@dataclass(frozen=True, slots=True)
class PutOptions:
    """How long a value lives and what is remembered with it; a TTL wins over an absolute time."""

    expiration_s: int | None = None
    expiration_ttl_s: int | None = None
    metadata_json: str | None = None


def resolve_expiration(now_s: int, expiration_s: int | None, expiration_ttl_s: int | None) -> int | None:
    """When a value written at `now_s` expires, in whole seconds since the epoch; None for never.

    A TTL wins over an absolute time. Raises `KvRefused` (400).
    """
    assert now_s >= 0, now_s
    if expiration_ttl_s is not None:
        return now_s + _checked_ttl(expiration_ttl_s)
    if expiration_s is None:
        return None
    if expiration_s <= now_s:
        raise KvRefused(
            400,
            f"Invalid expiration of {expiration_s}. Please specify integer greater than"
            " the current number of seconds since the UNIX epoch.",
        )
    if expiration_s < now_s + EXPIRATION_TTL_S_MIN:
        raise KvRefused(
            400,
            f"Invalid expiration of {expiration_s}. Expiration times must be at least"
            f" {EXPIRATION_TTL_S_MIN} seconds in the future.",
        )
    return expiration_s


def _checked_ttl(expiration_ttl_s: int) -> int:
    if expiration_ttl_s <= 0:
        raise KvRefused(
            400, f"Invalid expiration_ttl of {expiration_ttl_s}. Please specify integer greater than 0."
        )
    if expiration_ttl_s < EXPIRATION_TTL_S_MIN:
        raise KvRefused(
            400,
            f"Invalid expiration_ttl of {expiration_ttl_s}."
            f" Expiration TTL must be at least {EXPIRATION_TTL_S_MIN}.",
        )
    return expiration_ttl_s


def check_cache_ttl(cache_ttl_s: int | None) -> None:
    """Raises `KvRefused` (400) below 30 seconds; None means the default."""
    if cache_ttl_s is not None and cache_ttl_s < CACHE_TTL_S_MIN:
        raise KvRefused(
            400, f"Invalid cache_ttl of {cache_ttl_s}. Cache TTL must be at least {CACHE_TTL_S_MIN}."
        )


def check_metadata(metadata_json: str | None) -> None:
    """Raises `KvRefused` (413) when the JSON text is longer than 1,024 bytes of UTF-8."""
    if metadata_json is None:
        return
    size_bytes = len(metadata_json.encode())
    if size_bytes > METADATA_BYTES_MAX:
        raise KvRefused(413, f"Metadata length of {size_bytes} exceeds limit of {METADATA_BYTES_MAX}.")


def check_value_size(size_bytes: int) -> None:
    """Raises `KvRefused` (413) above 25 MiB."""
    assert size_bytes >= 0, size_bytes
    if size_bytes > VALUE_BYTES_MAX:
        raise KvRefused(413, f"Value length of {size_bytes} exceeds limit of {VALUE_BYTES_MAX}.")


def check_bulk(keys: Sequence[str], type_name: str | None) -> None:
    """Raises `KvRefused` (400) for a type that bulk reads lack, too many keys or none.

    An empty type name counts as none.
    """
    if type_name and type_name not in ("text", "json"):
        raise KvRefused(400, f'"{type_name}" is not a valid type. Use "json" or "text"')
    if len(keys) > BULK_KEYS_MAX:
        raise KvRefused(400, f"You can request a maximum of {BULK_KEYS_MAX} keys")
    if len(keys) < 1:
        raise KvRefused(400, "You must request a minimum of 1 key")


def check_bulk_size(texts: Sequence[str]) -> None:
    """Raises `KvRefused` (413) when all decoded values together exceed 25 MiB of UTF-16 units."""
    characters = sum(map(len, texts))
    # A character outside the BMP counts twice; only sums near the limit need the exact count.
    if characters * 2 > BULK_CHARACTERS_MAX:
        characters = sum(map(_utf16_units, texts))
    if characters > BULK_CHARACTERS_MAX:
        raise KvRefused(413, "Total size of request exceeds the limit of 25MB")


def _utf16_units(text: str) -> int:
    """The length of `text` as JavaScript counts it."""
    return len(text) if text.isascii() else len(text.encode("utf-16-le", "surrogatepass")) // 2
