from __future__ import annotations

import json
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import httpx
import pytest

from edge.errors import UserError
from wrangler_compat.cloudflare.account import Account, answering, opened
from wrangler_compat.cloudflare.refusal import CloudflareApiError

TOKEN = "s3cr3t-t0ken"
ENVIRONMENT = {"CLOUDFLARE_API_TOKEN": TOKEN, "CLOUDFLARE_ACCOUNT_ID": "acc"}
AT_ONCE = {"retry-after-ms": "1"}


def envelope(result: Any = None, *errors: dict[str, Any]) -> dict[str, Any]:
    return {"success": not errors, "errors": list(errors), "messages": [], "result": result}


@contextmanager
def account(
    answer: Callable[[httpx.Request], httpx.Response], environment: Mapping[str, str] = ENVIRONMENT
) -> Iterator[Account]:
    with opened(environment=environment, transport=httpx.MockTransport(answer)) as found:
        yield found


def failing(answer: Callable[[httpx.Request], httpx.Response]) -> CloudflareApiError:
    with account(answer) as found, pytest.raises(CloudflareApiError) as raised:
        found.call("GET", "/workers/scripts")
    assert TOKEN not in str(raised.value)
    return raised.value


def test_a_call_carries_the_token_and_gives_the_result() -> None:
    def answer(request: httpx.Request) -> httpx.Response:
        assert request.headers["authorization"] == f"Bearer {TOKEN}"
        assert "x-auth-key" not in request.headers
        return httpx.Response(
            200, json=envelope([request.method, str(request.url), json.loads(request.content)])
        )

    with account(answer) as found:
        result = found.call(
            "PUT", "/workers/scripts/a/schedules", body=[{"cron": "* * * * *"}], query={"a": 1}
        )
    base = "https://api.cloudflare.com/client/v4/accounts/acc"
    assert result == ["PUT", f"{base}/workers/scripts/a/schedules?a=1", [{"cron": "* * * * *"}]]


def test_the_official_client_is_there_with_its_typed_calls() -> None:
    answer = httpx.Response(200, json=envelope({"id": "n1", "title": "T"}))
    with account(lambda _: answer) as found, answering():
        assert found.sdk.kv.namespaces.get("n1", account_id=found.id).title == "T"


def test_files_go_as_parts_of_their_own_names_and_types() -> None:
    def answer(request: httpx.Request) -> httpx.Response:
        return httpx.Response(200, json=envelope(request.content.decode()))

    with account(answer) as found:
        sent = found.call("PUT", "/x", files=[("a/b.py", ("a/b.py", b"x = 1", "text/x-python"))])
    assert 'name="a/b.py"; filename="a/b.py"\r\nContent-Type: text/x-python\r\n\r\nx = 1' in sent


def test_key_and_email_go_before_the_token(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CLOUDFLARE_API_TOKEN", "of-the-process")

    def answer(request: httpx.Request) -> httpx.Response:
        names = ("x-auth-key", "x-auth-email", "authorization")
        return httpx.Response(200, json=envelope([request.headers.get(name) for name in names]))

    pair = {"CLOUDFLARE_API_KEY": "k", "CLOUDFLARE_EMAIL": "e@example.com"}
    with account(answer, {**ENVIRONMENT, **pair}) as found:
        assert found.call("GET", "/x") == ["k", "e@example.com", None]


def test_a_key_in_the_process_environment_is_not_sent_beside_the_token(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("CLOUDFLARE_API_KEY", "leak")
    monkeypatch.setenv("CLOUDFLARE_EMAIL", "leak@example.com")
    with account(lambda request: httpx.Response(200, json=envelope(dict(request.headers)))) as found:
        assert "leak" not in str(found.call("GET", "/x"))


@pytest.mark.parametrize("environment", [{}, {"CLOUDFLARE_API_KEY": "no email"}])
def test_without_credentials_it_says_where_they_come_from(environment: dict[str, str]) -> None:
    with pytest.raises(UserError, match="CLOUDFLARE_API_TOKEN is not set"), opened(environment=environment):
        pass


def test_a_token_with_a_line_break_is_refused_without_being_shown() -> None:
    with pytest.raises(UserError) as raised, opened(environment={"CLOUDFLARE_API_TOKEN": TOKEN + "\n"}):
        pass
    assert TOKEN not in str(raised.value)


def test_another_base_url() -> None:
    environment = {**ENVIRONMENT, "CLOUDFLARE_API_BASE_URL": "http://127.0.0.1:9999/v4"}
    with account(lambda request: httpx.Response(200, json=envelope(str(request.url))), environment) as found:
        assert found.call("GET", "/d1/database") == "http://127.0.0.1:9999/v4/accounts/acc/d1/database"


def test_a_base_url_that_is_none() -> None:
    environment = {**ENVIRONMENT, "CLOUDFLARE_API_BASE_URL": "127.0.0.1:9999"}
    with pytest.raises(UserError, match="has to be an http or https URL"), opened(environment=environment):
        pass


def test_without_the_package_it_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "cloudflare", None)
    with pytest.raises(UserError, match="pip install cloudflare"), opened(environment=ENVIRONMENT):
        pass


@pytest.mark.parametrize(
    ("accounts", "expected"),
    [
        ([], "The token can see no account. Set CLOUDFLARE_ACCOUNT_ID."),
        ([{"id": "1", "name": "A"}, {"id": "2", "name": "B"}], "to one of:\n  A: 1\n  B: 2"),
    ],
)
def test_which_account_has_to_be_clear(accounts: list[dict[str, str]], expected: str) -> None:
    only_token = {"CLOUDFLARE_API_TOKEN": TOKEN}
    with (
        pytest.raises(CloudflareApiError) as raised,
        account(lambda _: httpx.Response(200, json=envelope(accounts)), only_token),
    ):
        pass
    assert str(raised.value).endswith(expected)


def test_the_only_account_of_a_token_is_taken() -> None:
    answer = httpx.Response(200, json=envelope([{"id": "1", "name": "A"}]))
    with account(lambda _: answer, {"CLOUDFLARE_API_TOKEN": TOKEN}) as found:
        assert found.id == "1"


def test_the_configured_account_counts_after_the_environment() -> None:
    with opened("configured", environment={"CLOUDFLARE_API_TOKEN": TOKEN}) as found:
        assert found.id == "configured"
    with opened("configured", environment=ENVIRONMENT) as found:
        assert found.id == "acc"


def test_a_wrong_token() -> None:
    wrong = envelope(None, {"code": 10000, "message": "Authentication error"})
    error = failing(lambda _: httpx.Response(403, json=wrong))
    assert (error.status, error.code) == (403, 10000)
    assert str(error).startswith(
        "A request to the Cloudflare API (GET /client/v4/accounts/acc/workers/scripts) failed.\n"
        "  Authentication error [code: 10000]\n"
        "Check CLOUDFLARE_API_TOKEN"
    )


def test_the_chain_of_an_error_is_told() -> None:
    inner = {"code": 6111, "message": "Invalid format for Authorization header"}
    wrong = envelope(None, {"code": 6003, "message": "Invalid request headers", "error_chain": [inner]})
    assert "    Invalid format for Authorization header [code: 6111]" in str(
        failing(lambda _: httpx.Response(400, json=wrong))
    )


def test_success_decides_and_not_the_status() -> None:
    error = failing(lambda _: httpx.Response(200, json=envelope(None, {"code": 10007, "message": "gone"})))
    assert (error.status, error.code) == (200, 10007)


@pytest.mark.parametrize(
    ("status", "remedy"), [(429, "too many requests"), (503, "The fault is Cloudflare's")]
)
def test_three_tries_and_then_a_remedy(status: int, remedy: str) -> None:
    tries = []

    def answer(request: httpx.Request) -> httpx.Response:
        tries.append(request)
        return httpx.Response(status, json=envelope(None, {"message": "no"}), headers=AT_ONCE)

    assert remedy in str(failing(answer))
    assert len(tries) == 3


def test_a_fault_that_passes_is_not_seen() -> None:
    answers = iter([httpx.Response(500, headers=AT_ONCE), httpx.Response(200, json=envelope("well"))])
    with account(lambda _: next(answers)) as found:
        assert found.call("GET", "/x") == "well"


def test_the_server_says_how_long_to_wait() -> None:
    limited = httpx.Response(429, headers={"retry-after": "120", **AT_ONCE})
    assert "Wait 120 s and run the command again" in str(failing(lambda _: limited))


@pytest.mark.parametrize(
    ("fault", "text"),
    [
        (httpx.ReadTimeout("slow"), "did not answer in time"),
        (httpx.ConnectError("refused"), "could not be reached"),
        (httpx.RemoteProtocolError("cut off"), "could not be reached"),
    ],
)
def test_no_answer(fault: Exception, text: str, monkeypatch: pytest.MonkeyPatch) -> None:
    def answer(request: httpx.Request) -> httpx.Response:
        raise fault

    with (
        opened(environment=ENVIRONMENT, transport=httpx.MockTransport(answer), retries=0) as found,
        pytest.raises(CloudflareApiError) as raised,
    ):
        found.call("GET", "/x")
    assert f"The Cloudflare API at api.cloudflare.com {text}" in str(raised.value)
    assert raised.value.status is None


@pytest.mark.parametrize("body", [b"<html>", b'{"success": tr', b"[]"])
def test_an_answer_that_is_not_the_apis(body: bytes) -> None:
    assert "malformed response" in str(failing(lambda _: httpx.Response(200, content=body)))


def test_an_empty_answer_is_a_success() -> None:
    with account(lambda _: httpx.Response(204)) as found:
        assert found.call("DELETE", "/x") == {}
