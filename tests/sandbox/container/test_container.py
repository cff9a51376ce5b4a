"""The class over a scripted runtime, in virtual time (spec sandbox-and-containers.md section 3)."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any

import pytest

from edge.http.request import Request
from edge.http.response import Response
from edge.http.streams.readable import ReadableStream
from edge.js.errors import JsException, error
from tests.sandbox.container.double import Rig, hello

Make = Callable[..., Rig]
NO_INSTANCE = "There is no Container instance available at this time."
MAX_INSTANCES = (
    "Maximum number of running container instances exceeded. Try again later, or try configuring a higher "
    "value for max_instances"
)


def test_a_request_starts_the_container_and_reaches_its_default_port(rig: Rig) -> None:
    assert rig.status == "stopped"
    reply = rig.get("/path?x=1")
    assert (reply.status, reply.text) == (200, "GET http://localhost:8787/path?x=1")
    assert rig.plan.starts == [{"enableInternet": True}]
    assert rig.status == "healthy"
    assert rig.heard() == ["start"]


def test_a_body_goes_through(rig: Rig) -> None:
    reply = rig.world.run(rig.world.client.post("/form", content="a=1"))
    assert reply.text == "POST http://localhost:8787/form a=1"


def test_without_a_container_the_class_says_so(make_rig: Make, monkeypatch: pytest.MonkeyPatch) -> None:
    rig = make_rig()
    rig.plan.container = lambda state: None  # type: ignore[method-assign]
    monkeypatch.setattr("edge.durable.state.DurableObjectState.container", None)
    with pytest.raises(JsException, match="Containers have not been enabled for this Durable Object class"):
        rig.get()


def test_fields_and_start_options(make_rig: Make) -> None:
    rig = make_rig("""
class Box(Noting):
    env_vars = {"A": "1"}
    entrypoint = ["serve"]
    enableInternet = False
    labels = {"team": "x"}
""")
    rig.call("start")
    assert rig.plan.starts.pop() == {
        "env": {"A": "1"}, "entrypoint": ["serve"], "labels": {"team": "x"}, "enableInternet": False
    }  # fmt: skip
    rig.call("destroy")
    rig.pass_("2s")
    rig.call("start", {"envVars": {"B": "2"}, "entrypoint": ["other"], "enableInternet": True, "labels": {}})
    assert rig.plan.starts == [{"env": {"B": "2"}, "entrypoint": ["other"], "enableInternet": True}]


def test_an_option_there_is_not(rig: Rig) -> None:
    with pytest.raises(JsException, match="there is no option 'envVar'; known: .*env_vars"):
        rig.call("start", {"envVar": {}})


def test_options_of_the_constructor(make_rig: Make) -> None:
    rig = make_rig("""
class Box(Noting):
    def __init__(self, ctx, env):
        super().__init__(ctx, env, {"defaultPort": 9000, "envVars": {"A": "1"}})
""")
    rig.plan.services[9000] = hello
    rig.get()
    assert (rig.plan.ports, rig.plan.starts[0]["env"]) == ([9000], {"A": "1"})


def test_start_does_not_wait_for_the_port(rig: Rig) -> None:
    rig.plan.boot_s = 60
    before = rig.clock.elapsed_s
    rig.call("start")
    assert rig.clock.elapsed_s - before < 1
    assert rig.status == "running"
    assert rig.heard() == ["start"]


def test_ports_to_wait_for(make_rig: Make) -> None:
    source = "class Box(Noting):\n    default_port = 8080\n    requiredPorts = [8080, 8081]\n"
    rig = make_rig(source)

    async def late(request: Request) -> Response:
        if rig.clock.elapsed_s < 10:
            raise error("the container is not listening")
        return Response.make(b"", status=500)

    rig.plan.services[8081] = late
    rig.call("startAndWaitForPorts")
    assert 10 <= rig.clock.elapsed_s < 11, "the second port answered with an error, which counts as ready"
    assert rig.status == "healthy"


def test_concurrent_starts_are_shared(rig: Rig) -> None:
    async def many() -> list[Any]:
        return await asyncio.gather(*(rig.world.client.get(f"/{number}") for number in range(5)))

    replies = rig.world.run(many())
    assert [reply.status for reply in replies] == [200] * 5
    assert len(rig.plan.starts) == 1


# -- what goes wrong


def test_a_container_that_exits_before_it_listens(rig: Rig) -> None:
    rig.plan.exits_after_s, rig.plan.exit_code = 0, 3
    reply = rig.get()
    assert reply.status == 500
    assert reply.text == (
        "Failed to start container: Container exited before we could determine the container health, "
        "exit code: 3"
    )
    assert rig.heard()[0].startswith("error Container exited before")
    assert rig.call("get_state")["exitCode"] == 3


def test_a_container_that_crashes_while_its_port_is_awaited(rig: Rig) -> None:
    rig.plan.boot_s, rig.plan.exits_after_s, rig.plan.exit_code = 60, 2, 1
    reply = rig.get()
    assert (reply.status, reply.text) == (
        500,
        "Failed to start container: Container crashed while checking for ports, did you start the container "
        "and setup the entrypoint correctly?",
    )
    assert rig.heard() == [reply.text.replace("Failed to start container: ", "error ")]


def test_a_port_that_never_listens(rig: Rig) -> None:
    rig.plan.boot_s = 600
    reply = rig.get()
    # 67 looks, 300 ms apart, fit into 20 seconds.
    assert reply.text == (
        "Failed to start container: Failed to verify port 8080 is available after 20100ms, last error: "
        "the container is not listening"
    )
    assert 19.5 < rig.clock.elapsed_s < 21
    assert rig.heard() == [reply.text.replace("Failed to start container: ", "error ")]


def test_start_failures_are_the_runtimes_words(rig: Rig) -> None:
    rig.plan.fails_to_start = ["no such image available named box"]
    reply = rig.get()
    assert (reply.status, reply.text) == (500, "Failed to start container: no such image available named box")
    assert rig.status == "stopped"
    assert rig.get().status == 200, "the next request tries again"


@pytest.mark.parametrize(
    "text", ["there is no container instance that can be provided to this durable object", MAX_INSTANCES]
)
def test_no_instance_for_eight_seconds(rig: Rig, text: str) -> None:
    rig.plan.fails_to_start = [text] * 27
    reply = rig.get()
    assert reply.status == 503
    assert reply.text.startswith(NO_INSTANCE)
    assert (len(rig.plan.starts), rig.plan.fails_to_start) == (27, [])
    assert 7.8 <= rig.clock.elapsed_s < 8.5


def test_an_instance_after_a_while(rig: Rig) -> None:
    rig.plan.fails_to_start = [MAX_INSTANCES] * 3
    assert rig.get().status == 200
    assert len(rig.plan.starts) == 4


def test_too_many_starts(rig: Rig) -> None:
    rig.plan.fails_to_start = ["you are requesting too many containers per second, slow down"]
    reply = rig.get()
    assert (reply.status, reply.text) == (429, "you are requesting too many containers per second, slow down")


@pytest.mark.parametrize(
    ("said", "text"),
    [
        ("Network connection lost.", "Container suddenly disconnected, try again"),
        ("broken pipe", "Error proxying request to container: broken pipe"),
    ],
)
def test_requests_that_fail(rig: Rig, said: str, text: str) -> None:
    rig.get()

    async def fails(request: Request) -> Response:
        raise error(said)

    rig.plan.services[8080] = fails
    reply = rig.get()
    assert (reply.status, reply.text) == (500, text)


def test_a_request_that_goes_away_ends_the_wait(make_rig: Make) -> None:
    rig = make_rig("""
import js
class Box(Noting):
    async def impatient(self):
        controller = js.AbortController.new()
        js.setTimeout(lambda: controller.abort(), 1000)
        try:
            await self.start_and_wait_for_ports(8080, abort=controller.signal)
        except Exception as failure:
            return f"{type(failure).__name__}: {failure}"
""")
    rig.plan.boot_s = 600
    assert rig.call("impatient") == "ContainerError: Container request aborted."
    assert rig.clock.elapsed_s < 1.5


# -- ports and addresses


def test_switch_port(make_rig: Make) -> None:
    rig = make_rig()
    rig.plan.services[9000] = hello
    assert rig.get("/", headers={"cf-container-target-port": "9000"}).status == 200
    assert rig.plan.ports == [9000]


def test_a_port_that_is_no_number(rig: Rig) -> None:
    with pytest.raises(JsException, match="port value from switchPort is not a number"):
        rig.get("/", headers={"cf-container-target-port": "soon"})


def test_no_port_at_all(make_rig: Make) -> None:
    rig = make_rig("class Box(Noting):\n    default_port = None\n")
    with pytest.raises(JsException, match="No port configured for this container. Set the `defaultPort`"):
        rig.get()
    with pytest.raises(
        JsException, match="No port specified for container fetch. Set defaultPort or specify"
    ):
        rig.call("containerFetch", "http://container/")


@pytest.mark.parametrize(
    ("args", "seen"),
    [
        (("/path",), "GET http://container/path"),
        (("https://container/safe",), "GET http://container/safe"),
        (("http://container/", {"method": "PUT", "body": "x"}), "PUT http://container/ x"),
        (("http://container/", 8080), "GET http://container/"),
        (("http://container/", {"method": "DELETE"}, 8080), "DELETE http://container/"),
    ],
)
def test_what_container_fetch_takes(rig: Rig, args: tuple[Any, ...], seen: str) -> None:
    response = rig.call("container_fetch", *args)
    assert rig.world.run(response.text()) == seen


# -- stopping and sleeping


def test_it_sleeps_after_ten_minutes(rig: Rig) -> None:
    rig.get()
    rig.heard()
    rig.pass_("9m")
    assert rig.plan.only.running
    rig.pass_("61s")
    assert (rig.plan.signals, rig.plan.only.running) == ([15], False)
    assert rig.heard() == ["stop 143 runtime_signal"]
    assert rig.status == "stopped"
    assert rig.get().status == 200, "a request wakes it"
    assert len(rig.plan.starts) == 2


def test_activity_keeps_it_awake(rig: Rig) -> None:
    for _ in range(4):
        rig.get()
        rig.pass_("8m")
    assert rig.plan.only.running
    rig.call("renewActivityTimeout")
    rig.pass_("9m")
    assert rig.plan.only.running
    rig.pass_("2m")
    assert not rig.plan.only.running


@pytest.mark.parametrize("field", ["sleep_after = '30s'", "sleepAfter = 30"])
def test_how_long_it_takes_to_sleep(make_rig: Make, field: str) -> None:
    rig = make_rig(f"class Box(Noting):\n    {field}\n")
    rig.get()
    rig.pass_("29s")
    assert rig.plan.only.running
    rig.pass_("2s")
    assert not rig.plan.only.running


def test_a_wrong_duration(make_rig: Make) -> None:
    rig = make_rig("class Box(Noting):\n    sleep_after = 'soon'\n")
    with pytest.raises(JsException, match="invalid time expression soon"):
        rig.get()


def test_the_field_may_be_set_after_the_constructor_of_the_class(make_rig: Make) -> None:
    rig = make_rig("""
class Box(Noting):
    def __init__(self, ctx, env):
        super().__init__(ctx, env)
        self.sleepAfter = "5s"
""")
    rig.get()
    rig.pass_("7s")
    assert not rig.plan.only.running


def test_an_open_body_keeps_it_awake(rig: Rig) -> None:
    go_on: list[asyncio.Event] = []

    async def slow(request: Request) -> Response:
        if not request.url.startswith("http://localhost"):
            return Response.make(b"")
        ends = asyncio.Event()
        go_on.append(ends)

        async def chunks() -> Any:
            yield b"first "
            await ends.wait()
            yield b"last"

        return Response.make(ReadableStream.from_chunks(chunks(), None))

    rig.plan.services[8080] = slow

    async def main() -> None:
        async with rig.world.client.stream("GET", "/") as reply:
            await rig.world.advance("30m")
            assert rig.plan.only.running
            go_on[0].set()
            assert await reply.read() == b"first last"
        await rig.world.advance("9m")
        assert rig.plan.only.running, "the time begins when the last request has ended"
        await rig.world.advance("2m")
        assert not rig.plan.only.running

    rig.world.run(main())


def test_a_hook_may_let_it_run_on(make_rig: Make) -> None:
    rig = make_rig("""
class Box(Noting):
    sleepAfter = "1m"
    async def onActivityExpired(self):
        self.heard.append("expired")
""")
    rig.get()
    rig.pass_("195s")
    assert rig.plan.only.running
    assert rig.heard() == ["start", "expired", "expired", "expired"]


def test_stop_sends_a_signal(rig: Rig) -> None:
    rig.plan.ignores_signals = True
    rig.get()
    rig.call("stop", "SIGINT")
    assert rig.status == "stopping"
    rig.call("stop", 9)
    with pytest.raises(JsException, match="Invalid signal number"):
        rig.call("stop", 65)
    assert rig.plan.signals == [2, 9, 65]


def test_stop_without_a_container_does_nothing(rig: Rig) -> None:
    rig.call("stop")
    assert (rig.plan.signals, rig.status, rig.heard()) == ([], "stopped", [])


def test_destroy(rig: Rig) -> None:
    rig.get()
    rig.call("destroy")
    assert not rig.plan.only.running
    rig.pass_("1s")
    assert rig.heard() == ["start", "stop 137 runtime_signal"]
    assert rig.status == "stopped"


def test_a_crash_is_told_at_once(rig: Rig) -> None:
    rig.get()
    rig.plan.only.crash(7)
    rig.pass_("1ms")
    assert rig.heard() == ["start", "stop 7 exit"]
    assert rig.status == "stopped"


def test_an_exit_with_code_0(rig: Rig) -> None:
    rig.plan.exits_after_s = 30
    rig.get()
    rig.pass_("31s")
    assert rig.heard() == ["start", "stop 0 exit"]


def test_the_exit_code_stays_in_the_state_until_the_hook_was_told(make_rig: Make) -> None:
    rig = make_rig("""
class Box(Noting):
    async def on_stop(self):
        self.heard.append((await self.get_state()).exit_code)
        raise ValueError("not now")
""")
    rig.get()
    rig.plan.only.crash(5)
    rig.pass_("1s")
    assert 5 in rig.heard()
    assert dict(rig.call("get_state"), lastChange=0) == {
        "status": "stopped_with_code", "exitCode": 5, "lastChange": 0
    }  # fmt: skip


def test_an_object_that_was_put_away_learns_of_the_end(rig: Rig) -> None:
    rig.get()
    rig.plan.only.crash(1)
    rig.lose_object()
    assert rig.status in ("healthy", "stopped")
    rig.pass_("2s")
    assert rig.heard() == ["start", "stop 0 exit"], "of an end that nobody saw the code is not known"


def test_an_object_that_was_put_away_finds_its_container_running(rig: Rig) -> None:
    rig.get()
    rig.lose_object()
    assert rig.get().status == 200
    assert len(rig.plan.starts) == 1
    rig.plan.only.crash(4)
    rig.pass_("5s")
    assert rig.heard() == ["start", "stop 4 exit"]


def test_new_code_finds_the_container_running(rig: Rig) -> None:
    rig.get()
    rig.pass_("1m")
    before_s = rig.clock.elapsed_s
    rig.world.run(rig.world.reload(rig.world.config))
    assert rig.get().status == 200
    assert rig.clock.elapsed_s - before_s < 1.5
    assert len(rig.plan.starts) == 1
    rig.pass_("11m")
    assert not rig.plan.only.running


def test_the_world_ends_soon_while_a_container_runs(rig: Rig) -> None:
    rig.get()
    rig.pass_("1m")
    before_s = rig.clock.elapsed_s
    rig.world.run(rig.world.close())
    assert rig.clock.elapsed_s - before_s < 1.5


def test_bodies_and_headers_of_https_requests(rig: Rig) -> None:
    seen: list[str | None] = []

    async def noting(request: Request) -> Response:
        seen.append(request.headers.get_str("x-a"))
        return await hello(request)

    rig.plan.services[8080] = noting
    client = rig.world.client(base_url="https://shop.test")
    reply = rig.world.run(client.post("/form", content="a=1", headers={"x-a": "1"}))
    assert (reply.text, seen[-1]) == ("POST http://shop.test/form a=1", "1")


@pytest.mark.parametrize("status", [204, 304])
def test_answers_without_a_body(rig: Rig, status: int) -> None:
    async def empty(request: Request) -> Response:
        return Response.make(None, status=status)

    rig.plan.services[8080] = empty
    assert rig.get().status == status
    rig.pass_("11m")
    assert not rig.plan.only.running, "nothing is in flight any more"


def test_a_client_that_leaves_early_does_not_keep_it_awake(rig: Rig) -> None:
    async def endless(request: Request) -> Response:
        async def chunks() -> Any:
            while True:
                yield b"x" * 1000
                await rig.clock.sleep(1)

        is_probe = not request.url.startswith("http://localhost")
        return Response.make(b"" if is_probe else ReadableStream.from_chunks(chunks(), None))

    rig.plan.services[8080] = endless

    async def main() -> None:
        async with rig.world.client.stream("GET", "/") as reply:
            read = aiter(reply)
            await anext(read)
            await rig.world.advance("20m")
            assert rig.plan.only.running
        await rig.world.advance("11m")
        assert not rig.plan.only.running

    rig.world.run(main())


# -- names


def test_hooks_by_javascripts_names_and_super(make_rig: Make) -> None:
    rig = make_rig("""
class Middle(Noting):
    def onStart(self):
        self.heard.append("onStart of Middle")
        super().on_start()

class Mixed:
    defaultPort = 8080
    def on_stop(self, params):
        self.heard.append(f"mixed in {params.exitCode}")

class Box(Mixed, Middle):
    async def on_start(self):
        super().onStart()
        self.heard.append(f"Box {self.defaultPort} {self.default_port} {self.sleepAfter}")
""")
    rig.get()
    rig.plan.only.crash(2)
    rig.pass_("1s")
    assert rig.heard() == ["onStart of Middle", "start", "Box 8080 8080 10m", "mixed in 2"]
