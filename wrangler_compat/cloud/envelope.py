"""The envelope in which the API answers, and the refusals it carries.

Clients decide by `success`, the official Python package by the HTTP status too; both always agree here.

Source: spec wrangler.md section 7.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse, Response


class Refusal(Exception):
    """The API's no: an HTTP status, a code that clients act on, a text, what lies beneath it (`chain`), and
    further errors of the same request (`more`)."""

    def __init__(
        self,
        status: int,
        code: int,
        message: str,
        *,
        chain: Sequence[tuple[int, str]] = (),
        more: Sequence[tuple[int, str]] = (),
        headers: Mapping[str, str] | None = None,
    ) -> None:
        assert 400 <= status < 600, status
        self.status = status
        self.code = code
        self.message = message
        self.chain = chain
        self.more = more
        self.headers = headers
        super().__init__(f"{message} [code: {code}]")


def answer(
    result: Any, *, info: Mapping[str, Any] | None = None, messages: Sequence[Mapping[str, Any]] = ()
) -> Response:
    """A success; `info` says how to go on with a list."""
    body: dict[str, Any] = {"result": result, "success": True, "errors": [], "messages": list(messages)}
    if info is not None:
        body["result_info"] = info
    return JSONResponse(body)


def refused(refusal: Refusal) -> Response:
    """A failure."""
    error: dict[str, Any] = {"code": refusal.code, "message": refusal.message}
    if refusal.chain:
        error["error_chain"] = [{"code": code, "message": message} for code, message in refusal.chain]
    more = [{"code": code, "message": message} for code, message in refusal.more]
    body = {"result": None, "success": False, "errors": [error, *more], "messages": []}
    return JSONResponse(body, refusal.status, refusal.headers)


def page_of(items: Sequence[Any], request: Request, *, per_page_max: int = 100) -> Response:
    """The page of `items` that `page` and `per_page` ask for. Raises `Refusal` when they are no numbers."""
    shown, info = cut(items, request, per_page_max)
    return answer(shown, info=info)


def cut(items: Sequence[Any], request: Request, per_page_max: int) -> tuple[Sequence[Any], dict[str, int]]:
    """A page and what it says of itself, for results that are more than a list."""
    page = whole_number(request, "page") or 1
    per_page = min(whole_number(request, "per_page") or per_page_max, per_page_max)
    shown = items[(page - 1) * per_page : page * per_page]
    return shown, {"page": page, "per_page": per_page, "count": len(shown), "total_count": len(items)}


def whole_number(request: Request, name: str) -> int | None:
    """A parameter of the query that must be a whole number above 0; None when absent. Raises `Refusal`."""
    text = request.query_params.get(name)
    if text is None:
        return None
    if not (text.isascii() and text.isdigit() and int(text) > 0):
        raise Refusal(400, 10029, f"{name} must be a whole number above 0, not '{text}'")
    return int(text)
