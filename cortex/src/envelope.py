"""Every answer has one form: `{success, data?, error?}`."""

from json_text import BadJson, parsed
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
    content = await request.bytes()
    if len(content) > BODY_BYTES_MAX:
        raise ApiError(413, f"the body is too large: {len(content)} bytes, at most {BODY_BYTES_MAX}")
    try:
        body = parsed(content or b"{}")
    except BadJson as mistake:
        raise ApiError(400, f"the body {mistake}") from None
    if not isinstance(body, dict):
        raise ApiError(400, "the body must be an object")
    return body
