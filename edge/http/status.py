"""The text beside a status code.

Source: RFC 9110 and what `workerd` shows for `Response.statusText` (a few phrases differ from Python's).
"""

from __future__ import annotations

from http import HTTPStatus

_BY_CLASS = {2: "Successful", 3: "Redirection", 4: "Client Error", 5: "Server Error"}

#: For every code from 0 to 599; a code nobody registered has the name of its class.
STATUS_TEXTS: dict[int, str] = {code: _BY_CLASS.get(code // 100, "") for code in range(600)}
STATUS_TEXTS.update({status.value: status.phrase for status in HTTPStatus if status.value != 425})
STATUS_TEXTS.update(
    {
        413: "Payload Too Large",
        414: "URI Too Long",
        416: "Range Not Satisfiable",
        418: "I'm a teapot",
        422: "Unprocessable Entity",
    }
)
