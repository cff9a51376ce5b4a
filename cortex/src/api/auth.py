"""`/api/auth`: signing in. The demo takes any name; a real deployment puts its identity provider here."""

import hashlib
import json

from envelope import ApiError, body_of, ok
from tokens import sign
from validation import name_of


async def handle(request, env, ctx, user_id, parts, query):
    if (request.method, parts) != ("POST", ["setup"]):
        raise ApiError(404, "no such route")
    name = name_of((await body_of(request)).get("name"))
    user = {"id": f"user-{hashlib.sha256(name.encode()).hexdigest()[:16]}", "name": name}
    await env.USERS.getByName(user["id"]).signed_in(json.dumps(user))
    return ok({"token": sign(env.TOKEN_SECRET, user["id"], env.TOKEN_TTL_S), "user": user})
