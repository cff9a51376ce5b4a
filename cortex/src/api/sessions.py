"""`/api/sessions`: a session is a conversation with its own sandbox (the design's `api/sessions.ts`)."""

import json
import uuid

from envelope import ApiError, body_of, ok
from switches import BEYOND, FIVE, in_order, parse
from validation import text_of
from waterfall import now_ms

TTL_S = 7 * 24 * 3600
_CHANGEABLE = (
    "name",
    "projectPath",
    "gitRepo",
    "mode",
    "switches",
    "status",
    "lastActiveAt",
    "sdkSessionId",
    "metadata",
)
_STATUSES = ("creating", "active", "sleeping", "terminated", "pending-delete")
PURGE_AFTER_MS = 5 * 24 * 3600 * 1000


async def handle(request, env, ctx, user_id, parts, query):
    match request.method, parts:
        case "POST", ["create"]:
            return ok(await create(env, user_id, await body_of(request)), status=201)
        case "GET", ["list"]:
            return ok(json.loads(await env.USERS.getByName(user_id).sessions()))
        case "GET", [session_id]:
            return ok(await owned(env, session_id, user_id))
        case "PUT", [session_id]:
            await owned(env, session_id, user_id)
            return ok(await update(env, session_id, user_id, _allowed(await body_of(request))))
        case "DELETE", [session_id]:
            await owned(env, session_id, user_id)
            change = {"status": "pending-delete", "deletedAt": now_ms()}
            await update(env, session_id, user_id, {"status": "pending-delete", "metadata": change})
            await env.USERS.getByName(user_id).remove_session(session_id)
            await env.SESSIONS_KV.put(f"pending-delete:{session_id}", str(now_ms()))
            return ok({"id": session_id, "status": "pending-delete"})
        case "POST", [session_id, ("resume" | "sleep" | "heartbeat") as what]:
            return await _act(env, session_id, user_id, what)
    raise ApiError(404, "no such route")


async def create(env, user_id, body):
    """A new session, known to its user's object before anything reads its configuration."""
    session_id = uuid.uuid4().hex
    record = {
        "id": session_id,
        "userId": user_id,
        "sandboxId": f"s-{session_id[:24]}",
        "name": text_of(body.get("name") or f"Session {session_id[:6]}", "name", 80),
        "projectPath": text_of(body.get("projectPath") or "/workspace", "project path", 1024),
        "gitRepo": body.get("gitRepo"),
        "mode": "ask" if body.get("mode") == "ask" else "auto",
        "switches": ",".join(in_order(parse(body.get("switches"), (*FIVE, *BEYOND)))),
        "status": "creating",
        "createdAt": now_ms(),
        "lastActiveAt": 0,
        "sdkSessionId": None,
        "metadata": {},
    }
    text = json.dumps(record)
    await env.USERS.getByName(user_id).add_session(text)
    await env.SESSIONS.getByName(session_id).open(text)
    await env.SESSIONS_KV.put(f"session:{session_id}", text, expirationTtl=TTL_S)
    return record


async def owned(env, session_id, user_id):
    """The record of a session of this user. Raises ApiError 404, also for another user's: that it exists
    is nobody else's business."""
    text = await env.SESSIONS.getByName(session_id).record(user_id)
    record = None if text is None else json.loads(text)
    if record is None or record["status"] in ("terminated", "pending-delete"):
        raise ApiError(404, "no such session")
    return record


async def update(env, session_id, user_id, change):
    text = await env.SESSIONS.getByName(session_id).update(json.dumps(change))
    await env.USERS.getByName(user_id).add_session(text)
    await env.SESSIONS_KV.put(f"session:{session_id}", text, expirationTtl=TTL_S)
    return json.loads(text)


def changed_record(record, change):
    """A record with the fields of `change` that may change."""
    return {**record, **{name: value for name, value in change.items() if name in _CHANGEABLE}}


def _allowed(body):
    change = {
        name: body[name] for name in ("name", "projectPath", "gitRepo", "mode", "switches") if name in body
    }
    for name, value in change.items():
        if value is not None:
            text_of(value, name, 1024)
    if "switches" in change:
        change["switches"] = ",".join(in_order(parse(change["switches"])))
    return change


async def _act(env, session_id, user_id, what):
    record = await owned(env, session_id, user_id)
    if what == "heartbeat":
        return ok({"id": session_id, "status": record["status"]})
    if what == "sleep":
        await env.SESSIONS.getByName(session_id).sleep()
        return ok(await update(env, session_id, user_id, {"status": "sleeping"}))
    return ok(await update(env, session_id, user_id, {"status": "active"}))


async def purge(env):
    """The daily cron: end what has been pending deletion for five days."""
    for key in (await env.SESSIONS_KV.list(prefix="pending-delete:"))["keys"]:
        since = await env.SESSIONS_KV.get(key["name"])
        if since is not None and now_ms() - float(since) >= PURGE_AFTER_MS:
            session_id = key["name"].partition(":")[2]
            await env.SESSIONS.getByName(session_id).close_session()
            await env.SESSIONS_KV.delete(f"session:{session_id}")
            await env.SESSIONS_KV.delete(key["name"])
