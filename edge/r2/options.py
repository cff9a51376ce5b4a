"""Options objects of R2's methods: conditions, ranges, metadata, checksums, listings.

Source: spec runtime.md section 12, recordings `r2_basic`, `r2_list`.
"""

from __future__ import annotations

from typing import Any

from edge.http.headers import Headers
from edge.js.arrays import JsArray
from edge.js.buffers import JsBuffer
from edge.js.dates import parse_ms
from edge.js.errors import error, range_error, type_error
from edge.js.objects import get_property, own_items
from edge.js.proxy import JsNull, JsProxy
from edge.js.webidl import to_int32
from edge.r2.arguments import (
    count_field,
    date_field,
    refuse_ssec,
    string_field,
    text,
    text_field,
    wrong_field,
)
from edge.r2.bucket import PutOptions
from edge.r2.logic.conditions import BadEtagHeader, Condition, Etag, parse_etags
from edge.r2.logic.entry import ALGORITHM_TITLES, Checksum, HttpMetadata
from edge.r2.logic.listing import ListOptions
from edge.r2.logic.ranges import RangeWanted

_DIGEST_BYTES = {"md5": 16, "sha1": 20, "sha256": 32, "sha384": 48, "sha512": 64}


def get_options(options: Any) -> tuple[Condition | None, RangeWanted | None]:
    """Condition and range of a `get`."""
    refuse_ssec(options)
    return _condition(options, "GetOptions"), _range(options)


def put_options(options: Any) -> PutOptions:
    """What a `put` stores beside the bytes, and on what condition."""
    refuse_ssec(options)
    condition = _condition(options, "PutOptions")
    http, custom = metadata(options, "PutOptions")
    return PutOptions(http, custom, condition, _checksum(options))


def metadata(options: Any, struct: str) -> tuple[HttpMetadata, dict[str, str]]:
    """HTTP metadata, also from headers, and the user's own."""
    refuse_ssec(options)
    custom = get_property(options, "customMetadata")
    if custom is not None and (isinstance(custom, (JsNull, str)) or not isinstance(custom, (JsProxy, dict))):
        raise wrong_field("customMetadata", struct, "Map")
    return _http(options, struct), {text(name): text(value) for name, value in own_items(custom)}


def list_options(options: Any) -> ListOptions:
    """What a `list` lists."""
    limit = get_property(options, "limit")
    include = _include(get_property(options, "include"))
    return ListOptions(
        prefix=string_field(options, "prefix", "ListOptions") or "",
        delimiter=string_field(options, "delimiter", "ListOptions"),
        cursor=string_field(options, "cursor", "ListOptions"),
        start_after=string_field(options, "startAfter", "ListOptions"),
        limit=None if limit is None else to_int32(limit),
        with_http="httpMetadata" in include,
        with_custom="customMetadata" in include,
    )


def _include(value: Any) -> list[str]:
    if value is None:
        return []
    if not isinstance(value, JsArray) or not all(isinstance(item, str) for item in value):
        raise wrong_field("include", "ListOptions", "Array")
    for item in value:
        if item not in ("httpMetadata", "customMetadata"):
            raise range_error(f"Unsupported include value {item}")
    return list(value)


def _condition(options: Any, struct: str) -> Condition | None:
    wanted = get_property(options, "onlyIf")
    if wanted is None:
        return None
    if isinstance(wanted, Headers):
        return _condition_of_headers(wanted)
    if not isinstance(wanted, (JsProxy, dict)):
        raise wrong_field("onlyIf", struct, "Conditional or Headers")
    return Condition(
        _etag(wanted, "etagMatches"),
        _etag(wanted, "etagDoesNotMatch"),
        date_field(wanted, "uploadedBefore", "Conditional"),
        date_field(wanted, "uploadedAfter", "Conditional"),
        _truthy(get_property(wanted, "secondsGranularity")),
    )


def _etag(wanted: Any, field: str) -> tuple[Etag, ...] | None:
    value = string_field(wanted, field, "Conditional")
    if value is None:
        return None
    if value.startswith('"') and value.endswith('"'):
        raise type_error(f"Conditional ETag should not be wrapped in quotes ({value}).")
    return (Etag(None if value == "*" else value),)


def _condition_of_headers(headers: Headers) -> Condition:
    return Condition(
        _etags(headers, "if-match"),
        _etags(headers, "if-none-match"),
        _date(headers, "if-unmodified-since"),
        _date(headers, "if-modified-since"),
        in_seconds=True,
    )


def _etags(headers: Headers, name: str) -> tuple[Etag, ...] | None:
    value = headers.get_str(name)
    if value is None:
        return None
    try:
        found = parse_etags(value)
    except BadEtagHeader as wrong:
        raise error(str(wrong)) from wrong
    if not found:
        raise error(f"Invalid ETag in {name} header")
    return found


def _date(headers: Headers, name: str) -> float | None:
    value = headers.get_str(name)
    return None if value is None else parse_ms(value)


def _range(options: Any) -> RangeWanted | None:
    wanted = get_property(options, "range")
    if wanted is None:
        return None
    if isinstance(wanted, Headers):
        header = wanted.get_str("range")
        return None if header is None else RangeWanted(header=header)
    if not isinstance(wanted, (JsProxy, dict)):
        raise wrong_field("range", "GetOptions", "Range or Headers")
    offset = count_field(wanted, "offset", "Invalid range", "Starting offset")
    length = count_field(wanted, "length", "Invalid range", "Length")
    if get_property(wanted, "suffix") is not None:
        if offset is not None:
            raise type_error("Suffix is incompatible with offset.")
        if length is not None:
            raise type_error("Suffix is incompatible with length.")
    suffix = count_field(wanted, "suffix", "Invalid suffix", "Suffix")
    if offset is None and length is None and suffix is None:
        return RangeWanted(offset=0)
    return RangeWanted(offset, length, suffix)


def _http(options: Any, struct: str) -> HttpMetadata:
    given = get_property(options, "httpMetadata")
    if given is None:
        return HttpMetadata()
    if isinstance(given, Headers):
        expires = _date(given, "expires")
        return HttpMetadata(
            given.get_str("content-type"),
            given.get_str("content-language"),
            given.get_str("content-disposition"),
            given.get_str("content-encoding"),
            given.get_str("cache-control"),
            _whole(expires),
        )
    if not isinstance(given, (JsProxy, dict)):
        raise wrong_field("httpMetadata", struct, "HttpMetadata or Headers")
    return HttpMetadata(
        text_field(given, "contentType"),
        text_field(given, "contentLanguage"),
        text_field(given, "contentDisposition"),
        text_field(given, "contentEncoding"),
        text_field(given, "cacheControl"),
        _whole(date_field(given, "cacheExpiry", "HttpMetadata")),
    )


def _whole(time_ms: float | None) -> int | None:
    """A time that can be stored: not NaN, which is what a date that is none has."""
    if time_ms is None:
        return None
    if time_ms != time_ms:
        raise type_error("The value cannot be converted because it is not a valid Date.")
    return int(time_ms)


def _checksum(options: Any) -> Checksum | None:
    given = [(name, value) for name in _DIGEST_BYTES if (value := get_property(options, name)) is not None]
    found = None
    for name, value in given:
        if found is not None:
            raise type_error("You cannot specify multiple hashing algorithms.")
        found = Checksum(name, _digest(name, value))
    return found


def _digest(name: str, value: Any) -> str:
    """A digest in hexadecimal, from hexadecimal or from bytes."""
    title, size_bytes = ALGORITHM_TITLES[name], _DIGEST_BYTES[name]
    if isinstance(value, JsBuffer):
        data = value.to_bytes()
        if len(data) != size_bytes:
            raise type_error(f"{title} is {size_bytes} bytes, not {len(data)}")
        return data.hex()
    if not isinstance(value, str):
        raise wrong_field(name, "PutOptions", "ArrayBuffer or ArrayBufferView or string")
    if len(value) != 2 * size_bytes:
        raise type_error(f"{title} is {2 * size_bytes} hex characters, not {len(value)}")
    if not all(digit in "0123456789abcdefABCDEF" for digit in value):
        raise type_error(f"Provided {title} wasn't a valid hex string")
    return value.lower()


def _truthy(value: Any) -> bool:
    return isinstance(value, JsProxy) or bool(value)
