"""One call of the API: who asks, about which account, with what body; and routes made of such calls."""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from edge.http.blob import File
from edge.http.multipart import parse_form
from edge.js.errors import JsException
from wrangler_compat.cloud.accounts import Account
from wrangler_compat.cloud.auth import authenticate, authorize
from wrangler_compat.cloud.cloud import Cloud
from wrangler_compat.cloud.envelope import Refusal

BASE_PATH = "/client/v4"


@dataclass(frozen=True, slots=True)
class Call:
    """A request whose token was checked."""

    request: Request
    cloud: Cloud
    account: Account

    @property
    def source(self) -> str:
        """What kind of client calls, as versions and deployments remember it."""
        agent = self.request.headers.get("user-agent", "")
        return "wrangler" if agent.startswith("wrangler/") else "api"

    def part(self, name: str) -> str:
        """A part of the path."""
        return str(self.request.path_params[name])

    async def json(self) -> Any:
        """The body as JSON. Raises `Refusal`."""
        try:
            return json.loads(await self.request.body())
        except ValueError:
            raise Refusal(400, 10012, "the body of the request is not valid JSON") from None

    async def json_object(self) -> dict[str, Any]:
        """The body as a JSON object. Raises `Refusal`."""
        found = await self.json()
        if not isinstance(found, dict):
            raise Refusal(400, 10012, "the body of the request must be a JSON object")
        return found

    async def form(self) -> list[tuple[str, str | File]]:
        """The body as a form. Raises `Refusal`."""
        return await form_of(self.request)


async def form_of(request: Request) -> list[tuple[str, str | File]]:
    """The body of a request as a form. Raises `Refusal`."""
    body = await request.body()
    try:
        return parse_form(body, request.headers.get("content-type"))._pairs()
    except JsException as error:
        raise Refusal(400, 10012, f"the body of the request cannot be read: {error}") from None


Handler = Callable[[Call], Awaitable[Response]]


def open_route(method: str, path: str, handler: Callable[[Request], Awaitable[Response]]) -> Route:
    """A route below an account's own path that looks for its own kind of token."""
    return Route(f"{BASE_PATH}/accounts/{{account_id}}{path}", handler, methods=[method])


def account_route(cloud: Cloud, method: str, path: str, handler: Handler) -> Route:
    """A route below an account's own path."""

    async def checked(request: Request) -> Response:
        account = authenticate(request, cloud.accounts)
        authorize(account, request.path_params["account_id"])
        return await handler(Call(request, cloud, account))

    return Route(f"{BASE_PATH}/accounts/{{account_id}}{path}", checked, methods=[method])


def user_route(cloud: Cloud, method: str, path: str, handler: Handler) -> Route:
    """A route that is not about an account."""

    async def checked(request: Request) -> Response:
        return await handler(Call(request, cloud, authenticate(request, cloud.accounts)))

    return Route(f"{BASE_PATH}{path}", checked, methods=[method])
