"""What happens around a handler: waitUntil, errors, service bindings, cron, reload."""

from __future__ import annotations

import logging
from pathlib import Path
from typing import Any

import pytest

from edge.config import WorkerConfig
from edge.errors import ConfigError, WorkerLoadError
from edge.js.errors import JsException
from edge.kernel.clock import VirtualClock
from tests.edge.worker.workers import ServiceBinding, get, text, worker, world
from tests.loops import run_virtual


def test_wait_until_runs_after_the_response(tmp_path: Path) -> None:
    source = """
        done = []
        class Default(WorkerEntrypoint):
            async def fetch(self, request):
                async def later():
                    await asyncio.sleep(10)
                    done.append("later")
                if request.url.endswith("/done"):
                    return Response(repr(done))
                self.ctx.waitUntil(later())
                return Response("now")
    """
    clock = VirtualClock()

    async def main() -> list[str]:
        built = world(worker(tmp_path, source), clock=clock)
        await built.start()
        answers = [await text(built), await text(built, "/done")]
        await clock.advance(11)
        answers.append(await text(built, "/done"))
        await built.close()
        return answers

    assert run_virtual(main(), clock) == ["now", "[]", "['later']"]


def test_wait_until_is_cut_off_after_30_seconds_with_a_warning(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    source = """
        log = []
        class Default(WorkerEntrypoint):
            async def fetch(self, request):
                async def endless():
                    try:
                        await asyncio.sleep(3600)
                    except asyncio.CancelledError:
                        log.append("cancelled")
                        raise
                if request.url.endswith("/log"):
                    return Response(repr(log))
                self.ctx.waitUntil(endless())
                return Response("ok")
    """
    clock = VirtualClock()

    async def main() -> tuple[str, str]:
        built = world(worker(tmp_path, source), clock=clock)
        await built.start()
        await get(built)
        await clock.advance(29.9)
        before = await text(built, "/log")
        await clock.advance(0.2)
        after = await text(built, "/log")
        await built.close()
        return before, after

    with caplog.at_level(logging.WARNING, logger="edge.worker"):
        assert run_virtual(main(), clock) == ("[]", "['cancelled']")
    assert "waitUntil() tasks did not complete within the allowed time after invocation end" in caplog.text


def test_the_30_seconds_begin_when_a_streamed_body_has_ended(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    source = """
        from pyodide.ffi import to_js
        class Default(WorkerEntrypoint):
            async def fetch(self, request):
                pipe = js.TransformStream.new()
                async def feed():
                    writer = pipe.writable.getWriter()
                    for count in range(5):
                        await asyncio.sleep(20)
                        await writer.write(to_js(b"%d" % count))
                    await writer.close()
                self.ctx.waitUntil(feed())
                return Response(pipe.readable)
    """
    clock = VirtualClock()

    async def main() -> str:
        built = world(worker(tmp_path, source), clock=clock)
        await built.start()
        body = await text(built)
        await built.close()
        return body

    with caplog.at_level(logging.WARNING, logger="edge.worker"):
        assert run_virtual(main(), clock) == "01234"
    assert caplog.text == ""
    assert clock.elapsed_s == 100


def test_what_wait_until_raises_is_logged_and_changes_nothing(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    source = """
        class Default(WorkerEntrypoint):
            async def fetch(self, request):
                async def fails():
                    raise ValueError("in the background")
                self.ctx.waitUntil(fails())
                return Response("fine")
    """
    clock = VirtualClock()

    async def main() -> str:
        built = world(worker(tmp_path, source), clock=clock)
        await built.start()
        answer = await text(built)
        await clock.run_until_idle()
        await built.close()
        return answer

    with caplog.at_level(logging.ERROR, logger="edge.worker"):
        assert run_virtual(main(), clock) == "fine"
    assert "ValueError: in the background" in caplog.text
    assert "Traceback" in caplog.text


@pytest.mark.parametrize(
    ("body", "name", "message"),
    [
        ("return 5", "TypeError", "Incorrect type for Promise: the Promise did not resolve to 'Response'."),
        (
            "return None",
            "TypeError",
            "Incorrect type for Promise: the Promise did not resolve to 'Response'.",
        ),
        (
            "answer = Response('x'); await answer.text(); return answer",
            "TypeError",
            "Body has already been used. It can only be used once. Use tee() first if you need to read it "
            "twice.",
        ),
        (
            "return js.Response.error()",
            "TypeError",
            "Return value from serve handler must not be an error response (like Response.error())",
        ),
        (
            "return Response(None, status=101, web_socket=js.WebSocketPair.new().object_values()[0])",
            "TypeError",
            "Worker tried to return a WebSocket in a response to a request which did not contain the header "
            '"Upgrade: websocket".',
        ),
        ("self.ctx.abort()", "PythonError", "Worker execution was aborted due to call to ctx.abort()."),
        ("raise ValueError('boom')", "PythonError", "ValueError: boom"),
    ],
)
def test_what_a_handler_may_not_do(tmp_path: Path, body: str, name: str, message: str) -> None:
    source = f"""
        class Default(WorkerEntrypoint):
            async def fetch(self, request):
                {body}
    """
    clock = VirtualClock()

    async def main() -> None:
        built = world(worker(tmp_path, source), clock=clock)
        await built.start()
        try:
            await get(built)
        finally:
            await built.close()

    with pytest.raises(JsException) as caught:
        run_virtual(main(), clock)
    assert caught.value.name == name
    assert message in caught.value.message


def test_a_worker_without_a_fetch_handler(tmp_path: Path) -> None:
    clock = VirtualClock()

    async def main() -> None:
        built = world(worker(tmp_path, "x = 1"), clock=clock)
        await built.start()
        try:
            await get(built)
        finally:
            await built.close()

    with pytest.raises(JsException, match=r"Handler does not export a fetch\(\) function\."):
        run_virtual(main(), clock)


CALLED = """
    class Default(WorkerEntrypoint):
        async def fetch(self, request):
            return Response(f"{request.method} {request.url} {await request.text()}")
    class Admin(WorkerEntrypoint):
        async def who(self, name):
            return {"name": name, "team": self.ctx.props.team, "kind": type(name).__name__}
        async def fails(self):
            raise KeyError("nothing")
"""
CALLER = """
    class Default(WorkerEntrypoint):
        async def fetch(self, request):
            if request.url.endswith("/rpc"):
                return Response.json(await self.env.ADMIN.who("ann"))
            if request.url.endswith("/fails"):
                try:
                    await self.env.ADMIN.fails()
                except Exception as error:
                    return Response(f"{error.name} remote={error.remote} {str(error).splitlines()[-1]}")
            return await self.env.OTHER.fetch("http://other/path", method="POST", body="hi")
"""


def two_workers(folder: Path) -> tuple[object, ...]:
    services = (
        ServiceBinding("OTHER", "called"),
        ServiceBinding("ADMIN", "called", "Admin", {"team": "blue"}),
    )
    return (
        worker(folder, CALLER, name="caller", services=services),
        worker(folder, CALLED, name="called"),
    )


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        ("/", "POST http://other/path hi"),
        ("/rpc", '{"name": "ann", "team": "blue", "kind": "str"}'),
        ("/fails", "PythonError remote=True KeyError: 'nothing'"),
    ],
)
def test_service_bindings(tmp_path: Path, path: str, expected: str) -> None:
    clock = VirtualClock()

    async def main() -> str:
        built = world(*two_workers(tmp_path), clock=clock)  # type: ignore[arg-type]
        await built.start()
        answer = await text(built, path)
        await built.close()
        return answer

    assert run_virtual(main(), clock) == expected


def test_a_service_called_from_a_critical_section_may_call_back(tmp_path: Path) -> None:
    """The other Worker does not run under the calling object's gates, or both would wait for ever."""
    source = """
        class Room(DurableObject):
            async def blocked(self):
                async def section():
                    answer = await self.env.SELF.fetch("http://self/other")
                    return await answer.text()
                return await self.ctx.blockConcurrencyWhile(section)
            async def ping(self):
                return "pong"
        class Default(WorkerEntrypoint):
            async def fetch(self, request):
                if request.url.endswith("/other"):
                    await asyncio.sleep(1)
                    return Response("from outside " + await self.env.ROOM.getByName("second").ping())
                return Response(await self.env.ROOM.getByName("first").blocked())
    """
    clock = VirtualClock()

    async def main() -> str:
        config = worker(tmp_path, source, classes=("Room",), services=(ServiceBinding("SELF", "main"),))
        built = world(config, clock=clock)
        await built.start()
        answer = await text(built)
        await built.close()
        return answer

    assert run_virtual(main(), clock) == "from outside pong"


def test_scheduled(tmp_path: Path) -> None:
    source = """
        class Default(WorkerEntrypoint):
            async def scheduled(self, controller, env, ctx):
                if controller.cron == "fail":
                    controller.noRetry()
                    raise ValueError("cron")
    """
    clock = VirtualClock()

    async def main() -> list[tuple[str, bool]]:
        built = world(worker(tmp_path, source), clock=clock)
        await built.start()
        results = [await built.scheduled("* * * * *", 5), await built.scheduled("fail", 5)]
        await built.close()
        return [(result.outcome, result.no_retry) for result in results]

    assert run_virtual(main(), clock) == [("ok", False), ("exception", True)]


def test_reload_runs_new_code_over_old_data(tmp_path: Path) -> None:
    source = """
        class Room(DurableObject):
            async def count(self):
                count = (await self.ctx.storage.get("n") or 0) + 1
                await self.ctx.storage.put("n", count)
                return f"VERSION {count}"
        class Default(WorkerEntrypoint):
            async def fetch(self, request):
                return Response(await self.env.ROOM.getByName("a").count())
    """
    clock = VirtualClock()

    async def main() -> list[str]:
        first = worker(tmp_path, source.replace("VERSION", "one"), classes=("Room",))
        built = world(first, clock=clock)
        await built.start()
        answers = [await text(built)]
        await built.reload(
            type(built.config)((worker(tmp_path, source.replace("VERSION", "two"), classes=("Room",)),))
        )
        answers.append(await text(built))
        await built.close()
        return answers

    assert run_virtual(main(), clock) == ["one 1", "two 2"]


def test_a_mistake_keeps_the_old_code_serving(tmp_path: Path) -> None:
    good = """
        class Default(WorkerEntrypoint):
            async def fetch(self, request):
                return Response("old")
    """
    clock = VirtualClock()

    async def main() -> tuple[str, str]:
        built = world(worker(tmp_path, good), clock=clock)
        await built.start()
        broken = worker(tmp_path, "class Default(\n")
        with pytest.raises(WorkerLoadError) as caught:
            await built.reload(type(built.config)((broken,)))
        answer = await text(built)
        await built.close()
        return str(caught.value), answer

    message, answer = run_virtual(main(), clock)
    assert answer == "old"
    assert message == f"{tmp_path / 'main' / 'entry.py'}:3: SyntaxError: '(' was never closed"


def test_a_runtime_error_on_load_names_the_users_line(tmp_path: Path) -> None:
    clock = VirtualClock()

    async def main() -> None:
        await world(worker(tmp_path, "value = 1\nvalue / 0\n"), clock=clock).start()

    with pytest.raises(WorkerLoadError) as caught:
        run_virtual(main(), clock)
    assert str(caught.value) == f"{tmp_path / 'main' / 'entry.py'}:4: ZeroDivisionError: division by zero"


def test_a_src_import_is_explained(tmp_path: Path) -> None:
    clock = VirtualClock()

    async def main() -> None:
        await world(worker(tmp_path, "import src.helper\n"), clock=clock).start()

    with pytest.raises(WorkerLoadError, match=r"shouldn't include a 'src\.' prefix"):
        run_virtual(main(), clock)


def test_bindings_that_lead_nowhere(tmp_path: Path) -> None:
    clock = VirtualClock()

    async def main() -> None:
        lonely = worker(tmp_path, "x = 1", services=(ServiceBinding("OTHER", "absent"),))
        await world(lonely, clock=clock).start()

    with pytest.raises(ConfigError, match='names the Worker "absent", which is not part of this world'):
        run_virtual(main(), clock)


def test_a_bound_class_must_exist(tmp_path: Path) -> None:
    clock = VirtualClock()

    async def main() -> None:
        await world(worker(tmp_path, "x = 1", classes=("Room",)), clock=clock).start()

    with pytest.raises(
        WorkerLoadError, match="There is no 'Room' class defined in the Python Worker's main module"
    ):
        run_virtual(main(), clock)


def test_a_blob_crosses_by_rpc_and_a_file_does_not(tmp_path: Path) -> None:
    echo = """
        class Default(WorkerEntrypoint):
            async def echo(self, value):
                return value
    """
    asker = """
        from workers import Blob, File

        class Default(WorkerEntrypoint):
            async def fetch(self, request):
                back = await self.env.ECHO.echo({"blob": Blob("text", content_type="a/b")})
                try:
                    await self.env.ECHO.echo(File("text", filename="name"))
                except Exception as error:
                    refused = str(error)
                return Response(f"{await back.blob.text()} {back.blob.content_type} {refused}")
    """
    workers = (
        worker(tmp_path, asker, services=(ServiceBinding("ECHO", "echo"),)),
        worker(tmp_path, echo, name="echo"),
    )

    clock = VirtualClock()

    async def main() -> str:
        built = world(*workers, clock=clock)
        await built.start()
        answer = await text(built)
        await built.close()
        return answer

    refusal = 'Could not serialize object of type "File". This type does not support serialization.'
    assert run_virtual(main(), clock) == f"text a/b DataCloneError: {refusal}"


RENAMED = """
    class NAME(DurableObject):
        async def count(self):
            count = (await self.ctx.storage.get("n") or 0) + 1
            await self.ctx.storage.put("n", count)
            return f"NAME {count} {self.ctx.id.toString()[:8]}"
    class Default(WorkerEntrypoint):
        async def fetch(self, request):
            return Response(await self.env.NAMEUP.getByName("a").count())
"""


def named(folder: Path, name: str, **options: Any) -> WorkerConfig:
    source = RENAMED.replace("NAMEUP", name.upper()).replace("NAME", name)
    return worker(folder, source, classes=(name,), **options)


@pytest.mark.parametrize("restarted", [False, True], ids=["reloaded", "restarted"])
def test_a_renamed_class_keeps_ids_and_data(tmp_path: Path, restarted: bool) -> None:
    clock = VirtualClock()
    state = tmp_path / "state"

    async def main() -> list[str]:
        built = world(named(tmp_path, "Room"), clock=clock, state_dir=state)
        await built.start()
        answers = [await text(built)]
        renamed = named(tmp_path, "Hall", former_names={"Hall": "Room"})
        if restarted:
            await built.close()
            built = world(renamed, clock=clock, state_dir=state)
            await built.start()
        else:
            await built.reload(type(built.config)((renamed,)))
        answers.append(await text(built))
        await built.close()
        return answers

    before, after = run_virtual(main(), clock)
    assert before.startswith("Room 1 ")
    assert after == before.replace("Room 1", "Hall 2")


def test_a_class_may_go_away(tmp_path: Path) -> None:
    clock = VirtualClock()

    async def main() -> str:
        built = world(named(tmp_path, "Room"), clock=clock)
        await built.start()
        await get(built)
        source = """
            class Default(WorkerEntrypoint):
                async def fetch(self, request):
                    return Response("without")
        """
        await built.reload(type(built.config)((worker(tmp_path, source),)))
        answer = await text(built)
        await built.close()
        return answer

    assert run_virtual(main(), clock) == "without"


@pytest.mark.parametrize("call", ["self.env.SELF.fetch('http://x/')", "self.env.SELF.again()"])
def test_a_worker_that_calls_itself_for_ever_is_stopped(tmp_path: Path, call: str) -> None:
    source = f"""
        calls = []
        class Default(WorkerEntrypoint):
            async def fetch(self, request):
                if request.url.endswith("/count"):
                    return Response(str(len(calls)))
                calls.append("fetch")
                return await {call}
            async def again(self):
                calls.append("rpc")
                return await self.env.SELF.again()
    """
    config = worker(tmp_path, source, services=[ServiceBinding("SELF", "main")])

    async def main() -> tuple[str, str]:
        built = world(config, clock=VirtualClock())
        await built.start()
        with pytest.raises(JsException) as raised:
            await get(built)
        count = await text(built, "/count")
        await built.close()
        return str(raised.value), count

    failure, count = run_virtual(main())
    assert "Subrequest depth limit exceeded." in failure
    assert count == "32"


def test_objects_that_call_each_other_for_ever_are_stopped(tmp_path: Path) -> None:
    source = """
        calls = []
        class Room(DurableObject):
            async def again(self, number):
                calls.append(number)
                return await self.env.ROOM.getByName(str(number % 2)).again(number + 1)
        class Default(WorkerEntrypoint):
            async def fetch(self, request):
                try:
                    await self.env.ROOM.getByName("0").again(1)
                except Exception as failure:
                    return Response(f"{len(calls)} {'Subrequest depth limit exceeded.' in str(failure)}")
    """
    config = worker(tmp_path, source, classes=("Room",))

    async def main() -> list[str]:
        built = world(config, clock=VirtualClock())
        await built.start()
        answers = [await text(built), await text(built)]
        await built.close()
        return answers

    # The Worker is one of the 32, and the limit is for each request anew.
    assert run_virtual(main()) == ["31 True", "62 True"]
