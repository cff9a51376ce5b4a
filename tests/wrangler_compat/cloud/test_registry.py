"""The registry as Docker talks to it, call by call."""

from __future__ import annotations

import json
from pathlib import Path

import httpx

from edge.kernel.clock import VirtualClock
from tests.loops import run, run_virtual
from tests.wrangler_compat.cloud.calls import Calls, calling
from wrangler_compat.cloud.registry.blobs import digest_of

LAYER, CONFIG = b"a layer", b"{}"
MANIFEST_TYPE = "application/vnd.docker.distribution.manifest.v2+json"
MANIFEST = json.dumps(
    {
        "schemaVersion": 2,
        "config": {"digest": digest_of(CONFIG), "size": len(CONFIG)},
        "layers": [{"digest": digest_of(LAYER), "size": len(LAYER)}],
    }
).encode()


class Docker:
    """Calls of the registry with credentials that the API gave."""

    def __init__(self, calls: Calls, password: str) -> None:
        self._calls = calls
        self._auth = httpx.BasicAuth("v1", password)

    async def __call__(self, method: str, path: str, **options: object) -> httpx.Response:
        url = f"http://cloud/v2{path.replace('ACCOUNT', self._calls.account.id)}"
        return await self._calls.client.request(method, url, auth=self._auth, **options)  # type: ignore[arg-type]

    async def push_blob(self, content: bytes, *, pieces: int = 1) -> httpx.Response:
        at = (await self("POST", "/ACCOUNT/app/blobs/uploads/")).headers["location"].removeprefix("/v2")
        size = -(-len(content) // pieces)
        for start in range(0, len(content), size):
            answer = await self("PATCH", at, content=content[start : start + size])
            assert answer.status_code == 202
        return await self("PUT", at, params={"digest": digest_of(content)})

    async def push(self, tag: str = "one", manifest: bytes = MANIFEST) -> httpx.Response:
        for content in (LAYER, CONFIG):
            assert (await self.push_blob(content)).status_code == 201
        path = f"/ACCOUNT/app/manifests/{tag}"
        return await self("PUT", path, content=manifest, headers={"content-type": MANIFEST_TYPE})


async def docker(calls: Calls, *permissions: str, minutes: float = 5) -> Docker:
    asked = {"permissions": permissions or ("push", "pull"), "expiration_minutes": minutes}
    given = await calls.ok("POST", "/containers/registries/cloud/credentials", json=asked)
    assert (given["username"], given["registry_host"]) == ("v1", "cloud")
    return Docker(calls, given["password"])


def test_an_image_is_pushed_and_pulled(tmp_path: Path) -> None:
    async def check() -> None:
        async with calling(tmp_path) as calls:
            push = await docker(calls)
            assert (await push("GET", "/")).status_code == 200
            assert (await push.push_blob(LAYER, pieces=3)).status_code == 201
            assert (await push.push()).status_code == 201
        async with calling(tmp_path) as calls:  # after a restart
            pull = await docker(calls, "pull")
            for reference in ("one", digest_of(MANIFEST)):
                found = await pull("GET", f"/ACCOUNT/app/manifests/{reference}")
                assert (found.content, found.headers["content-type"]) == (MANIFEST, MANIFEST_TYPE)
                assert found.headers["docker-content-digest"] == digest_of(MANIFEST)
            assert (await pull("GET", f"/ACCOUNT/app/blobs/{digest_of(LAYER)}")).content == LAYER
            assert (await pull("HEAD", f"/ACCOUNT/app/blobs/{digest_of(LAYER)}")).status_code == 200
            assert (await pull("GET", "/ACCOUNT/app/tags/list")).json()["tags"] == ["one"]
            listed = (await pull("GET", "/_catalog", params={"tags": "true"})).json()["repositories"]
            assert listed == {f"{calls.account.id}/app": ["one"]}
            assert (await pull("POST", "/ACCOUNT/app/blobs/uploads/")).status_code == 403

    run(check())


def test_nothing_wrong_is_kept() -> None:
    async def check() -> None:
        async with calling() as calls:
            push = await docker(calls)
            path = "/ACCOUNT/app/manifests/one"
            assert (await push("PUT", path, content=MANIFEST)).status_code == 404  # its blobs are not here
            assert (await push("PUT", path, content=b"[]")).status_code == 400
            at = (await push("POST", "/ACCOUNT/app/blobs/uploads/")).headers["location"].removeprefix("/v2")
            wrong = await push("PUT", at, content=LAYER, params={"digest": digest_of(CONFIG)})
            assert wrong.json()["errors"][0]["code"] == "DIGEST_INVALID"
            assert (await push("PATCH", at, content=b"x")).status_code == 404
            assert (await push("GET", f"/ACCOUNT/app/blobs/{digest_of(CONFIG)}")).status_code == 404
            assert (await push("GET", path)).json()["errors"][0]["code"] == "MANIFEST_UNKNOWN"
            outside = f"/ACCOUNT/app/blobs/{'..%2F..%2Fcloud.sqlite'}"
            assert (await push("GET", outside)).status_code == 404

    run(check())


def test_a_tag_goes_and_what_nobody_names_with_it() -> None:
    async def check() -> None:
        async with calling() as calls:
            push = await docker(calls)
            await push.push("one")
            await push.push("two")
            blob = f"/ACCOUNT/app/blobs/{digest_of(LAYER)}"
            for tag, left in (("one", 200), ("two", 404)):
                assert (await push("DELETE", f"/ACCOUNT/app/manifests/{tag}")).status_code == 202
                assert (await push("PUT", "/gc/layers")).status_code == 200
                assert (await push("GET", blob)).status_code == left
            assert (await push("DELETE", "/ACCOUNT/app/manifests/two")).status_code == 404

    run(check())


def test_whose_credentials_open_what() -> None:
    clock = VirtualClock()

    async def check() -> None:
        async with calling(clock=clock) as calls:
            nobody = await Docker(calls, "guessed")("GET", "/")
            assert nobody.status_code == 401
            assert nobody.headers["www-authenticate"] == 'Basic realm="edge cloud"'
            assert nobody.headers["docker-distribution-api-version"] == "registry/2.0"
            own = await docker(calls, minutes=1)
            other = calls.cloud.accounts.ensure("other")
            assert (await own("GET", f"/{other.id}/app/tags/list")).status_code == 403
            refused = await calls.no("POST", "/containers/registries/registry.cloudflare.com/credentials")
            assert refused[0] == 404
            assert "CLOUDFLARE_CONTAINER_REGISTRY=cloud" in refused[2]
            await clock.sleep(61)
            assert (await own("GET", "/")).status_code == 401

    run_virtual(check(), clock)
