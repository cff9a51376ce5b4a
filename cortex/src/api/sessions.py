"""`/api/sessions`: a session is a conversation with its own sandbox (the design's `api/sessions.ts`)."""

import json
import re
import uuid

from envelope import ApiError, body_of, ok
from messages import listed
from session_record import lives
from switches import checked, in_order, parse
from validation import mode_of, project_path_of, text_of
from waterfall import now_ms

PURGE_AFTER_MS = 5 * 24 * 3600 * 1000
_SESSION_ID = re.compile(r"[0-9a-f]{32}")
_PENDING = "pending-delete:"


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
            return ok(await update(env, session_id, _changes(await body_of(request))))
        case "DELETE", [session_id]:
            await owned(env, session_id, user_id)
            await env.SESSIONS.getByName(session_id).end()
            return ok({"id": session_id, "status": "pending-delete"})
        case "POST", [session_id, ("resume" | "sleep" | "heartbeat") as what]:
            return await _act(env, session_id, user_id, what)
    raise ApiError(404, "no such route")


async def create(env, user_id, body):
    """A new session, known to its user's object before anything reads its configuration."""
    session_id = uuid.uuid4().hex
    asked = _changes(body)
    record = {
        "id": session_id,
        "userId": user_id,
        "sandboxId": f"s-{session_id[:24]}",
        "name": asked.get("name") or f"Session {session_id[:6]}",
        "projectPath": asked.get("projectPath") or project_path_of(None),
        "gitRepo": asked.get("gitRepo"),
        "mode": asked.get("mode") or mode_of(None),
        "switches": asked.get("switches", ",".join(in_order(parse(None)))),
        "status": "creating",
        "createdAt": now_ms(),
        "lastActiveAt": 0,
        "sdkSessionId": None,
        "metadata": {},
        "revision": 0,
    }
    text = json.dumps(record)
    user = env.USERS.getByName(user_id)
    await user.add_session(text)
    try:
        await env.SESSIONS.getByName(session_id).open(text)
    except Exception:
        await user.remove_session(session_id)  # nobody was told its id: it must not stay in the list
        raise
    return record


async def owned(env, session_id, user_id):
    """The record of a session of this user. Raises ApiError 404, also for another user's: that it exists
    is nobody else's business."""
    if not isinstance(session_id, str) or not _SESSION_ID.fullmatch(session_id):
        raise ApiError(404, "no such session")
    text = await env.SESSIONS.getByName(session_id).record(user_id)
    record = None if text is None else json.loads(text)
    if not lives(record):
        raise ApiError(404, "no such session")
    return record


async def update(env, session_id, change):
    """Change a session. Raises ApiError 404 when it has ended meanwhile."""
    text = await env.SESSIONS.getByName(session_id).update(json.dumps(change))
    if text is None:
        raise ApiError(404, "no such session")
    return json.loads(text)


def _changes(body):
    """What a body says about a session; null says nothing. Raises ApiError."""
    found = {}
    for name in ("name", "gitRepo"):
        if body.get(name) is not None:
            found[name] = text_of(body[name], name, 80 if name == "name" else 1024)
    if body.get("projectPath") is not None:
        found["projectPath"] = project_path_of(body["projectPath"])
    if body.get("mode") is not None:
        found["mode"] = mode_of(body["mode"])
    if body.get("switches") is not None:
        found["switches"] = ",".join(in_order(checked(text_of(body["switches"], "list of switches", 1024))))
    return found


async def _act(env, session_id, user_id, what):
    record = await owned(env, session_id, user_id)
    if what == "heartbeat":
        return ok({"id": session_id, "status": record["status"]})
    if what == "sleep":
        await env.SESSIONS.getByName(session_id).sleep()
        return ok(await update(env, session_id, {"status": "sleeping"}))
    return ok(await update(env, session_id, {"status": "active"}))


async def purge(env):
    """The daily cron: end what has been pending deletion for five days."""
    for key in await listed(env.SESSIONS_KV, _PENDING):
        try:
            await _purge(env, key)
        except Exception as failure:
            print(f"{key} is left for tomorrow: {failure}")


async def _purge(env, key):
    since = await env.SESSIONS_KV.get(key)
    if since is None or now_ms() - float(since) < PURGE_AFTER_MS:
        return
    session_id = key.removeprefix(_PENDING)
    await env.SESSIONS.getByName(session_id).close_session()
    await env.SESSIONS_KV.delete(f"session:{session_id}")
    await env.SESSIONS_KV.delete(key)
