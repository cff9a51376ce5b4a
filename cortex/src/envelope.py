"""Every answer has one form: `{success, data?, error?}`."""

import json

from workers import Response

BODY_BYTES_MAX = 2 * 1024 * 1024


class ApiError(Exception):
    """What a caller is told, with its HTTP status."""

    def __init__(self, status, message):
        super().__init__(message)
        self.status = status
        self.message = message


def ok(data=None, status=200):
    return Response.json({"success": True, "data": data}, status=status)


def failed(error):
    return Response.json({"success": False, "error": error.message}, status=error.status)


async def body_of(request):
    """The JSON object of a request. Raises ApiError."""
    text = await request.text()
    if len(text) > BODY_BYTES_MAX:
        raise ApiError(413, "the body is too large")
    try:
        body = json.loads(text or "{}")
    except ValueError:
        raise ApiError(400, "the body is no JSON") from None
    if not isinstance(body, dict):
        raise ApiError(400, "the body must be an object")
    return body
