"""Key names: which are allowed, and who says so.

Two parties check keys, with different texts. For single reads, writes and deletes the runtime checks
before it asks storage (`check_key`); for bulk reads it asks and storage checks (`check_stored_key`);
of a list's prefix only the length is checked.

Source: spec kv.md section 3.
"""

from __future__ import annotations

from edge.kv.logic.refusal import KeyNameRejected, KvRefused

KEY_BYTES_MAX = 512
#: Below this many characters a key is within its limit however it is encoded (UTF-8: 4 bytes at most).
_KEY_CHARACTERS_SAFE = KEY_BYTES_MAX // 4

assert _KEY_CHARACTERS_SAFE * 4 <= KEY_BYTES_MAX


def well_formed(text: str) -> str:
    """`text` with each lone surrogate replaced by U+FFFD, as V8 does when it encodes UTF-8."""
    try:
        text.encode()
    except UnicodeEncodeError:
        # Through UTF-16, so that two halves which meet become the character they stand for.
        return text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
    return text


def check_key(key: str) -> None:
    """The runtime's check of a single key: raises `KeyNameRejected` or `KvRefused` (414)."""
    if key == "":
        raise KeyNameRejected("Key name cannot be empty.")
    if key in (".", ".."):
        raise KeyNameRejected(f'"{key}" is not allowed as a key name.')
    check_length(key)


def check_stored_key(key: str) -> None:
    """The storage side's check of one key of a bulk read: raises `KvRefused` (400 or 414)."""
    if key == "":
        raise KvRefused(400, "Key names must not be empty")
    if key in (".", ".."):
        raise KvRefused(400, f'Illegal key name "{key}". Please use a different name.')
    check_length(key)


def check_length(key_or_prefix: str) -> None:
    """Raises `KvRefused` (414) when the UTF-8 form is longer than 512 bytes."""
    if len(key_or_prefix) <= _KEY_CHARACTERS_SAFE:
        return
    size_bytes = len(key_or_prefix.encode())
    assert size_bytes >= len(key_or_prefix)
    if size_bytes > KEY_BYTES_MAX:
        raise KvRefused(
            414, f"UTF-8 encoded length of {size_bytes} exceeds key length limit of {KEY_BYTES_MAX}."
        )
