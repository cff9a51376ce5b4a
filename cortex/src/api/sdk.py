"""`/api/sdk`: messages (the design's `api/sdk.ts`).

`GET /api/sdk/ws` is upgraded to a WebSocket: its first frame is the query. With the switches `resumable`,
`warm_agent` or `wake_early` the session's object holds the run, and a connection that is lost is taken up
again; without them this Worker runs the chain and the browser's connection is the run's.
"""

import asyncio
import json

from envelope import ApiError, body_of, ok
from frame_socket import FrameSocket, accepted, told
from js import WebSocketPair
from known_container import KnownContainer
from message_run import MessageRun
from messages import list_messages, store_message
from package_cache import PackageCache
from sandbox_manager import SandboxManager, sandbox_of
from switches import checked, parse
from validation import frame_number_of, message_id_of, prompt_of, text_of

from api.sessions import owned

_serving = set()


async def handle(request, env, ctx, user_id, parts, query):
    match request.method, parts:
        case "GET", ["ws"]:
            return await handle_sdk_ws(request, env, ctx, user_id, query)
        case "POST", ["persist"]:
            return await persist(request, env, user_id)
        case "GET", ["replay", session_id]:
            await owned(env, session_id, user_id)
            return ok(await list_messages(env.SESSIONS_KV, session_id))
    raise ApiError(404, "no such route")


async def persist(request, env, user_id):
    """Keep the assistant's text, as the browser posts it after the stream."""
    body = await body_of(request)
    record = await owned(env, body.get("sessionId"), user_id)
    content = text_of(body.get("content"), "content", 1_000_000)
    keep = env.SESSIONS.getByName(record["id"]).keep
    message_id = message_id_of(body.get("messageId"))
    await store_message(env.SESSIONS_KV, keep, record["id"], message_id, "assistant", content)
    return ok()


async def handle_sdk_ws(request, env, ctx, user_id, query):
    """The message handler: from here on the chain of the design, before or after."""
    if (request.headers.get("Upgrade") or "").lower() != "websocket":
        raise ApiError(426, "expected a WebSocket")
    record = await owned(env, query.get("sessionId"), user_id)
    message_id = message_id_of(query.get("messageId"))
    if "after" in query:
        frame_number_of(query["after"])
    on = checked(query["switches"]) if "switches" in query else parse(record["switches"])
    if on & {"resumable", "warm_agent", "wake_early"}:
        return await env.SESSIONS.getByName(record["id"]).fetch(request)
    client, server = WebSocketPair.new().object_values()
    browser = FrameSocket(server)
    # The open connection keeps the Worker here; waitUntil would end it after 30 seconds.
    serving = asyncio.ensure_future(_serve(env, ctx, record, message_id, on, browser))
    _serving.add(serving)
    serving.add_done_callback(_serving.discard)
    return accepted(client)


async def _serve(env, ctx, record, message_id, on, browser):
    """Wait for the query, run it, pass the browser's words on to the agent."""
    prompt = await _prompt(browser)
    if prompt is None:
        return
    session = SessionStub(env.SESSIONS, record["id"])
    sandbox = sandbox_of(env, record["sandboxId"])

    def manager(waterfall):
        known = KnownContainer(session, checks="config_cache" in on)
        cache = PackageCache(env.PACKAGES, env.BUILDERS)
        return SandboxManager(sandbox, waterfall, on, known, cache, ctx.waitUntil)

    async def hear(frame):
        browser.send({**frame, "messageId": message_id})

    async def load_config():
        return json.loads(await session.config())

    async def store(role, text, at_ms=None):
        await store_message(env.SESSIONS_KV, session.keep, record["id"], message_id, role, text, at_ms)

    run = MessageRun(
        env, record, message_id, prompt, on,
        hear=hear, load_config=load_config, store=store, background=ctx.waitUntil,
        manager=manager,
    )  # fmt: skip
    words = asyncio.ensure_future(_pass_on(browser, run))
    try:
        await run.run()
    except Exception as failure:
        await run.fail(failure)
    finally:
        words.cancel()
        browser.close()
    await session.ran(json.dumps({"sdkSessionId": record["sdkSessionId"]}))


class SessionStub:
    """The session's object, by a new stub for each call: one that failed stays broken ("Error handling" of
    Durable Objects)."""

    def __init__(self, sessions, session_id):
        self._sessions = sessions
        self._id = session_id

    def __getattr__(self, name):
        return getattr(self._sessions.getByName(self._id), name)


async def _prompt(browser):
    async for frame in browser:
        if frame["type"] != "query":
            continue
        try:
            return prompt_of(frame.get("prompt"))
        except ApiError as refusal:
            browser.send(told(refusal))
            browser.close(1008, "no prompt")
    return None


async def _pass_on(browser, run):
    async for frame in browser:
        run.tell(frame)
    run.leave()
