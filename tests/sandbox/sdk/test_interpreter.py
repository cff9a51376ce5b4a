"""The code interpreter (spec section 5.6)."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import pytest

from tests.sandbox.sdk.house import SdkHouse


@pytest.mark.capability("code contexts")
def test_state_stays(sdk: SdkHouse) -> None:
    async def body() -> None:
        box = sdk.box()
        context = await box.create_code_context(language="python", cwd="/tmp")
        assert set(context) == {"id", "language", "cwd", "createdAt", "lastUsed"}
        assert (context.language, context.cwd) == ("python", "/tmp")
        assert isinstance(context.created_at, datetime)
        await box.run_code("x = 20", context=context)
        execution = await box.runCode("print('hi'); x + 1", {"context": context})
        assert set(execution) == {"code", "logs", "results", "error", "executionCount"}
        assert execution.logs.stdout == ["hi\n"] or "".join(execution.logs.stdout) == "hi\n"
        assert (execution.results[0].text, execution.error, execution.execution_count) == ("21", None, 2)
        # Without a context the first one of the language is taken.
        assert (await box.run_code("x")).results[0].text == "20"
        second = await box.create_code_context()
        assert (await box.run_code("'x' in dir()", context=second)).results[0].text == "False"
        assert {found.id for found in await box.list_code_contexts()} == {context.id, second.id}
        await box.delete_code_context(context.id)
        with pytest.raises(sdk.sandbox.errors.ContextNotFoundError) as gone:
            await box.run_code("1", context=context)
        assert str(gone.value) == f"Code context '{context.id}' not found"

    sdk.run(body)


@pytest.mark.capability("code contexts")
def test_errors_of_the_code_are_results(sdk: SdkHouse) -> None:
    async def body() -> None:
        execution = await sdk.box().run_code("1 / 0")
        assert (execution.error.name, execution.error.message) == ("ZeroDivisionError", "division by zero")
        assert isinstance(execution.error.traceback, list)
        with pytest.raises(sdk.sandbox.errors.SandboxSecurityError) as refused:
            await sdk.box().run_code("1", language="cobol")
        assert refused.value.code == "INVALID_LANGUAGE"

    sdk.run(body)


@pytest.mark.capability("code contexts")
def test_callbacks_and_streams(sdk: SdkHouse) -> None:
    async def body() -> None:
        box = sdk.box()
        heard: list[tuple[str, Any]] = []
        execution = await box.run_code(
            "import sys; print('o'); print('e', file=sys.stderr); 7",
            onStdout=lambda output: heard.append(("out", output.text)),
            on_stderr=lambda output: heard.append(("err", output.text)),
            on_result=lambda result: heard.append(("result", result.text)),
            on_error=lambda error: heard.append(("error", error)),
        )
        assert sorted(heard) == [("err", "e\n"), ("out", "o\n"), ("result", "7")]
        assert "".join(execution.logs.stderr) == "e\n"
        stream = await box.run_code_stream("print(1)")
        kinds = [event.type async for event in sdk.sandbox.parse_sse_stream(stream)]
        assert kinds == ["stdout", "execution_complete"]

    sdk.run(body)
