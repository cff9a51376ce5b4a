"""The names that `workers` exports for annotations only (spec python-workers.md section 2)."""

from __future__ import annotations

from collections.abc import Awaitable
from http import HTTPMethod
from typing import Any, Protocol, TypeAlias, TypedDict

BlobValue: TypeAlias = "str | bytes | js.ArrayBuffer | js.TypedArray | js.DataView | js.Blob | Blob | File"  # type: ignore[name-defined]  # noqa: F821
FormDataValue: TypeAlias = "str | js.Blob | Blob"  # type: ignore[name-defined]  # noqa: F821
JSBody: TypeAlias = "js.Blob | JsBuffer | js.FormData | js.ReadableStream | js.URLSearchParams"  # type: ignore[name-defined]  # noqa: F821
Body: TypeAlias = "str | FormData | JSBody"  # type: ignore[name-defined]  # noqa: F821
Headers: TypeAlias = "dict[str, str] | list[tuple[str, str]] | js.Headers"  # type: ignore[name-defined]  # noqa: F821


class Context(Protocol):
    """What `ctx` is sure to have."""

    def waitUntil(self, other: Awaitable[Any]) -> None: ...


class RequestInitCfProperties(TypedDict, total=False):
    """`cf` of an outgoing request. Source: Workers docs, "RequestInitCfProperties"."""

    apps: bool | None
    cacheEverything: bool | None
    cacheKey: str | None
    cacheTags: list[str] | None
    cacheTtl: int
    cacheTtlByStatus: dict[str, int]
    image: Any | None
    mirage: bool | None
    polish: str | None
    resolveOverride: str | None
    scrapeShield: bool | None
    webp: bool | None


class FetchKwargs(TypedDict, total=False):
    """Options of `fetch` and of `Request`."""

    headers: Any
    body: Any
    method: HTTPMethod | None
    redirect: str | None
    cf: RequestInitCfProperties | None
    fetcher: Any


for _name in (Context, RequestInitCfProperties, FetchKwargs):
    _name.__module__ = "workers.types"
