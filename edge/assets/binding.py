"""Static assets: what answers before the Worker, and what `env.ASSETS.fetch` gives.

Source: spec runtime.md section 9 and the recorded answers of the real runtime.
"""

from __future__ import annotations

import logging
from collections.abc import Sequence
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import urljoin, urlsplit

from edge.assets.logic.html import Move, Serve, locate, not_found
from edge.assets.logic.paths import WorkerFirst, decode, encode
from edge.assets.logic.rules import (
    HeaderRule,
    Problem,
    Redirect,
    apply_headers,
    parse_headers,
    parse_redirects,
    redirect_for,
)
from edge.assets.manifest import Manifest
from edge.config import AssetsConfig, WorkerConfig
from edge.errors import ConfigError
from edge.http.headers import Headers
from edge.http.request import Request
from edge.http.response import Response
from edge.js.errors import type_error
from edge.worker.fetcher import Fetcher

if TYPE_CHECKING:
    from edge.assets.distance import AssetPlaces

_log = logging.getLogger("edge.assets")


class Assets(Fetcher, js_name="Fetcher"):
    """The assets of one Worker: its binding, and the routing in front of it.

    Raises ConfigError when a `run_worker_first` pattern is wrong.
    """

    def __init__(self, config: AssetsConfig, worker: WorkerConfig, places: AssetPlaces | None = None) -> None:
        """`places` says how long an asset takes to be there; None: no time."""
        self._places = places
        self._config = config
        self._worker = worker.name
        self._has_worker = worker.main is not None
        self._prefers_pages = config.not_found_handling != "none" and _prefers_assets(worker)
        self._first = _worker_first(config)

    # -- routing --------------------------------------------------------------------------------

    async def route(self, request: Request) -> Response | None:
        """The answer to a request from outside, or None when the Worker is to answer."""
        if not self._has_worker:
            return await self._fetch(request)
        if self._config.run_worker_first is True:
            return None
        path = _path(request.url)
        choice = None if self._first is None else self._first.choose(path)
        if choice is True:
            return None
        if choice is False or self._has(request, path):
            return await self._fetch(request)
        if self._prefers_pages and request.headers.get_str("sec-fetch-mode") == "navigate":
            return await self._fetch(request)
        return None

    def _has(self, request: Request, path: str) -> bool:
        if self._redirects and redirect_for(self._redirects, _host(request.url), path) is not None:
            return True
        return locate(decode(path), self._manifest, self._config.html_handling) is not None

    # -- answering ------------------------------------------------------------------------------

    async def _fetch(self, request: Request) -> Response:
        path, host = _path(request.url), _host(request.url)
        found = self._answer(request, path, host)
        if isinstance(found, Serve):
            if self._places is not None:
                await self._places.fetched(self._worker, found.path)
            response = self._file(request, found)
        else:
            response = found
        if self._headers:
            items = apply_headers(self._headers, host, path, response.headers.raw_items())
            response = Response.make(response.take_payload(), response.status, "", Headers(items, True))
        return response

    async def _rpc(self, method: str, args: Sequence[Any]) -> Any:
        raise type_error(f'The RPC receiver does not implement the method "{method}".')

    def _answer(self, request: Request, path: str, host: str) -> Response | Serve:
        """The answer, or the asset that it is."""
        moved = redirect_for(self._redirects, host, path) if self._redirects else None
        if moved is not None:
            to, status = moved
            if status != 200:
                return _redirect(_destination(request.url, to), status)
            path = urlsplit(to).path  # answered with another path's asset, the address stays
        decoded = decode(path)
        answer = locate(decoded, self._manifest, self._config.html_handling)
        found = answer or not_found(decoded, self._manifest, self._config.not_found_handling)
        if found is None:
            return Response.make(None, 404)
        if request.method not in ("GET", "HEAD"):
            return Response.make(None, 405)
        canonical = encode(answer.to if isinstance(answer, Move) else decoded)
        if moved is None and answer is not None and canonical != path:
            return _redirect(canonical + _query(request.url), 307)
        assert isinstance(found, Serve), found
        return found

    def _file(self, request: Request, found: Serve) -> Response:
        asset = self._manifest[found.path]
        try:
            content, etag = asset.read()
        except OSError:
            return Response.make(None, 404)  # deleted since the listing
        items = [("etag", f'"{etag}"')]
        if asset.content_type is not None:
            items.append(("content-type", asset.content_type))
        wanted = request.headers
        if wanted.get_str("authorization") is None and wanted.get_str("range") is None:
            items.append(("cache-control", "public, max-age=0, must-revalidate"))
        items.append(("cf-cache-status", "HIT"))
        if wanted.get_str("if-none-match") in (f'"{etag}"', f'W/"{etag}"'):
            return Response.make(None, 304, "", Headers(items, True))
        if request.method == "HEAD":
            items.append(("content-length", str(len(content))))
            return Response.make(None, found.status, "", Headers(items, True))
        return Response.make(content, found.status, "", Headers(items, True))

    # -- files, read when first needed -------------------------------------------------------------

    @cached_property
    def _manifest(self) -> Manifest:
        return Manifest(self._config.directory)

    @cached_property
    def _headers(self) -> list[HeaderRule]:
        rules, problems = parse_headers(_text(self._config.directory / "_headers"))
        _report(self._config.directory / "_headers", problems)
        return rules

    @cached_property
    def _redirects(self) -> list[Redirect]:
        rules, problems = parse_redirects(_text(self._config.directory / "_redirects"))
        _report(self._config.directory / "_redirects", problems)
        return rules


def _prefers_assets(worker: WorkerConfig) -> bool:
    if "assets_navigation_has_no_effect" in worker.compatibility_flags:
        return False
    return worker.has_flag("assets_navigation_prefers_asset_serving", "2025-04-01")


def _worker_first(config: AssetsConfig) -> WorkerFirst | None:
    if isinstance(config.run_worker_first, bool):
        return None
    try:
        return WorkerFirst.parse(config.run_worker_first)
    except ValueError as error:
        raise ConfigError(f"assets.run_worker_first: {error}") from None


def _text(file: Path) -> str:
    return file.read_text(encoding="utf-8") if file.is_file() else ""


def _report(file: Path, problems: Sequence[Problem]) -> None:
    for problem in problems:
        _log.warning("%s:%d: ignored: %s", file, problem.line, problem.message)


def _path(url: str) -> str:
    start = url.index("/", url.index("://") + 3)
    end = len(url)
    for mark in "?#":
        found = url.find(mark, start)
        end = found if 0 <= found < end else end
    return url[start:end]


def _host(url: str) -> str:
    start = url.index("://") + 3
    return url[start : url.index("/", start)]


def _query(url: str) -> str:
    start = url.find("?")
    return "" if start < 0 else url[start:].partition("#")[0]


def _redirect(location: str, status: int) -> Response:
    return Response.make(None, status, "", Headers([("location", location)], True))


def _destination(url: str, to: str) -> str:
    """The Location of a rule: its own query wins over the request's; the own origin is left out."""
    target = urlsplit(urljoin(url, to))
    here = urlsplit(url)
    query = f"?{target.query}" if target.query else _query(url)
    fragment = f"#{target.fragment}" if target.fragment else ""
    same_origin = (target.scheme, target.netloc) == (here.scheme, here.netloc)
    origin = "" if same_origin else f"{target.scheme}://{target.netloc}"
    return f"{origin}{target.path or '/'}{query}{fragment}"
