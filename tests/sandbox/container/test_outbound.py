"""What a container may reach: rules of the class and of the moment, through `ContainerProxy`."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from edge.js.errors import JsException
from tests.sandbox.container.double import Rig

Make = Callable[..., Rig]
SOURCE = """
async def say(request, env, ctx):
    return Response(f"said {request.url} {ctx.class_name} {len(ctx['containerId'])} {ctx.get('params')}")

class Box(Noting):
    outboundHandlers = {"say": say}
    outbound_by_host = {"static.test": say}
"""


def send(rig: Rig, url: str, *, through: str = "ALL") -> tuple[int, str]:
    """What the container gets that sends a request to the outside."""

    async def main() -> tuple[int, str]:
        response = await rig.plan.intercepted[through].fetch(url)
        return response.status, await response.text()

    return rig.world.run(main())


def test_a_class_without_rules_intercepts_nothing(rig: Rig) -> None:
    rig.get()
    assert rig.plan.intercepted == {}


def test_hosts_of_the_class_are_intercepted_one_by_one(make_rig: Make) -> None:
    rig = make_rig(SOURCE)
    rig.get()
    assert list(rig.plan.intercepted) == ["static.test"]
    status, text = send(rig, "http://static.test/a", through="static.test")
    assert (status, text) == (200, "said http://static.test/a Box 64 None")


def test_rules_at_run_time(make_rig: Make) -> None:
    rig = make_rig(SOURCE)
    rig.world.mock_fetch("http://open.test/*", text="the internet")
    rig.call("setOutboundByHost", "*.test", "say", {"n": 1})
    rig.get()
    assert send(rig, "http://any.test/") == (200, "said http://any.test/ Box 64 {'n': 1}")
    rig.call("remove_outbound_by_host", "*.test")
    assert send(rig, "http://open.test/x") == (200, "the internet")
    rig.call("denyHost", "open.test")
    assert send(rig, "http://open.test/x") == (520, "Origin is disallowed")
    rig.call("remove_denied_host", "open.test")
    rig.call("set_allowed_hosts", ["other.test"])
    assert send(rig, "http://open.test/x") == (520, "Origin is disallowed")
    rig.call("allowHost", "open.test")
    assert send(rig, "http://open.test/x") == (200, "the internet")
    rig.call("removeAllowedHost", "open.test")
    assert send(rig, "http://open.test/x")[0] == 520
    rig.call("setOutboundHandler", "say")
    rig.call("setAllowedHosts", ["open.test"])
    assert send(rig, "http://open.test/x")[1].startswith("said ")


def test_rules_are_stored(make_rig: Make) -> None:
    rig = make_rig(SOURCE)
    rig.call("setOutboundByHosts", {"a.test": "say", "b.test": {"method": "say", "params": 2}})
    rig.call("setDeniedHosts", ["c.test"])
    rig.lose_object()
    rig.get()
    assert send(rig, "http://b.test/")[1].endswith(" 2")
    assert send(rig, "http://c.test/")[0] == 520
    stored = rig.world.durable("BOX").storage("cf-singleton-container").get("OUTBOUND_CONFIGURATION")
    assert stored == {
        "outboundByHostOverrides": {"a.test": {"method": "say"}, "b.test": {"method": "say", "params": 2}},
        "deniedHosts": ["c.test"],
        "hasInterceptAllRegistration": True,
    }


def test_the_catch_all_of_the_class(make_rig: Make) -> None:
    rig = make_rig("""
class Box(Noting):
    allowed_hosts = ["*.test"]
    async def outbound(request, env, ctx):
        return Response("caught", status=418)
""")
    rig.get()
    assert send(rig, "http://a.test/") == (418, "caught")
    assert send(rig, "http://a.other/") == (520, "Origin is disallowed")


@pytest.mark.parametrize(
    ("method", "args"),
    [
        ("setOutboundHandler", ("gone",)),
        ("set_outbound_by_host", ("a", "gone")),
        ("setOutboundByHosts", ({"a": "gone"},)),
    ],
)
def test_a_handler_there_is_not(make_rig: Make, method: str, args: tuple[Any, ...]) -> None:
    rig = make_rig(SOURCE)
    with pytest.raises(
        JsException, match="Outbound handler method 'gone' not found in outboundHandlers for Box"
    ):
        rig.call(method, *args)


def test_without_the_proxy_entrypoint(make_rig: Make) -> None:
    rig = make_rig(SOURCE + "\ndel ContainerProxy\n")
    reply = rig.get()
    assert reply.status == 500
    assert reply.text.startswith("Failed to start container: ctx.exports.ContainerProxy is undefined, export")
