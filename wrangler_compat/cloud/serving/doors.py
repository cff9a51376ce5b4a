"""Who answers a request: the API, or a Worker, by the name of the host.

`NAME.localhost` is a Worker of the first account, `NAME.ACCOUNT.localhost` one of any; everything else is for
the API.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from edge.errors import UserError
from edge.http.request import Request
from edge.http.response import Response
from edge.server.app import FrontDoor, OnAnswer
from edge.server.outgoing import plain
from edge.worker.service import ScheduledResult
from wrangler_compat.cloud.cloud import Cloud
from wrangler_compat.cloud.serving.runner import Runner
from wrangler_compat.cloud.tails.events import Subject
from wrangler_compat.cloud.tails.tails import Tails

_LOCAL = ".localhost"

#: Told of each call of the API: method, path, status (None: no answer), and how many seconds it took.
OnCall = Callable[[str, str, int | None, float], None]


class Doors:
    """The API and all Workers behind one socket."""

    def __init__(
        self, api: ASGIApp, cloud: Cloud, on_answer: OnAnswer | None = None, on_call: OnCall | None = None
    ) -> None:
        self._api = api
        self._cloud = cloud
        self._on_answer = on_answer
        self._on_call = on_call

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        names = worker_names(scope)
        if names is None:
            await self._call(scope, receive, send)
            return
        backend = _Backend(names[0], self._runner(names[1]), self._cloud.tails)
        await FrontDoor(backend, self._cloud.clock, on_answer=self._on_answer)(scope, receive, send)

    async def _call(self, scope: Scope, receive: Receive, send: Send) -> None:
        started_s = self._cloud.clock.monotonic()
        status: int | None = None

        async def noted(message: Message) -> None:
            nonlocal status
            status = message.get("status", status)
            await send(message)

        try:
            await self._api(scope, receive, noted)
        finally:
            if self._on_call is not None and scope["type"] == "http":
                duration_s = self._cloud.clock.monotonic() - started_s
                self._on_call(scope["method"], scope["path"], status, duration_s)

    def _runner(self, account_name: str | None) -> Runner | None:
        for account in self._cloud.accounts.all():
            if account_name in (None, account.name):
                return self._cloud.runner(account)
        return None


class _Backend:
    """One Worker, as the front door sees it."""

    def __init__(self, name: str, runner: Runner | None, tails: Tails) -> None:
        self._name = name
        self._tails = tails
        self._runner = runner

    async def dispatch(
        self, request: Request, *, worker: str | None = None, place: str | None = None
    ) -> Response:
        reason = self._why_not()
        if reason is not None:
            status = 404 if reason.startswith("there is no") else 501
            return plain(status, f"The Worker {self._name} does not answer here: {reason}.\n")
        runner = self._runner
        assert runner is not None

        def ask() -> Awaitable[Response]:
            return runner.world.dispatch(request, worker=self._name, place=place)

        if not self._tails.of(runner.account_id, self._name):
            return await ask()
        subject = Subject(runner.account_id, self._name, runner.version_id(self._name) or "")
        return await self._tails.follow(subject, request, ask)

    async def scheduled(self, cron: str, time_ms: float, *, worker: str | None = None) -> ScheduledResult:
        reason = self._why_not()
        if reason is not None:
            return ScheduledResult("exception", False, UserError(f"{self._name} does not run: {reason}"))
        assert self._runner is not None
        return await self._runner.world.scheduled(cron, time_ms, worker=self._name)

    def _why_not(self) -> str | None:
        if self._runner is None:
            return "there is no such account, or Workers do not run here (edge cloud --serve)"
        return self._runner.why_not(self._name)


def worker_names(scope: Scope) -> tuple[str, str | None] | None:
    """The Worker and the account that the host of a request names; None for the API."""
    if scope["type"] not in ("http", "websocket"):
        return None
    host = next((value.decode("latin-1") for name, value in scope["headers"] if name == b"host"), "")
    name = host.partition(":")[0].lower()
    if not name.endswith(_LOCAL):
        return None
    worker, _, account = name.removesuffix(_LOCAL).partition(".")
    return worker, account or None
