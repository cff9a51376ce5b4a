"""Faults that the official package meets: it comes again, or says what happened; nothing is half-applied."""

from __future__ import annotations

import pytest
from cloudflare import (
    APIConnectionError,
    APITimeoutError,
    AsyncCloudflare,
    InternalServerError,
    RateLimitError,
)

from tests.cloud.running import RunningCloud, running_cloud
from tests.loops import run

pytestmark = pytest.mark.slow  # the package's import, and its waits before it comes again

KV = "* /storage/kv/namespaces"


def client_of(cloud: RunningCloud, *, retries: int, timeout_s: float = 30) -> AsyncCloudflare:
    return AsyncCloudflare(api_token=cloud.token, base_url=cloud.url, max_retries=retries, timeout=timeout_s)


async def titles(cloud: RunningCloud) -> list[str]:
    rows = cloud.cloud.catalogue.rows("SELECT title FROM kv_namespaces ORDER BY title")
    return [row["title"] for row in rows]


def test_it_comes_again() -> None:
    async def check() -> None:
        async with running_cloud() as cloud, client_of(cloud, retries=2) as client:
            for number, effect in enumerate(("500x2", "429/0x1", "cutx1", "htmlx1")):
                cloud.cloud.faults.add(f"{KV}={effect}")
                await client.kv.namespaces.create(title=f"t{number}", account_id=cloud.account_id)
            assert await titles(cloud) == ["t0", "t1", "t2", "t3"]

    run(check())


@pytest.mark.parametrize(
    ("effect", "error"),
    [("500", InternalServerError), ("429/1", RateLimitError), ("cut", APIConnectionError)],
)
def test_it_gives_up(effect: str, error: type[Exception]) -> None:
    async def check() -> None:
        async with running_cloud() as cloud, client_of(cloud, retries=0) as client:
            cloud.cloud.faults.add(f"{KV}={effect}")
            with pytest.raises(error) as raised:
                await client.kv.namespaces.create(title="t", account_id=cloud.account_id)
            if isinstance(raised.value, RateLimitError):
                assert raised.value.response.headers["retry-after"] == "1"
                assert raised.value.errors[0].code == 971
            assert await titles(cloud) == []

    run(check())


def test_no_answer() -> None:
    async def check() -> None:
        async with running_cloud() as cloud, client_of(cloud, retries=0, timeout_s=0.2) as client:
            cloud.cloud.faults.add(f"{KV}=hangx1")
            with pytest.raises(APITimeoutError):
                await client.kv.namespaces.create(title="t", account_id=cloud.account_id)
            assert await titles(cloud) == []
            await client.kv.namespaces.create(title="t", account_id=cloud.account_id)

    run(check())


def test_an_answer_that_is_lost() -> None:
    async def check() -> None:
        async with running_cloud() as cloud, client_of(cloud, retries=0) as client:
            cloud.cloud.faults.add(f"{KV}=lostx1")
            with pytest.raises(APIConnectionError):
                await client.kv.namespaces.create(title="t", account_id=cloud.account_id)
            assert await titles(cloud) == ["t"]  # the work was done

    run(check())
