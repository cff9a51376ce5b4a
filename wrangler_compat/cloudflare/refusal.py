"""What the API of Cloudflare refuses, as one message with a remedy.

Sources: spec wrangler.md section 7 (the envelope, the texts); Cloudflare API, "Troubleshooting".
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

from edge.errors import UserError

#: Codes that say: this token may not do that, whatever the status of the answer.
_TOKEN_CODES = frozenset({6003, 9103, 9106, 9109, 10000, 10001})
_CHECK_TOKEN = (
    "Check CLOUDFLARE_API_TOKEN: it has to be valid, and allowed to do this in the account "
    '(the template "Edit Cloudflare Workers" is). Check CLOUDFLARE_ACCOUNT_ID, too.'
)


class CloudflareApiError(UserError):
    """A call to the API of Cloudflare that failed, for good or after all retries.

    `status` is the HTTP status, None when no answer came; `code` is the first error's code in the answer;
    `tries` is how often the call was made.
    """

    def __init__(
        self, message: str, *, status: int | None = None, code: int | None = None, tries: int = 1
    ) -> None:
        super().__init__(message)
        self.status = status
        self.code = code
        self.tries = tries

    @property
    def is_certain(self) -> bool:
        """Whether the call surely changed nothing: it was refused, and no earlier try of it can have come
        through. After a fault of the server, or without an answer, nobody knows."""
        return self.status is not None and self.status < 500 and self.tries == 1

    def followed_by(self, line: str) -> CloudflareApiError:
        """The same with one more line."""
        message = f"{self.message}\n{line}"
        return CloudflareApiError(message, status=self.status, code=self.code, tries=self.tries)


def refused(
    call: str, status: int, errors: Sequence[Mapping[str, Any]], retry_after: str | None, tries: int = 1
) -> CloudflareApiError:
    """An answer that says no. `call` is method and path, `errors` the envelope's, `retry_after` the
    header of that name."""
    code = next((error["code"] for error in errors if isinstance(error.get("code"), int)), None)
    lines = [f"A request to the Cloudflare API ({call}) failed."]
    lines += [f"  {_note(error)}" for error in errors] or [f"  It answered with status {status}."]
    remedy = _remedy(status, code, retry_after)
    message = "\n".join([*lines, remedy] if remedy else lines)
    return CloudflareApiError(message, status=status, code=code, tries=tries)


def unanswered(call: str, host: str, *, timed_out: bool) -> CloudflareApiError:
    """No answer, after all retries."""
    what = "did not answer in time" if timed_out else "could not be reached"
    return CloudflareApiError(
        f"The Cloudflare API at {host} {what} ({call}).\n"
        "Check the network, CLOUDFLARE_API_BASE_URL if it is set, and https://www.cloudflarestatus.com; "
        "then run the command again."
    )


def malformed(call: str, host: str) -> CloudflareApiError:
    """An answer that is not the API's: a proxy's page, or one that was cut off."""
    return CloudflareApiError(
        f"Received a malformed response from the API at {host} ({call}).\n"
        "Check CLOUDFLARE_API_BASE_URL if it is set, and proxies on the way; then run the command again."
    )


def _note(error: Mapping[str, Any]) -> str:
    code = error.get("code")
    text = _text(str(error.get("message", "no message"))) + (f" [code: {code}]" if code is not None else "")
    chain = error.get("error_chain")
    inner = [_note(link) for link in chain if isinstance(link, dict)] if isinstance(chain, list) else []
    return "\n".join([text, *(f"    {line}" for line in inner)])


def _text(message: str) -> str:
    """The API of containers says JSON: a code of its own, and details."""
    try:
        found = json.loads(message)
    except ValueError:
        return message
    if not isinstance(found, dict) or "error" not in found:
        return message
    details = found.get("details")
    shown = [f"{key}: {value}" for key, value in details.items()] if isinstance(details, dict) else []
    return "; ".join([str(found["error"]), *shown])


def _remedy(status: int, code: int | None, retry_after: str | None) -> str:
    if status in (401, 403) or code in _TOKEN_CODES:
        return _CHECK_TOKEN
    if status == 429:
        wait = f"Wait {retry_after} s" if retry_after and retry_after.isdigit() else "Wait a few minutes"
        return f"{wait} and run the command again: there were too many requests."
    if status >= 500:
        return "The fault is Cloudflare's (https://www.cloudflarestatus.com): run the command again later."
    return ""
