"""Who asks: the API token of a request.

Source: Cloudflare's API as wrangler and its users report it (codes 6003, 6111, 9106, 9109 and 10000).
"""

from __future__ import annotations

import re

from starlette.requests import Request

from wrangler_compat.cloud.accounts import Account, Accounts
from wrangler_compat.cloud.envelope import Refusal

_BEARER = re.compile("Bearer [^ ]+")


def authenticate(request: Request, accounts: Accounts) -> Account:
    """The account whose token a request carries. Raises `Refusal`."""
    header = request.headers.get("authorization")
    if header is None:
        if "x-auth-key" in request.headers:
            raise Refusal(403, 9103, "Unknown X-Auth-Key or X-Auth-Email")
        raise Refusal(400, 9106, "Missing X-Auth-Key, X-Auth-Email or Authorization headers")
    if not _BEARER.fullmatch(header):
        malformed = (6111, "Invalid format for Authorization header")
        raise Refusal(400, 6003, "Invalid request headers", chain=[malformed])
    account = accounts.of_token(header.removeprefix("Bearer "))
    if account is None:
        # Calls about an account are refused in other words than calls about the user.
        if "/accounts/" in request.url.path:
            raise _authentication_error()
        raise Refusal(403, 9109, "Invalid access token")
    return account


def authorize(account: Account, account_id: str) -> None:
    """Let `account`'s token work on the account in the path, if it is the same. Raises `Refusal`."""
    if account.id != account_id:
        raise _authentication_error()


def _authentication_error() -> Refusal:
    return Refusal(403, 10000, "Authentication error")
