"""The calls a client makes are those of Cloudflare's own class: names, arguments, options."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from typing import Any

import pytest

from tests.sandbox.client.space import Space, Stub

PROCESS = {"id": "p1", "command": "c", "status": "running", "startTime": datetime(2026, 1, 1)}
OFF = "__DISABLE_SESSION__"

#: Method and arguments of the client; then the call of the object in the default session, in one of its own,
#: and without a session.
CALLS: list[tuple[str, tuple[Any, ...], dict[str, Any], tuple[Any, ...], tuple[Any, ...] | None]] = [
    ("exec", ("ls",), {}, ("exec", "ls"), ("execWithSessionToken", "ls", "S")),
    (
        "exec",
        ("ls", {"timeout": 5}),
        {"cwd": "/"},
        ("exec", "ls", {"timeout": 5, "cwd": "/"}),
        ("execWithSessionToken", "ls", "S", {"timeout": 5, "cwd": "/"}),
    ),
    (
        "exec_stream",
        ("ls",),
        {"env": {"A": "1"}},
        ("execStream", "ls", {"env": {"A": "1"}}),
        ("execStreamWithSessionToken", "ls", "S", {"env": {"A": "1"}}),
    ),
    (
        "start_process",
        ("c",),
        {"process_id": "p", "autoCleanup": False},
        ("startProcess", "c", {"processId": "p", "autoCleanup": False}),
        ("startProcess", "c", {"processId": "p", "autoCleanup": False}, "S"),
    ),
    ("list_processes", (), {}, ("listProcesses",), ("listProcesses", "S")),
    ("get_process", ("p1",), {}, ("getProcess", "p1"), ("getProcess", "p1", "S")),
    ("kill_process", ("p1", "SIGKILL"), {}, ("killProcess", "p1", "SIGKILL"), None),
    ("kill_all_processes", (), {}, ("killAllProcesses",), None),
    ("get_process_logs", ("p1",), {}, ("getProcessLogs", "p1"), None),
    ("stream_process_logs", ("p1",), {}, ("streamProcessLogs", "p1"), None),
    (
        "write_file",
        ("/x", "text"),
        {},
        ("writeFile", "/x", "text"),
        ("writeFile", "/x", "text", {"sessionId": "S"}),
    ),
    (
        "write_file",
        ("/x", b"\x00"),
        {},
        ("writeFile", "/x", "AA==", {"encoding": "base64"}),
        ("writeFile", "/x", "AA==", {"encoding": "base64", "sessionId": "S"}),
    ),
    (
        "read_file",
        ("/x", {"encoding": "base64"}),
        {},
        ("readFile", "/x", {"encoding": "base64"}),
        ("readFile", "/x", {"encoding": "base64", "sessionId": "S"}),
    ),
    ("read_file_stream", ("/x",), {}, ("readFileStream", "/x"), ("readFileStream", "/x", {"sessionId": "S"})),
    (
        "mkdir",
        ("/x",),
        {"recursive": True},
        ("mkdir", "/x", {"recursive": True}),
        ("mkdir", "/x", {"recursive": True, "sessionId": "S"}),
    ),
    ("delete_file", ("/x",), {}, ("deleteFile", "/x"), ("deleteFile", "/x", "S")),
    ("rename_file", ("/x", "/y"), {}, ("renameFile", "/x", "/y"), ("renameFile", "/x", "/y", "S")),
    ("move_file", ("/x", "/y"), {}, ("moveFile", "/x", "/y"), ("moveFile", "/x", "/y", "S")),
    (
        "list_files",
        ("/x",),
        {"include_hidden": True},
        ("listFiles", "/x", {"includeHidden": True}),
        ("listFiles", "/x", {"includeHidden": True, "sessionId": "S"}),
    ),
    ("exists", ("/x",), {}, ("exists", "/x"), ("exists", "/x", "S")),
    ("watch", ("/x",), {}, ("watch", "/x"), ("watch", "/x", {"sessionId": "S"})),
    (
        "check_changes",
        ("/x",),
        {"since": "v"},
        ("checkChanges", "/x", {"since": "v"}),
        ("checkChanges", "/x", {"since": "v", "sessionId": "S"}),
    ),
    (
        "git_checkout",
        ("u",),
        {"target_dir": "/t", "clone_timeout_ms": 9},
        ("gitCheckout", "u", {"targetDir": "/t", "cloneTimeoutMs": 9}),
        ("gitCheckout", "u", {"targetDir": "/t", "cloneTimeoutMs": 9, "sessionId": "S"}),
    ),
    (
        "create_code_context",
        (),
        {"env_vars": {"A": "1"}},
        ("createCodeContext", {"envVars": {"A": "1"}}),
        None,
    ),
    ("run_code", ("1",), {"language": "python"}, ("runCode", "1", {"language": "python"}), None),
    ("list_code_contexts", (), {}, ("listCodeContexts",), None),
    ("delete_code_context", ("i",), {}, ("deleteCodeContext", "i"), None),
    (
        "mount_bucket",
        ("B", "/m"),
        {"read_only": True, "s3fs_options": {"a": "b"}},
        ("mountBucket", "B", "/m", {"readOnly": True, "s3fsOptions": {"a": "b"}}),
        None,
    ),
    ("unmount_bucket", ("/m",), {}, ("unmountBucket", "/m"), None),
    ("create_backup", (), {"dir": "/d", "ttl": 5}, ("createBackup", {"dir": "/d", "ttl": 5}), None),
    ("restore_backup", ({"id": "i", "dir": "/d"},), {}, ("restoreBackup", {"id": "i", "dir": "/d"}), None),
]
ONLY_SANDBOX: list[tuple[str, tuple[Any, ...], dict[str, Any], tuple[Any, ...]]] = [
    (
        "expose_port",
        (8080,),
        {"hostname": "h", "name": "n"},
        ("exposePort", 8080, {"hostname": "h", "name": "n"}),
    ),
    ("unexpose_port", (8080,), {}, ("unexposePort", 8080)),
    ("get_exposed_ports", ("h",), {}, ("getExposedPorts", "h")),
    ("is_port_exposed", (8080,), {}, ("isPortExposed", 8080)),
    ("validate_port_token", (8080, "t"), {}, ("validatePortToken", 8080, "t")),
    (
        "create_session",
        (),
        {"id": "i", "command_timeout_ms": 5},
        ("createSession", {"id": "i", "commandTimeoutMs": 5}),
    ),
    ("get_session", ("i",), {}, ("getSession", "i")),
    ("delete_session", ("i",), {}, ("deleteSession", "i")),
    ("set_env_vars", ({"A": None},), {}, ("setEnvVars", {"A": None})),
    ("set_sleep_after", ("1h",), {}, ("setSleepAfter", "1h")),
    ("set_keep_alive", (True,), {}, ("setKeepAlive", True)),
    ("destroy", (), {}, ("destroy",)),
    ("my_own", (1, "x"), {}, ("my_own", 1, "x")),
]
ANSWERS = {
    "exec": {"exitCode": 0},
    "execWithSessionToken": {"exitCode": 0},
    "startProcess": PROCESS,
    "getProcess": PROCESS,
    "listProcesses": [PROCESS],
    "killAllProcesses": 2,
    "createCodeContext": {"id": "i"},
    "listCodeContexts": [{"id": "i"}],
    "createSession": {"id": "i"},
    "getSession": {"id": "i"},
    "getExposedPorts": [],
}


@pytest.fixture
def space(tmp_path: Path) -> Space:
    return Space(tmp_path)


def camel(name: str) -> str:
    head, *tail = name.split("_")
    return head + "".join(part.capitalize() for part in tail)


@pytest.mark.parametrize(("method", "args", "keywords", "plain", "in_session"), CALLS)
def test_calls(
    space: Space,
    method: str,
    args: tuple[Any, ...],
    keywords: dict[str, Any],
    plain: tuple[Any, ...],
    in_session: tuple[Any, ...] | None,
) -> None:
    module = space.module("sandbox.client.sandbox_client")

    async def asked(client: Any, stub: Stub, name: str) -> list[tuple[Any, ...]]:
        await getattr(client, name)(*args, **keywords)
        return stub.asked

    async def body() -> None:
        for name in {method, camel(method)}:
            stub = Stub(**ANSWERS)
            assert await asked(module.SandboxClient(stub, "id"), stub, name) == [plain]
            for session_id in ("S", OFF):
                stub = Stub(**ANSWERS)
                client = module.SandboxClient(stub, "id", default_session=False)
                if session_id == "S":
                    client = module.ExecutionSession(client.remote, "S")
                expected = replaced(in_session or plain, session_id)
                assert await asked(client, stub, name) == [expected]

    space.run(body)


def replaced(call: tuple[Any, ...], session_id: str) -> tuple[Any, ...]:
    def put(value: Any) -> Any:
        if isinstance(value, dict):
            return {name: put(member) for name, member in value.items()}
        return session_id if value == "S" else value

    return tuple(put(value) for value in call)


@pytest.mark.parametrize(("method", "args", "keywords", "expected"), ONLY_SANDBOX)
def test_calls_of_the_sandbox_alone(
    space: Space, method: str, args: tuple[Any, ...], keywords: dict[str, Any], expected: tuple[Any, ...]
) -> None:
    async def body() -> None:
        stub = Stub(**ANSWERS)
        client = space.module("sandbox.client.sandbox_client").SandboxClient(stub, "id")
        await getattr(client, method)(*args, **keywords)
        assert stub.asked == [expected]

    space.run(body)


def test_results_of_the_javascript_class(space: Space) -> None:
    """Plain objects, with functions in those of processes."""
    waited: list[Any] = []

    async def wait_for_port(port: int, options: Any) -> None:
        waited.append((port, options))

    async def body() -> None:
        stub = Stub(
            startProcess={**PROCESS, "pid": 7, "waitForPort": wait_for_port, "kill": wait_for_port},
            listFiles={"files": [{"name": "a", "absolutePath": "/a", "permissions": {"readable": True}}]},
        )
        client = space.module("sandbox.client.sandbox_client").SandboxClient(stub, "id")
        process = await client.start_process("c")
        assert (process.pid, process.exit_code, "kill" in process) == (7, None, False)
        assert process.start_time.tzinfo is not None
        await process.wait_for_port(8080, mode="tcp")
        assert waited == [(8080, {"mode": "tcp"})]
        await process.kill("SIGKILL")
        assert stub.asked[-1] == ("killProcess", "p1", "SIGKILL")
        listed = await client.list_files("/")
        assert listed.files[0].absolute_path == "/a"
        assert listed["files"][0]["permissions"].readable is True

    space.run(body)


def test_a_session_sets_its_variables_by_commands(space: Space) -> None:
    async def body() -> None:
        stub = Stub(execWithSessionToken={"exitCode": 0})
        module = space.module("sandbox.client.sandbox_client")
        session = module.ExecutionSession(module.Remote(stub), "S")
        await session.set_env_vars({"A": "it's", "B": None})
        origin = {"origin": "internal"}
        assert stub.asked == [
            ("execWithSessionToken", "unset B", "S", origin),
            ("execWithSessionToken", "export A='it'\"'\"'s'", "S", origin),
        ]

    space.run(body)


def test_an_aborted_signal_stops_a_call_before_it_is_made(space: Space) -> None:
    class Signal:
        aborted = True

    async def body() -> None:
        stub = Stub()
        client = space.module("sandbox.client.sandbox_client").SandboxClient(stub, "id")
        for call in (client.exec, client.exec_stream, client.start_process):
            with pytest.raises(Exception, match="Operation was aborted"):
                await call("x", signal=Signal())
        assert stub.asked == []

    space.run(body)
