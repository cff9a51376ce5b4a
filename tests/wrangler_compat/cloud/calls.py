"""A cloud in memory, called without a socket."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import httpx

from edge.kernel.clock import Clock, WallClock
from edge.kernel.random import RandomStreams
from wrangler_compat.cloud.app import api
from wrangler_compat.cloud.cloud import Cloud


class Calls:
    """Calls with the token of the account `test`, at paths below that account."""

    def __init__(self, cloud: Cloud, client: httpx.AsyncClient) -> None:
        self.cloud = cloud
        self.client = client
        self.account = cloud.accounts.ensure("test")
        client.headers["authorization"] = f"Bearer {self.account.token}"

    async def raw(self, method: str, path: str, **options: Any) -> httpx.Response:
        return await self.client.request(method, f"/accounts/{self.account.id}{path}", **options)

    async def ok(self, method: str, path: str, **options: Any) -> Any:
        """The result of a call that succeeds."""
        response = await self.raw(method, path, **options)
        assert response.status_code == 200, response.text
        body = response.json()
        assert (body["success"], body["errors"]) == (True, [])
        return body["result"]

    async def no(self, method: str, path: str, **options: Any) -> tuple[int, int, str]:
        """Status, code and text of a call that is refused."""
        response = await self.raw(method, path, **options)
        return refusal(response)


def refusal(response: httpx.Response) -> tuple[int, int, str]:
    body = response.json()
    assert (body["success"], body["result"], len(body["errors"])) == (False, None, 1)
    return response.status_code, body["errors"][0]["code"], body["errors"][0]["message"]


@asynccontextmanager
async def calling(folder: Path | None = None, clock: Clock | None = None) -> AsyncIterator[Calls]:
    cloud = Cloud(folder, clock or WallClock(), RandomStreams(1))
    transport = httpx.ASGITransport(app=api(cloud))
    async with httpx.AsyncClient(transport=transport, base_url="http://cloud/client/v4") as client:
        try:
            yield Calls(cloud, client)
        finally:
            await cloud.close()
