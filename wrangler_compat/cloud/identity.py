"""Whose token it is: what `wrangler whoami` and the choice of an account ask.

Source: spec wrangler.md section 7.1.
"""

from __future__ import annotations

import hashlib
from datetime import UTC, datetime
from typing import Any

from starlette.responses import Response
from starlette.routing import Route

from wrangler_compat.cloud.accounts import Account
from wrangler_compat.cloud.call import Call, account_route, user_route
from wrangler_compat.cloud.cloud import Cloud
from wrangler_compat.cloud.envelope import answer, page_of

_ROLE = "Super Administrator - All Privileges"


def routes(cloud: Cloud) -> list[Route]:
    """The routes of this file."""
    return [
        user_route(cloud, "GET", "/user", _user),
        user_route(cloud, "GET", "/user/tokens/verify", _verify),
        user_route(cloud, "GET", "/memberships", _memberships),
        user_route(cloud, "GET", "/accounts", _accounts),
        account_route(cloud, "GET", "", _account),
        account_route(cloud, "GET", "/tokens/verify", _verify),
    ]


def timestamp(time_ms: int) -> str:
    """A moment as the API writes it."""
    moment = datetime.fromtimestamp(time_ms / 1000, UTC)
    return moment.isoformat(timespec="microseconds").replace("+00:00", "Z")


async def _user(call: Call) -> Response:
    email = f"{call.account.name}@localhost"
    return answer({"id": _id_of("user", call.account), "email": email, "suspended": False})


async def _verify(call: Call) -> Response:
    says = {"code": 10000, "message": "This API Token is valid and active", "type": None}
    return answer({"id": _id_of("token", call.account), "status": "active"}, messages=[says])


async def _memberships(call: Call) -> Response:
    membership = {
        "id": _id_of("membership", call.account),
        "status": "accepted",
        "account": _shown(call.account),
        "roles": [_ROLE],
    }
    return page_of([membership], call.request)


async def _accounts(call: Call) -> Response:
    return page_of([_shown(call.account)], call.request)


async def _account(call: Call) -> Response:
    return answer(_shown(call.account))


def _shown(account: Account) -> dict[str, Any]:
    created = timestamp(account.created_ms)
    return {"id": account.id, "name": account.name, "type": "standard", "created_on": created}


def _id_of(what: str, account: Account) -> str:
    return hashlib.sha256(f"{what} {account.id}".encode()).hexdigest()[:32]
