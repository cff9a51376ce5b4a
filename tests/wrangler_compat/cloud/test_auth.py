"""Tokens: none, malformed, wrong, another account's."""

from __future__ import annotations

import pytest

from edge.errors import UserError
from edge.kernel.clock import WallClock
from edge.kernel.random import RandomStreams
from tests.loops import run
from tests.wrangler_compat.cloud.calls import calling, refusal
from wrangler_compat.cloud.cloud import Cloud


def test_tokens() -> None:
    async def check() -> None:
        async with calling() as calls:
            other = calls.cloud.accounts.ensure("other")
            own, foreign = f"/accounts/{calls.account.id}", f"/accounts/{other.id}"

            async def refused(path: str, headers: dict[str, str]) -> tuple[int, int, str]:
                del calls.client.headers["authorization"]
                return refusal(await calls.client.get(path, headers=headers))

            assert (await calls.client.get(own)).json()["result"]["name"] == "test"
            assert refusal(await calls.client.get(foreign)) == (403, 10000, "Authentication error")
            missing = "Missing X-Auth-Key, X-Auth-Email or Authorization headers"
            assert await refused(own, {}) == (400, 9106, missing)
            calls.client.headers["authorization"] = "Bearer wrong"
            assert refusal(await calls.client.get(own)) == (403, 10000, "Authentication error")
            assert refusal(await calls.client.get("/user")) == (403, 9109, "Invalid access token")
            calls.client.headers["authorization"] = f"Bearer  {other.token}"
            assert refusal(await calls.client.get(own)) == (400, 6003, "Invalid request headers")
            key = {"x-auth-key": other.token, "x-auth-email": "a@b.c"}
            assert await refused(own, key) == (403, 9103, "Unknown X-Auth-Key or X-Auth-Email")

    run(check())


def test_paths_that_do_not_exist() -> None:
    async def check() -> None:
        async with calling() as calls:
            status, code, text = await calls.no("GET", "/nonsense")
            assert (status, code) == (404, 7003)
            assert text.startswith(f"Could not route to /accounts/{calls.account.id}/nonsense, perhaps")
            assert (await calls.no("POST", ""))[:2] == (405, 10405)

    run(check())


def test_accounts_are_kept_and_their_tokens_can_be_chosen() -> None:
    cloud = Cloud(None, WallClock(), RandomStreams())
    first = cloud.accounts.ensure("first")
    assert cloud.accounts.ensure("first") == first
    assert cloud.accounts.ensure("first", token="abc").token == "abc"
    assert cloud.accounts.of_token("abc") == cloud.accounts.ensure("first")
    assert cloud.accounts.of_token(first.token) is None
    with pytest.raises(UserError, match="that id or token"):
        cloud.accounts.ensure("second", token="abc")
    with pytest.raises(UserError, match="letters, digits"):
        cloud.accounts.ensure("second", token="a b")
    with pytest.raises(UserError, match="32 hexadecimal"):
        cloud.accounts.ensure("second", account_id="x")
    with pytest.raises(UserError, match="has the id"):
        cloud.accounts.ensure("first", account_id="0" * 32)
