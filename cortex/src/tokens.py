"""Signed tokens: who the caller is, until when. `payload.signature`, each in base64url."""

import base64
import hashlib
import hmac
import json
import time

from envelope import ApiError

#: The subprotocol of Cortex's WebSockets; the token stands beside it.
PROTOCOL = "cortex"


def sign(secret, user_id, ttl_s):
    """A token of a user for `ttl_s` seconds."""
    payload = {"sub": user_id, "exp": int(time.time() + ttl_s)}
    part = _encode(json.dumps(payload, separators=(",", ":")).encode())
    return f"{part}.{_encode(_signature(secret, part))}"


def verify(secret, token):
    """The user of a token. Raises ApiError 401 for a forged or expired one."""
    part, dot, given = token.partition(".")
    expected = _encode(_signature(secret, part))
    if not dot or not hmac.compare_digest(given.encode(), expected.encode()):
        raise ApiError(401, "the token is not valid")
    payload = json.loads(base64.urlsafe_b64decode(part + "=" * (-len(part) % 4)))
    if payload["exp"] <= time.time():
        raise ApiError(401, "the token has expired")
    return payload["sub"]


def caller(request, env):
    """The user who asks: by `Authorization: Bearer`, or by the second subprotocol of a WebSocket, since a
    browser cannot set headers there, and what stands in an address ends in logs. Raises ApiError 401."""
    kind, _, token = (request.headers.get("Authorization") or "").partition(" ")
    if kind.lower() != "bearer":
        protocols = (request.headers.get("Sec-WebSocket-Protocol") or "").split(",")
        token = protocols[1].strip() if len(protocols) == 2 and protocols[0].strip() == PROTOCOL else ""
    if not token:
        raise ApiError(401, "sign in first")
    return verify(env.TOKEN_SECRET, token)


def _signature(secret, part):
    return hmac.new(secret.encode(), part.encode(), hashlib.sha256).digest()


def _encode(data):
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()
