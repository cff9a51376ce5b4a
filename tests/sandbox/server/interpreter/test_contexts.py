"""The code interpreter: state that lasts, rich results, errors, time-outs."""

from __future__ import annotations

import asyncio
import os
import shutil
import signal
from pathlib import Path
from typing import Any

import pytest

from tests.sandbox.server.api import Api, Refused, with_api

needs_node = pytest.mark.skipif(shutil.which("node") is None, reason="needs node")


async def cell(api: Api, code: str, **options: Any) -> dict[str, Any]:
    """Run a cell and sort its events by kind."""
    found: dict[str, Any] = {"stdout": "", "stderr": "", "result": [], "error": [], "count": None}
    async for event in api.events("POST", "execute/code", code=code, **options):
        assert event["timestamp"].endswith("Z")
        if event["type"] in ("stdout", "stderr"):
            found[event["type"]] += event["text"]
        elif event["type"] == "execution_complete":
            found["count"] = event["execution_count"]
        else:
            found[event["type"]].append(event)
    return found


def test_python_keeps_its_state(tmp_path: Path) -> None:
    async def body(api: Api) -> None:
        first = await cell(api, "import os\nx = 41\nprint('hi ☃')")
        assert (first["stdout"], first["result"], first["count"]) == ("hi ☃\n", [], 1)
        second = await cell(api, "x + 1")
        assert second["result"][0]["text"] == "42"
        assert second["count"] == 2
        assert (await cell(api, "os.getcwd()"))["result"][0][
            "text"
        ] == f"'{api.instance.place('/workspace')}'"
        listed = (await api.get("contexts"))["contexts"]
        assert [context["language"] for context in listed] == ["python"]

    with_api(tmp_path, body)


def test_python_prints_in_order_also_from_children(tmp_path: Path) -> None:
    code = """
import os, sys
print('a')
os.system('echo b; echo e >&2')
print('c', end='')
sys.stderr.write('f')
"""

    async def body(api: Api) -> None:
        found = await cell(api, code)
        assert found["stdout"] == "a\nb\nc"
        assert found["stderr"] == "e\nf"
        assert (await cell(api, "input()"))["error"][0]["ename"] == "EOFError"
        odd = await cell(api, "os.write(1, b'\\x1e{\"type\": \"ready\"}\\n'); print('☃' * 50000)")
        assert odd["stdout"] == '\x1e{"type": "ready"}\n' + "☃" * 50000 + "\n"

    with_api(tmp_path, body)


def test_python_errors_name_the_cell(tmp_path: Path) -> None:
    async def body(api: Api) -> None:
        found = await cell(api, "def f():\n    return 1 / 0\nf()")
        error = found["error"][0]
        assert (error["ename"], error["evalue"]) == ("ZeroDivisionError", "division by zero")
        text = "".join(error["traceback"])
        assert "return 1 / 0" in text
        assert "python_cells" not in text
        assert "<string>" not in text
        assert found["count"] == 1
        assert (await cell(api, "x ="))["error"][0]["ename"] == "SyntaxError"
        assert (await cell(api, "exit(3)"))["error"][0]["ename"] == "SystemExit"
        assert (await cell(api, "1"))["result"][0]["text"] == "1"

    with_api(tmp_path, body)


def test_python_shows_values_in_every_form(tmp_path: Path) -> None:
    code = """
class Shown:
    def _repr_html_(self): return '<b>x</b>'
    def _repr_png_(self): return b'png'
    def _repr_json_(self): return {'a': 1}
    def _repr_latex_(self): return None
    def __repr__(self): return 'Shown'
display(1, 'two')
Shown()
"""

    async def body(api: Api) -> None:
        results = (await cell(api, code))["result"]
        assert [result["text"] for result in results] == ["1", "'two'", "Shown"]
        assert results[2]["html"] == "<b>x</b>"
        assert results[2]["png"] == "cG5n"
        assert results[2]["json"] == {"a": 1}
        assert "latex" not in results[2]
        awaited = await cell(
            api, "import asyncio\nawait asyncio.sleep(0.01)\nawait asyncio.sleep(0, 'awaited')"
        )
        assert awaited["result"][0]["text"] == "'awaited'"

    with_api(tmp_path, body)


def test_python_that_takes_too_long_is_interrupted(tmp_path: Path) -> None:
    async def body(api: Api) -> None:
        await cell(api, "kept = 1")
        found = await cell(api, "while True: pass", timeoutMs=200)
        assert [error["ename"] for error in found["error"]] == ["TimeoutError"]
        assert found["error"][0]["evalue"] == "Execution timed out after 200ms"
        assert (await cell(api, "kept"))["result"][0]["text"] == "1"

    with_api(tmp_path, body)


@pytest.mark.parametrize("language", ["python", pytest.param("javascript", marks=needs_node)])
def test_an_interrupt_waits_until_the_interpreter_has_begun_the_cell(tmp_path: Path, language: str) -> None:
    """A busy machine may not have come to a cell when its time is over."""
    about = {
        "python": ("import os; os.getpid()", "while True: pass"),
        "javascript": ("process.pid", "for(;;);"),
    }
    pid_of, endless = about[language]

    async def body(api: Api) -> None:
        pid = int((await cell(api, pid_of, language=language))["result"][0]["text"])
        os.kill(pid, signal.SIGSTOP)
        events = api.events("POST", "execute/code", code=endless, language=language, timeoutMs=20)
        assert (await anext(events))["evalue"] == "Execution timed out after 20ms"
        os.kill(pid, signal.SIGCONT)
        assert [event["type"] async for event in events] == ["execution_complete"]
        assert (await cell(api, pid_of, language=language))["result"][0]["text"] == str(pid)

    with_api(tmp_path, body)


def test_python_outlives_interrupts_that_come_at_any_moment(tmp_path: Path) -> None:
    """While it tells of a cell, reads or parses the next one: only what a cell runs is interrupted."""

    async def body(api: Api) -> None:
        pid = int((await cell(api, "import os; os.getpid()"))["result"][0]["text"])
        for _ in range(100):
            os.kill(pid, signal.SIGINT)
            found = await cell(api, "os.getpid()")
            assert (found["error"], found["result"][0]["text"]) == ([], str(pid))
        for moment in range(200):
            await asyncio.gather(cell(api, "os.getpid()"), _interrupt(pid, moment))
        assert (await cell(api, "os.getpid()"))["result"][0]["text"] == str(pid)

    with_api(tmp_path, body)


async def _interrupt(pid: int, moment: int) -> None:
    for _ in range(moment // 10):
        await asyncio.sleep(0)
    os.kill(pid, signal.SIGINT)


def test_python_is_interrupted_where_sigint_was_ignored(tmp_path: Path) -> None:
    """As it is in what a shell starts in the background."""

    async def body(api: Api) -> None:
        await cell(api, "kept = 1")
        await cell(api, "while True: pass", timeoutMs=20)
        assert (await cell(api, "kept"))["result"][0]["text"] == "1"

    before = signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        with_api(tmp_path, body)
    finally:
        signal.signal(signal.SIGINT, before)


def test_an_interpreter_that_ends_is_told_and_replaced(tmp_path: Path) -> None:
    async def body(api: Api) -> None:
        found = await cell(api, "import os; os._exit(3)")
        assert found["error"][0]["ename"] == "InterpreterError"
        assert (await cell(api, "1 + 1"))["result"][0]["text"] == "2"

    with_api(tmp_path, body)


def test_contexts_are_apart(tmp_path: Path) -> None:
    async def body(api: Api) -> None:
        one = await api.post("contexts", language="python3", cwd="/tmp", envVars={"WHO": "one"})
        assert (one["language"], one["cwd"], one["id"]) == ("python", "/tmp", one["contextId"])
        two = await api.post("contexts", language="python")
        await cell(api, "x = 1", contextId=one["id"])
        assert (await cell(api, "x", contextId=two["id"]))["error"][0]["ename"] == "NameError"
        who = "import os; os.environ.get('WHO'), os.environ.get('NOW')"
        first = await cell(api, who, contextId=one["id"], envVars={"NOW": "yes"})
        assert first["result"][0]["text"] == "('one', 'yes')"
        assert (await cell(api, who, contextId=one["id"]))["result"][0]["text"] == "('one', None)"
        await api.delete(f"contexts/{one['id']}")
        with pytest.raises(Refused, match=f"Code context '{one['id']}' not found") as caught:
            await cell(api, "1", contextId=one["id"])
        assert (caught.value.status, caught.value.code) == (404, "CONTEXT_NOT_FOUND")
        with pytest.raises(Refused, match="Code context 'x' not found"):
            await api.delete("contexts/x")
        assert (await api.get("interpreter/health"))["ready"] is True

    with_api(tmp_path, body)


def test_cells_of_a_context_run_one_after_the_other(tmp_path: Path) -> None:
    async def body(api: Api) -> None:
        await cell(api, "import time; seen = []")
        await asyncio.gather(*(cell(api, f"time.sleep(0.05); seen.append({n})") for n in range(3)))
        assert (await cell(api, "seen"))["result"][0]["text"] == "[0, 1, 2]"

    with_api(tmp_path, body)


def test_a_reader_that_leaves_lets_the_cell_run_on(tmp_path: Path) -> None:
    async def body(api: Api) -> None:
        response = await api.send(
            "POST", "/api/execute/code", {"code": "for i in range(3000): print(i, flush=True)\nend = i"}
        )
        stream = response.take_payload()
        await stream.pull()  # type: ignore[union-attr]
        await stream._cancel(None)  # type: ignore[union-attr]
        assert (await cell(api, "end"))["result"][0]["text"] == "2999"

    with_api(tmp_path, body)


def test_languages_that_are_missing(tmp_path: Path) -> None:
    async def body(api: Api) -> None:
        with pytest.raises(
            Refused, match="Unsupported language 'perl'. Supported languages: python, javascript, ty"
        ):
            await api.post("contexts", language="perl")
        api.instance._path = "/nowhere"
        with pytest.raises(Refused, match="Python interpreter is not available") as caught:
            await cell(api, "1")
        assert (caught.value.status, caught.value.code) == (501, "PYTHON_NOT_AVAILABLE")
        with pytest.raises(Refused) as caught:
            await api.post("contexts", language="js")
        assert (caught.value.status, caught.value.code) == (501, "JAVASCRIPT_NOT_AVAILABLE")

    with_api(tmp_path, body)


def test_an_interpreter_that_does_not_come_up(tmp_path: Path) -> None:
    async def body(api: Api) -> None:
        programs = tmp_path / "programs"
        programs.mkdir()
        (programs / "python3").write_text("#!/bin/sh\necho 'no threads here' >&2; exit 1\n")
        (programs / "python3").chmod(0o755)
        api.instance._path = f"{programs}:{api.instance._path}"
        with pytest.raises(Refused, match="The interpreter ended at its start: no threads here") as caught:
            await cell(api, "1")
        assert (caught.value.status, caught.value.code) == (503, "INTERPRETER_NOT_READY")

    with_api(tmp_path, body)


@needs_node
def test_javascript(tmp_path: Path) -> None:
    async def body(api: Api) -> None:
        js = {"language": "javascript"}
        first = await cell(
            api, "const x = {a: [1, 2]}; let y = 2; console.log('hi'); console.error('e'); x", **js
        )
        assert (first["stdout"], first["stderr"]) == ("hi\n", "e\n")
        assert first["result"][0]["json"] == {"a": [1, 2]}
        assert first["result"][0]["text"] == "{ a: [ 1, 2 ] }"
        assert (await cell(api, "x.a.length + y", **js))["result"][0]["text"] == "4"
        assert (await cell(api, "await new Promise((r) => setTimeout(() => r(7), 5))", **js))["result"][0][
            "text"
        ] == "7"
        block = await cell(api, "const z = await Promise.resolve(1); console.log(z)", **js)
        assert block["stdout"] == "1\n"
        assert (await cell(api, "Promise.resolve(8)", **js))["result"][0]["text"] == "8"
        error = (await cell(api, "nope.x", **js))["error"][0]
        assert (error["ename"], error["evalue"]) == ("ReferenceError", "nope is not defined")
        assert (await cell(api, "require('path').join('a', 'b')", **js))["result"][0]["text"] == "'a/b'"
        late = await cell(api, "while (true) {}", timeoutMs=200, **js)
        assert [error["ename"] for error in late["error"]] == ["TimeoutError"]
        late = await cell(api, "await new Promise(() => {})", timeoutMs=200, **js)
        assert late["count"] is not None
        assert (await cell(api, "y", **js))["result"][0]["text"] == "2"

    with_api(tmp_path, body)


@needs_node
def test_typescript_runs_where_node_strips_types(tmp_path: Path) -> None:
    async def body(api: Api) -> None:
        strips = "console.log(typeof require('module').stripTypeScriptTypes)"
        if (await api.exec(f'node -e "{strips}"'))["stdout"] == "function\n":
            found = await cell(api, "const n: number = 3; n", language="ts")
            assert found["result"][0]["text"] == "3"
            return
        with pytest.raises(Refused, match="TypeScript needs a Node.js") as caught:
            await cell(api, "const n: number = 3; n", language="ts")
        assert (caught.value.status, caught.value.code) == (501, "JAVASCRIPT_NOT_AVAILABLE")

    with_api(tmp_path, body)
