"""The API of Cloudflare as far as a deploy sees it, in memory, with faults on request."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import httpx

from edge.kernel.clock import WallClock
from wrangler_compat.cloudflare.account import opened
from wrangler_compat.deploy.plan import Plan
from wrangler_compat.deploy.run import Outcome, Rollout, deploy

ENVIRONMENT = {"CLOUDFLARE_API_TOKEN": "right", "CLOUDFLARE_ACCOUNT_ID": "acc"}
VERSION = "11111111-2222-3333-4444-555555555555"
Fault = Callable[[httpx.Request], httpx.Response]


@dataclass
class Api:
    """One account. `worker` is what is deployed (None: nothing yet), `sent` what each call brought."""

    worker: dict[str, Any] | None = None
    subdomain: str | None = "me"
    known_hashes: set[str] = field(default_factory=set)
    faults: dict[str, Fault] = field(default_factory=dict)
    calls: list[str] = field(default_factory=list)
    sent: dict[str, Any] = field(default_factory=dict)
    queues: list[dict[str, Any]] = field(default_factory=list)

    def run(self, plan: Plan, *, rollout: Rollout = "gradual", retries: int = 0) -> tuple[Outcome, list[str]]:
        """Deploy `plan` here; what came of it, and what was said (warnings begin with "warning")."""
        said: list[str] = []
        with opened(
            environment=ENVIRONMENT, transport=httpx.MockTransport(self.answer), retries=retries
        ) as account:
            outcome = deploy(
                plan,
                account,
                WallClock(),
                say=said.append,
                warn=lambda text: said.append(f"warning: {text}"),
                rollout=rollout,
            )
        return outcome, said

    @property
    def changes(self) -> list[str]:
        """Calls that change something."""
        return [call for call in self.calls if not call.startswith("GET ")]

    def answer(self, request: httpx.Request) -> httpx.Response:
        call = f"{request.method} {request.url.path.removeprefix('/client/v4/accounts/acc')}"
        self.calls.append(call)
        if call in self.faults:
            return self.faults[call](request)
        self.sent[call] = _content(request)
        return self._answer(call)

    def _answer(self, call: str) -> httpx.Response:
        if call.startswith("GET /workers/services/"):
            if self.worker is None or call != "GET /workers/services/shop":
                return refusal(404, 10007, "This Worker does not exist on your account.")
            return result({"id": "shop", "default_environment": {"script": self.worker}})
        if call == "GET /workers/subdomain":
            if self.subdomain is None:
                return refusal(404, 10007, "You have no subdomain.")
            return result({"subdomain": self.subdomain})
        if call == "POST /workers/scripts/shop/assets-upload-session":
            wanted = [entry["hash"] for entry in self.sent[call]["manifest"].values()]
            missing = [digest for digest in wanted if digest not in self.known_hashes]
            return result({"jwt": "session", "buckets": [[digest] for digest in missing]})
        if call == "POST /workers/assets/upload":
            self.known_hashes |= self.sent[call].keys()
            return result({"jwt": "complete"})
        if call == "PUT /workers/scripts/shop":
            return result({"id": "shop", "deployment_id": VERSION.replace("-", ""), "startup_time_ms": 12})
        if call == "POST /workers/scripts/shop/versions":
            return result({"id": VERSION, "startup_time_ms": 12})
        if call == "GET /queues":
            return result(self.queues)
        return result({})


def result(value: Any) -> httpx.Response:
    return httpx.Response(200, json={"success": True, "errors": [], "messages": [], "result": value})


def refusal(status: int, code: int, message: str) -> httpx.Response:
    errors = [{"code": code, "message": message}]
    return httpx.Response(status, json={"success": False, "errors": errors, "messages": [], "result": None})


def failing(status: int, code: int = 1000, message: str = "no") -> Fault:
    return lambda _: refusal(status, code, message)


def raising(error: Exception) -> Fault:
    def fail(_: httpx.Request) -> httpx.Response:
        raise error

    return fail


def _content(request: httpx.Request) -> Any:
    """JSON, or the parts of a form: name to type and bytes; `metadata` is parsed."""
    kind = request.headers.get("content-type", "")
    if not kind.startswith("multipart/form-data"):
        return json.loads(request.content) if request.content else None
    boundary = kind.partition("boundary=")[2].encode()
    parts = {}
    for part in request.content.split(b"--" + boundary)[1:-1]:
        head, _, body = part.removesuffix(b"\r\n").partition(b"\r\n\r\n")
        name = re.search(rb'name="([^"]*)"', head)
        assert name is not None
        of_type = re.search(rb"Content-Type: (.*)", head)
        parts[name[1].decode()] = (of_type[1].strip().decode() if of_type else "", body)
    if "metadata" in parts:
        return {**parts, "metadata": json.loads(parts["metadata"][1])}
    return parts
