"""Lets faults happen to calls, in front of the API."""

from __future__ import annotations

from starlette.responses import HTMLResponse, Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from wrangler_compat.cloud.call import BASE_PATH
from wrangler_compat.cloud.envelope import Refusal, refused
from wrangler_compat.cloud.faults import Fault, Faults

_PAGE = "<html><body><h1>502 Bad Gateway</h1></body></html>"
_TOO_MANY = "Please wait and consider throttling your request speed"
_CUT_BYTES = 1000


class CutOff(Exception):
    """Ends a connection in the middle of an answer."""


class Failing:
    """The API under a script of faults."""

    def __init__(self, api: ASGIApp, faults: Faults) -> None:
        self._api = api
        self._faults = faults

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        fault = None
        if scope["type"] == "http":
            fault = self._faults.meet(scope["method"], scope["path"].removeprefix(BASE_PATH))
        if fault is None:
            await self._api(scope, receive, send)
        elif fault.effect == "hang":
            await _until_gone(receive)
        elif fault.effect == "cut":
            await _cut(send)
        elif fault.effect == "lost":
            await self._api(scope, receive, _swallow)
            await _cut(send)
        else:
            await _answer(fault)(scope, receive, send)


def _answer(fault: Fault) -> Response:
    status = fault.status
    if status is None:
        return HTMLResponse(_PAGE, 502)
    headers = {} if fault.retry_after_s is None else {"retry-after": str(fault.retry_after_s)}
    code, text = (971, _TOO_MANY) if status == 429 else (10013, "An unknown error has occurred.")
    return refused(Refusal(status, code, text, headers=headers))


async def _until_gone(receive: Receive) -> None:
    while (await receive())["type"] != "http.disconnect":
        continue


async def _cut(send: Send) -> None:
    length = str(_CUT_BYTES).encode()
    await send({"type": "http.response.start", "status": 200, "headers": [(b"content-length", length)]})
    await send({"type": "http.response.body", "body": b"{", "more_body": True})
    raise CutOff("the answer is cut off by a fault")


async def _swallow(message: Message) -> None:
    """Nobody is told."""
