"""One account of Cloudflare, reached with what the process's environment says and nothing else.

The official package does what it is good at: authentication, connections, retries with backoff, multipart
bodies. It is imported only when an account is opened: it takes as long as all the rest of `edge`.

Sources: spec wrangler.md sections 7 (authentication, envelope, retries) and 8 (names of variables).
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from edge.errors import UserError
from wrangler_compat.cloudflare.refusal import CloudflareApiError, malformed, refused, unanswered

if TYPE_CHECKING:
    import httpx

DEFAULT_BASE_URL = "https://api.cloudflare.com/client/v4"
#: Three tries in all, as wrangler makes them.
RETRIES = 2
TIMEOUT_S = 60.0

_NO_TOKEN = (
    "CLOUDFLARE_API_TOKEN is not set, so nothing on Cloudflare can be reached.\n"
    'Create a token at https://dash.cloudflare.com/profile/api-tokens (template "Edit Cloudflare Workers") '
    "and put it into this variable of the environment; it is read from nowhere else, and never stored."
)
_NO_PACKAGE = (
    "What is on Cloudflare is reached with the package `cloudflare`, of the extra `deploy`: "
    "pip install cloudflare"
)


class Account:
    """An account and the official client. `sdk` is the `cloudflare.Cloudflare` itself: use it inside
    `answering()`, or use `call`, which also unwraps the envelope."""

    def __init__(self, sdk: Any, account_id: str) -> None:
        self.sdk = sdk
        self.id = account_id

    def call(
        self,
        method: str,
        path: str,
        *,
        body: Any = None,
        content: bytes | None = None,
        files: Sequence[tuple[str, tuple[str | None, bytes, str]]] | None = None,
        query: Mapping[str, Any] | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> Any:
        """The `result` of one call. `path` is below the account (`/workers/scripts/…`); `body` is sent as
        JSON, `content` as it is, `files` as multipart. Raises CloudflareApiError."""
        return result_of(
            self.raw(method, path, body=body, content=content, files=files, query=query, headers=headers)
        )

    def raw(
        self,
        method: str,
        path: str,
        *,
        body: Any = None,
        content: bytes | None = None,
        files: Sequence[tuple[str, tuple[str | None, bytes, str]]] | None = None,
        query: Mapping[str, Any] | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> httpx.Response:
        """The answer itself: of endpoints without an envelope, and for its `result_info`."""
        import httpx

        more = {"Content-Type": "multipart/form-data"} if files is not None else {}
        options = {"params": dict(query or {}), "headers": {**more, **(headers or {})}}
        given = {"body": body, "content": content, "files": files}
        send = getattr(self.sdk, method.lower())
        with answering():
            answer: httpx.Response = send(
                f"/accounts/{self.id}{path}",
                cast_to=httpx.Response,
                options=options,
                **{name: value for name, value in given.items() if value is not None},
            )
        return answer

    def close(self) -> None:
        self.sdk.close()


@contextmanager
def opened(
    account_id: str | None = None,
    *,
    environment: Mapping[str, str] = os.environ,
    transport: httpx.BaseTransport | None = None,
    timeout_s: float = TIMEOUT_S,
    retries: int = RETRIES,
) -> Iterator[Account]:
    """The account that `environment` names, else `account_id` (the configuration's), else the only one
    the token can see. Raises UserError when one of them is missing, CloudflareApiError when the API refuses.
    """
    sdk = _client(environment, transport, timeout_s, retries)
    try:
        yield Account(sdk, environment.get("CLOUDFLARE_ACCOUNT_ID") or account_id or _only_account(sdk))
    finally:
        sdk.close()


@contextmanager
def answering() -> Iterator[None]:
    """Turns what the official client raises inside into one CloudflareApiError."""
    import cloudflare

    try:
        yield
    except cloudflare.APIStatusError as error:
        answer = error.response
        wait_s = answer.headers.get("retry-after")
        tries = 1 + int(error.request.headers.get("x-stainless-retry-count", "0"))
        call = _call(answer.request)
        raise refused(call, answer.status_code, _errors(error.body), wait_s, tries) from None
    except cloudflare.APIConnectionError as error:
        timed_out = isinstance(error, cloudflare.APITimeoutError)
        raise unanswered(_call(error.request), error.request.url.host, timed_out=timed_out) from None
    except cloudflare.APIError as error:
        raise malformed(_call(error.request), error.request.url.host) from None


def result_of(answer: httpx.Response) -> Any:
    """What the envelope holds; its `success` decides, not the status. Raises CloudflareApiError."""
    if answer.status_code in (204, 205) and not answer.content:
        return {}
    envelope = envelope_of(answer)
    if not envelope.get("success"):
        raise refused(_call(answer.request), answer.status_code, _errors(envelope), None)
    return envelope.get("result")


def envelope_of(answer: httpx.Response) -> dict[str, Any]:
    """The whole envelope, with its `result_info`."""
    try:
        envelope = json.loads(answer.content)
    except ValueError:
        envelope = None
    if not isinstance(envelope, dict):
        raise malformed(_call(answer.request), answer.request.url.host)
    return envelope


def _client(
    environment: Mapping[str, str], transport: httpx.BaseTransport | None, timeout_s: float, retries: int
) -> Any:
    credentials = _credentials(environment)
    url = environment.get("CLOUDFLARE_API_BASE_URL") or DEFAULT_BASE_URL
    if not url.startswith(("https://", "http://")):
        raise UserError(f'CLOUDFLARE_API_BASE_URL has to be an http or https URL, but is "{url}"')
    try:
        import cloudflare
    except ModuleNotFoundError:
        raise UserError(_NO_PACKAGE) from None
    import httpx

    sdk = cloudflare.Cloudflare(
        base_url=url,
        max_retries=retries,
        timeout=timeout_s,
        http_client=httpx.Client(transport=transport, timeout=timeout_s),
    )
    # The package has looked into the environment by itself, and would send what it found there as well.
    for name in ("api_token", "api_key", "api_email", "user_service_key"):
        setattr(sdk, name, credentials.get(name))
    return sdk


def _credentials(environment: Mapping[str, str]) -> dict[str, str]:
    """Key and email go before a token, as in wrangler."""
    key, email = environment.get("CLOUDFLARE_API_KEY"), environment.get("CLOUDFLARE_EMAIL")
    if key and email:
        return {"api_key": key, "api_email": email}
    token = environment.get("CLOUDFLARE_API_TOKEN")
    if not token:
        raise UserError(_NO_TOKEN)
    if not token.isascii() or not token.isprintable() or " " in token:
        raise UserError("CLOUDFLARE_API_TOKEN holds a space or another character that no token has.")
    return {"api_token": token}


def identity(environment: Mapping[str, str] = os.environ) -> tuple[str | None, list[dict[str, Any]]]:
    """Whose token it is (None for one of an account), and the accounts that it can see. Raises UserError."""
    sdk = _client(environment, None, TIMEOUT_S, RETRIES)
    try:
        accounts = _get(sdk, "/accounts")
        try:
            user = _get(sdk, "/user")
        except CloudflareApiError:
            user = {}
        return user.get("email"), accounts
    finally:
        sdk.close()


def _get(sdk: Any, path: str) -> Any:
    import httpx

    with answering():
        answer = sdk.get(path, cast_to=httpx.Response)
    return result_of(answer)


def _only_account(sdk: Any) -> str:
    accounts = _get(sdk, "/accounts")
    if len(accounts) == 1:
        return str(accounts[0]["id"])
    if not accounts:
        raise CloudflareApiError("The token can see no account. Set CLOUDFLARE_ACCOUNT_ID.")
    names = "\n".join(f"  {account.get('name')}: {account['id']}" for account in accounts)
    raise CloudflareApiError(
        f"The token can see more than one account. Set CLOUDFLARE_ACCOUNT_ID to one of:\n{names}"
    )


def _call(request: httpx.Request) -> str:
    return f"{request.method} {request.url.path}"


def _errors(body: Any) -> list[Mapping[str, Any]]:
    errors = body.get("errors") if isinstance(body, dict) else None
    return [error for error in errors if isinstance(error, dict)] if isinstance(errors, list) else []
