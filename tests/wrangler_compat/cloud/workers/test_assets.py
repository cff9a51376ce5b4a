"""Sessions of asset uploads: tokens, missing files, foreign Workers."""

from __future__ import annotations

import base64
from typing import Any

import httpx
import pytest

from edge.kernel.clock import VirtualClock
from edge.kernel.random import RandomStreams
from tests.loops import run, run_virtual
from tests.wrangler_compat.cloud.calls import Calls, calling, refusal
from tests.wrangler_compat.cloud.workers.uploads import upload_of
from wrangler_compat.cloud.catalogue import Catalogue
from wrangler_compat.cloud.envelope import Refusal
from wrangler_compat.cloud.workers.asset_store import TOKEN_LIFE_S, Asset, AssetStore

AT = "/workers/scripts/hello"
FILES = {"a" * 32: b"first", "b" * 32: b"second"}
MANIFEST = {f"/{digest[0]}.html": {"hash": digest, "size": len(content)} for digest, content in FILES.items()}


async def begun(calls: Calls, manifest: dict[str, Any] = MANIFEST) -> dict[str, Any]:
    found: dict[str, Any] = await calls.ok("POST", f"{AT}/assets-upload-session", json={"manifest": manifest})
    return found


async def sent(calls: Calls, token: str, files: dict[str, bytes]) -> httpx.Response:
    parts = {name: (name, base64.b64encode(data), "text/html") for name, data in files.items()}
    headers = {"authorization": f"Bearer {token}"}
    path = "/workers/assets/upload?base64=true"
    return await calls.raw("POST", path, files=parts, headers=headers)


def assets_only(token: str) -> Any:
    return upload_of({}, assets={"jwt": token, "config": {"html_handling": "none"}})


def test_a_session() -> None:
    async def check() -> None:
        async with calling() as calls:
            session = await begun(calls)
            assert session["buckets"] == [sorted(FILES)]
            first, second = ({name: data} for name, data in FILES.items())
            assert (await sent(calls, session["jwt"], first)).json()["result"] == {}
            assert (await calls.no("PUT", AT, files=assets_only(session["jwt"])))[1] == 10021
            done = (await sent(calls, session["jwt"], second)).json()["result"]["jwt"]
            await calls.ok("PUT", AT, files=assets_only(done))
            [script] = await calls.ok("GET", "/workers/scripts")
            assert script["has_assets"]
            assert (await begun(calls))["buckets"] == []
            foreign = await calls.no("PUT", "/workers/scripts/other", files=assets_only(done))
            assert foreign[2] == "the assets were uploaded for another Worker"

    run(check())


def test_files_that_do_not_belong() -> None:
    async def check() -> None:
        async with calling() as calls:
            token = (await begun(calls))["jwt"]
            assert refusal(await sent(calls, token, {"c" * 32: b"x"}))[1] == 10021
            assert refusal(await sent(calls, token, {"a" * 32: b"wrong size"}))[1] == 10021
            mixed = {"a" * 32: b"first", "c" * 32: b"x"}
            assert refusal(await sent(calls, token, mixed))[1] == 10021
            assert (await begun(calls))["buckets"] == [sorted(FILES)]
            for manifest in ([], {"/a": 1}, {"/a": {"hash": "x"}}):
                body = {"manifest": manifest}
                assert (await calls.no("POST", f"{AT}/assets-upload-session", json=body))[1] == 10021

    run(check())


def test_tokens_are_signed_and_end() -> None:
    clock = VirtualClock()

    async def check() -> None:
        async with calling(clock=clock) as calls:
            token = (await begun(calls))["jwt"]
            head, claims, signature = token.split(".")
            forged = ".".join([head, claims, signature[::-1]])
            for wrong in ("", "x", calls.account.token, forged):
                assert refusal(await sent(calls, wrong, FILES))[1] == 10000
            await clock.advance("61m")
            assert refusal(await sent(calls, token, FILES))[1] == 10000

    run_virtual(check(), clock)


def test_sessions_go_with_their_tokens() -> None:
    clock = VirtualClock()
    catalogue = Catalogue(None)
    catalogue.change("INSERT INTO accounts VALUES ('account', 'Ada', 'token', 0)")
    store = AssetStore(catalogue, clock, RandomStreams(1))

    async def check() -> None:
        kept = store.begin("account", "hello", MANIFEST)["jwt"]
        await clock.sleep(TOKEN_LIFE_S - 1)
        for name, data in FILES.items():
            done = store.receive(kept, {name: Asset(data, None)})
        await clock.sleep(2)
        assert done is not None
        store.begin("account", "hello", MANIFEST)
        assert len(store._sessions) == 2, "the last token of the first one is still good"
        with pytest.raises(Refusal, match="Authentication error"):
            store.receive(kept, {})
        await clock.sleep(TOKEN_LIFE_S)
        store.begin("account", "hello", MANIFEST)
        assert len(store._sessions) == 1

    run_virtual(check(), clock)
    catalogue.close()
