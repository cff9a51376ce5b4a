"""Ports and preview URLs (spec section 5.4)."""

from __future__ import annotations

import re
from typing import Any

import pytest

from edge.http.request import Request
from edge.http.response import Response
from sandbox.server.sockets import Socket
from tests.sandbox.sdk.house import SdkHouse

TOKEN = re.compile(r"http://8080-box-([a-z0-9_]{16})\.localhost:8787/")


async def show(request: Request) -> Response:
    """A program in the sandbox."""
    names = ("x-original-url", "x-forwarded-host", "x-sandbox-name", "x-sandbox-preview-token", "x-mine")
    seen = [request.headers.get_str(name) or "-" for name in names]
    body = (await request.read_bytes()).decode()
    return Response.make(" ".join([request.method, request.url, body or "-", *seen]).encode())


async def visit(sdk: SdkHouse, url: str, **options: Any) -> tuple[int, str]:
    reply = await sdk.world.client.request(options.pop("method", "GET"), url, **options)
    return reply.status, reply.text


def test_a_preview_url_leads_to_the_program(sdk: SdkHouse) -> None:
    async def body() -> None:
        box = sdk.box()
        exposed = await box.expose_port(8080, hostname="localhost:8787", name="web")
        found = TOKEN.fullmatch(exposed.url)
        assert found
        assert (exposed.port, exposed.name) == (8080, "web")
        sdk.listen(8080, show)
        status, text = await visit(
            sdk, exposed.url + "a/b?c=d", method="POST", content="sent", headers={"x-mine": "yes"}
        )
        assert status == 200
        assert text == (
            f"POST http://localhost:8080/a/b?c=d sent {exposed.url}a/b?c=d "
            f"8080-box-{found[1]}.localhost box - yes"
        )
        assert (await box.expose_port(8080, {"hostname": "localhost:8787"})).url == exposed.url
        assert await box.getExposedPorts("example.com") == [
            {"url": f"https://8080-box-{found[1]}.example.com/", "port": 8080, "status": "active"}
        ]
        assert await box.is_port_exposed(8080)
        assert await box.validatePortToken(8080, found[1])
        assert not await box.validate_port_token(8080, found[1][:-1])
        assert not await box.validate_port_token(8081, found[1])

    sdk.run(body)


def test_a_wrong_token_gets_nothing_and_starts_nothing(sdk: SdkHouse) -> None:
    async def body() -> None:
        denied = '{"error": "Access denied: Invalid token or port not exposed", "code": "INVALID_TOKEN"}'
        assert await visit(sdk, "http://8080-box-guess.localhost:8787/") == (404, denied)
        assert sdk.engine.specs == []
        box = sdk.box()
        exposed = await box.expose_port(8080, hostname="localhost:8787", token="mine_1")
        assert exposed.url == "http://8080-box-mine_1.localhost:8787/"
        sdk.listen(8080, show)
        sdk.listen(9090, show)
        for url in ("8080-box-mine_2", "9090-box-mine_1", "8080-other-mine_1", "8080-box-mine_11"):
            assert await visit(sdk, f"http://{url}.localhost:8787/") == (404, denied)
        forged = {
            "x-sandbox-preview-proxy": "1",
            "x-sandbox-preview-port": "8080",
            "x-sandbox-preview-token": "mine_1",
        }
        status, _ = await visit(sdk, "http://8080-box-mine_2.localhost:8787/", headers=forged)
        assert status == 404
        await box.unexpose_port(8080)
        await box.unexpose_port(8080)
        assert await visit(sdk, exposed.url) == (404, denied)

    sdk.run(body)


def test_an_url_from_before_a_restart_is_stale(sdk: SdkHouse) -> None:
    async def body() -> None:
        box = sdk.box()
        exposed = await box.expose_port(8080, hostname="localhost:8787")
        await sdk.kill()
        stale = (
            '{"error": "Preview URL is stale because the sandbox runtime is not active", '
            '"code": "STALE_PREVIEW_URL"}'
        )
        assert await visit(sdk, exposed.url) == (410, stale)
        assert len(sdk.engine.specs) == 1
        await box.exec("true")
        assert await visit(sdk, exposed.url) == (410, stale)
        assert await box.get_exposed_ports("localhost:8787") == []
        again = await box.expose_port(8080, hostname="localhost:8787")
        assert again.url == exposed.url
        sdk.listen(8080, show)
        assert (await visit(sdk, exposed.url))[0] == 200

    sdk.run(body)


@pytest.mark.parametrize(
    ("port", "options", "message"),
    [
        (80, {}, "Invalid port number: 80. Must be 1024-65535, excluding 3000 (sandbox control plane)."),
        (3000, {}, "Invalid port number: 3000. Must be 1024-65535, excluding 3000 (sandbox control plane)."),
        (8080, {"token": ""}, "Custom token cannot be empty."),
        (
            8080,
            {"token": "x" * 17},
            "Custom token too long. Maximum 16 characters allowed. Received: 17 characters.",
        ),
        (
            8080,
            {"token": "Xy-z"},
            "Custom token must contain only lowercase letters (a-z), numbers (0-9), and underscores (_). "
            "Invalid token provided.",
        ),
        (
            8080,
            {"token": "taken"},
            "Token 'taken' is already in use by port 9000. Please use a different token.",
        ),
    ],
)
def test_what_is_refused(sdk: SdkHouse, port: int, options: dict[str, str], message: str) -> None:
    async def body() -> None:
        box = sdk.box()
        await box.expose_port(9000, hostname="example.com", token="taken")
        with pytest.raises(sdk.sandbox.errors.SandboxSecurityError) as refused:
            await box.expose_port(port, hostname="example.com", **options)
        assert str(refused.value) == message

    sdk.run(body)


def test_workers_dev_has_no_names_below_it(sdk: SdkHouse) -> None:
    async def body() -> None:
        with pytest.raises(sdk.sandbox.errors.CustomDomainRequiredError) as refused:
            await sdk.box().expose_port(8080, hostname="app.me.workers.dev")
        assert (refused.value.code, refused.value.http_status) == ("CUSTOM_DOMAIN_REQUIRED", 400)
        assert str(refused.value).startswith("Port exposure requires a custom domain.")

    sdk.run(body)


def test_upper_case_ids_have_no_preview(sdk: SdkHouse) -> None:
    async def body() -> None:
        with pytest.raises(sdk.sandbox.errors.SandboxSecurityError, match="require lowercase sandbox IDs"):
            await sdk.box("Loud").expose_port(8080, hostname="example.com")

    sdk.run(body)


def test_other_hosts_are_not_previews(sdk: SdkHouse) -> None:
    code = """
from sandbox.client.preview import route_of

async def main():
    urls = ["https://8080-a-b-c-tok_1.x.dev/", "https://80-a-t.x.dev/", "https://3000-a-t.x.dev/",
            "https://8080-a.x.dev/", "https://www.x.dev/", "https://8080-api-t.x.dev/", "http://localhost/",
            "https://99999-a-t.x.dev/"]
    return [route_of(url) for url in urls]
"""

    async def body() -> None:
        first, *others = await sdk.in_worker(code)
        assert first == [8080, "a-b-c", "tok_1"]
        assert others == [None] * 7

    sdk.run(body)


def test_requests_into_the_sandbox(sdk: SdkHouse) -> None:
    async def body() -> None:
        box = sdk.box()
        await box.exec("true")
        sdk.listen(8080, show)
        response = await box.fetch("http://any/proxy/8080/path?q=1")
        assert (await response.text()).startswith("GET http://any/proxy/8080/path?q=1")
        assert (await (await box.fetch("http://any/api/ping")).json())["message"] == "pong"

    sdk.run(body)


async def echo(request: Request) -> Response:
    """A WebSocket in the sandbox."""
    socket = Socket()
    socket.on_text = lambda text: socket.send_json({"path": request.url, "said": text})
    return socket.start()


def test_websockets_into_the_sandbox(sdk: SdkHouse) -> None:
    async def body() -> None:
        box = sdk.box()
        exposed = await box.expose_port(8080, hostname="localhost:8787")
        sdk.listen(8080, echo)
        for url, path in ((f"{exposed.url}live?a=1", "/live?a=1"), ("/connect", "/connect")):
            async with sdk.world.client.websocket(url) as socket:
                await socket.send("hi")
                heard = await socket.receive_json()
                assert heard["said"] == "hi"
                assert heard["path"].endswith(path)

    sdk.run(body)
