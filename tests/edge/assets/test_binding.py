# ruff: noqa: E501 (texts and tables stand whole)
"""What the real runtime answered for such a directory (oracle group bindings), and what it was not asked."""

from __future__ import annotations

import logging
from pathlib import Path
from typing import Any

import pytest

from edge.assets.binding import Assets
from edge.config import AssetsConfig, WorkerConfig
from edge.errors import ConfigError
from edge.http.request import Request
from edge.http.response import Response
from edge.js.errors import JsException
from tests.loops import run

FILES = {
    "index.html": "<h1>index</h1>\n",
    "about.html": "<p>about</p>\n",
    "data.json": '{"x":1}\n',
    "style.css": "body{}\n",
    "dir/a b.txt": "plain\n",
    "sub/index.html": "sub index\n",
    "_headers": "/about\n  X-About: yes\n/*\n  X-All: 1\n",
    "_redirects": "/old /about 301\n/tmp /style.css\n/ext https://example.com/x 308\n/splat/* /sub/:splat 302\n"
    "/proxy /data.json 200\n/q /about?own=1 302\n",
}


def assets(
    folder: Path,
    files: dict[str, str] = FILES,
    *,
    worker: bool = True,
    date: str = "2026-10-01",
    **config: Any,
) -> Assets:
    for name, text in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    settings = AssetsConfig(folder, "ASSETS", **config)
    main = folder / "entry.py" if worker else None
    return Assets(settings, WorkerConfig("w", folder, main, date, assets=settings))


def ask(target: Assets, path: str, method: str = "GET", **headers: str) -> Response | None:
    items = [(name.replace("_", "-"), value) for name, value in headers.items()]
    return run(target.route(Request.incoming(method, f"http://x{path}", items)))


def told(response: Response | None) -> tuple[int, dict[str, str], str]:
    assert response is not None
    headers = dict(response.headers.raw_items())
    if "etag" in headers:
        assert len(headers["etag"]) == 34
        headers["etag"] = "<hash>"
    return response.status, headers, (response.take_payload() or b"").decode()  # type: ignore[union-attr]


PAGE = {
    "cache-control": "public, max-age=0, must-revalidate",
    "etag": "<hash>",
    "cf-cache-status": "HIT",
    "x-all": "1",
}


@pytest.mark.parametrize(
    ("path", "content_type", "text"),
    [
        ("/", "text/html; charset=utf-8", "<h1>index</h1>\n"),
        ("/sub/", "text/html; charset=utf-8", "sub index\n"),
        ("/style.css", "text/css; charset=utf-8", "body{}\n"),
        ("/data.json", "application/json", '{"x":1}\n'),
        ("/dir/a%20b.txt", "text/plain; charset=utf-8", "plain\n"),
        ("/proxy", "application/json", '{"x":1}\n'),
    ],
)
def test_files(tmp_path: Path, path: str, content_type: str, text: str) -> None:
    assert told(ask(assets(tmp_path), path)) == (200, {**PAGE, "content-type": content_type}, text)


@pytest.mark.parametrize(
    ("path", "status", "location"),
    [
        ("/index", 307, "/"),
        ("/about.html?x=1&y=2", 307, "/about?x=1&y=2"),
        ("/about/", 307, None),
        ("/%61bout", 307, "/about"),
        ("/sub/index", 307, "/sub/"),
        ("/old", 301, "/about"),
        ("/old?a=1", 301, "/about?a=1"),
        ("/q?a=1", 302, "/about?own=1"),
        ("/tmp", 302, "/style.css"),
        ("/ext", 308, "https://example.com/x"),
        ("/splat/x/y", 302, "/sub/x/y"),
    ],
)
def test_redirects(tmp_path: Path, path: str, status: int, location: str | None) -> None:
    expected = {"location": location or "/about", "x-all": "1"}
    assert told(ask(assets(tmp_path), path)) == (status, expected, "")


@pytest.mark.parametrize(
    "path", ["/nope", "/dir/a+b.txt", "/_redirects", "/ABOUT", "/dir/", "/..%2fentry.py"]
)
def test_everything_else_is_the_workers(tmp_path: Path, path: str) -> None:
    assert ask(assets(tmp_path), path) is None


def test_methods(tmp_path: Path) -> None:
    target = assets(tmp_path)
    assert told(ask(target, "/about", "OPTIONS")) == (405, {"x-about": "yes", "x-all": "1"}, "")
    assert ask(target, "/nope", "POST") is None
    status, headers, text = told(ask(target, "/style.css", "HEAD"))
    assert (status, headers["content-length"], text) == (200, "7", "")


def test_not_modified(tmp_path: Path) -> None:
    target = assets(tmp_path)
    first = ask(target, "/style.css")
    assert first is not None
    etag = first.headers.get_str("etag")
    assert etag is not None
    for value in (etag, f"W/{etag}"):
        status, headers, text = told(ask(target, "/style.css", if_none_match=value))
        assert (status, text, headers["etag"]) == (304, "", "<hash>")
    assert told(ask(target, "/style.css", if_none_match=f'{etag}, "x"'))[0] == 200


@pytest.mark.parametrize("header", ["authorization", "range"])
def test_no_caching_for_some(tmp_path: Path, header: str) -> None:
    status, headers, text = told(ask(assets(tmp_path), "/style.css", **{header: "bytes=0-1"}))
    assert (status, text) == (200, "body{}\n")
    assert "cache-control" not in headers


def test_the_binding_answers_404_itself(tmp_path: Path) -> None:
    async def fetch(url: str) -> Response:
        response: Response = await assets(tmp_path).fetch(url)
        return response

    assert told(run(fetch("http://x/nope"))) == (404, {"x-all": "1"}, "")
    assert told(run(fetch("http://x/")))[2] == "<h1>index</h1>\n"
    with pytest.raises(JsException, match="Invalid URL: /style.css"):
        run(fetch("/style.css"))


def test_the_app_page_for_navigations(tmp_path: Path) -> None:
    target = assets(tmp_path, not_found_handling="single-page-application")
    assert told(ask(target, "/deep/link", sec_fetch_mode="navigate"))[2] == "<h1>index</h1>\n"
    assert ask(target, "/deep/link", sec_fetch_mode="cors") is None
    older = assets(tmp_path, not_found_handling="single-page-application", date="2025-03-31")
    assert ask(older, "/deep/link", sec_fetch_mode="navigate") is None


def test_the_nearest_404_page(tmp_path: Path) -> None:
    target = assets(
        tmp_path, {"404.html": "root", "sub/404.html": "sub"}, worker=False, not_found_handling="404-page"
    )
    assert told(ask(target, "/sub/x/y"))[::2] == (404, "sub")
    assert told(ask(target, "/x"))[::2] == (404, "root")


def test_without_a_worker_everything_is_answered(tmp_path: Path) -> None:
    assert told(ask(assets(tmp_path, {"a.txt": ""}, worker=False), "/nope"))[0] == 404


def test_the_worker_first(tmp_path: Path) -> None:
    assert ask(assets(tmp_path, run_worker_first=True), "/style.css") is None
    some = assets(tmp_path, run_worker_first=("/sub/*", "!/sub/index.html", "!/gone"))
    assert ask(some, "/sub/") is None
    assert told(ask(some, "/sub/index.html"))[0] == 307
    assert told(ask(some, "/gone"))[0] == 404
    assert told(ask(some, "/style.css"))[0] == 200
    with pytest.raises(ConfigError, match="assets.run_worker_first"):
        assets(tmp_path, run_worker_first=("sub/*",))


def test_bad_rules_are_reported(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    logging.getLogger("edge").propagate = True
    target = assets(tmp_path, {"_redirects": "/a\n", "_headers": "x: 1\n", "a.txt": "a"})
    assert told(ask(target, "/a.txt"))[0] == 200
    assert [record.getMessage() for record in caplog.records] == [
        f"{tmp_path}/_redirects:1: ignored: expected 2 or 3 words, got 1",
        f"{tmp_path}/_headers:1: ignored: a header stands before any path",
    ]


def test_a_file_deleted_since(tmp_path: Path) -> None:
    target = assets(tmp_path)
    assert told(ask(target, "/style.css"))[0] == 200
    (tmp_path / "style.css").unlink()
    assert told(ask(target, "/style.css"))[0] == 404
