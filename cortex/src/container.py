"""The session's Durable Object (the design's `container.ts`).

Configuration cache, warm connection, buffer of runs.

It keeps the user's settings as they were told to it, so that the configuration of a message costs about a
millisecond. It is assembled anew from KV when there is none, when a change was missed, or after five minutes.
"""

import asyncio
import json
from urllib.parse import parse_qsl, urlsplit

from api.sessions import changed_record
from config_assembly import assemble, read_settings
from envelope import ApiError
from frame_socket import accepted
from js import WebSocketPair
from link import Link
from message_run import MessageRun, WarmRun
from messages import store_message
from pyodide.ffi import to_js
from run_buffer import RunBuffer
from sandbox_manager import SandboxManager
from switches import FIVE, in_order, parse
from validation import PROMPT_CHARS_MAX
from waterfall import Waterfall, now_ms
from workers import DurableObject

from sandbox import get_sandbox

RELINK_LIMIT_S = 5.0
CACHE_MS = 5 * 60 * 1000


class Session(DurableObject):
    def __init__(self, ctx, env):
        super().__init__(ctx, env)
        self._record = None
        self._settings, self._version, self._assembled_ms, self._config = None, -1, 0.0, None
        self._dirty = 0  # the version that a message must at least run with
        self._assembling = None
        self._container_state = {}
        self._link, self._linking = None, asyncio.Lock()
        self._runs, self._waking, self._ready_with = {}, None, None
        self.buffer = RunBuffer(ctx.storage.sql)
        ctx.blockConcurrencyWhile(self._load)

    async def _load(self):
        if (stored := await self.ctx.storage.get("record")) is not None:
            self._record = json.loads(stored)

    # -- the record

    async def open(self, text):
        """A new session. Its sandbox starts getting ready at once (optimisation 5)."""
        self._record = json.loads(text)
        await self.ctx.storage.put("record", text)
        if "cold_start" in parse(self._record.get("switches"), FIVE):
            self.ctx.waitUntil(self._get_ready())

    async def record(self, user_id):
        """The record (JSON); None when there is no such session, or it is another user's."""
        if self._record is None or self._record["userId"] != user_id:
            return None
        return json.dumps(self._record)

    async def update(self, text):
        """Change fields of the record; gives the new one."""
        self._record = changed_record(self._record, json.loads(text))
        await self.ctx.storage.put("record", json.dumps(self._record))
        return json.dumps(self._record)

    async def close_session(self):
        """End the sandbox and forget all."""
        if self._record is not None:
            await self._sandbox().destroy()
        self._record = self._link = None
        await self.ctx.storage.deleteAll()

    async def sleep(self):
        """Let the sandbox sleep; the next message wakes it."""
        await self._sandbox().stop()
        self._container_state, self._link = {}, None

    # -- the configuration

    async def settings_changed(self, kind, text):
        """A setting was changed and is about to be acknowledged."""
        change = json.loads(text)
        self._dirty = max(self._dirty, change["version"])
        if self._settings is not None and change["version"] == self._version + 1:
            self._settings = {**self._settings, kind: change["value"]}
            self._version = change["version"]
            self._config = assemble(self._settings)
        if self._link is not None:  # an agent is kept warm: let it learn now, not with the next message
            self.ctx.waitUntil(self._get_ready())

    async def config(self):
        """The SandboxConfig, never older than the last acknowledged change (JSON)."""
        return json.dumps(await self._configuration())

    async def _configuration(self):
        while not self._fresh():
            if self._assembling is None:  # whoever comes meanwhile waits for the same assembly
                self._assembling = asyncio.ensure_future(self._assemble())
            await asyncio.shield(self._assembling)
        return self._config

    def _fresh(self):
        return (
            self._config is not None
            and self._version >= self._dirty
            and now_ms() - self._assembled_ms < CACHE_MS
        )

    async def _assemble(self):
        try:
            user = self.env.USERS.getByName(self._record["userId"])
            (settings, versions), truth = await asyncio.gather(
                read_settings(self.env.SESSIONS_KV, self._record["userId"]), user.versions()
            )
            known = json.loads(truth)
            if any(versions.get(kind, 0) < version for kind, version in known["versions"].items()):
                known = json.loads(await user.current())  # KV has not caught up
                settings = {**settings, **known["settings"]}
            if known["version"] >= self._version:  # a change may have come while this was on its way
                self._settings, self._version = settings, known["version"]
                self._config = assemble(settings)
            self._assembled_ms = now_ms()
        finally:
            self._assembling = None

    # -- the container

    def _sandbox(self):
        return get_sandbox(self.env.Sandbox, self._record["sandboxId"], sleep_after="10m")

    def _manager(self, waterfall, on=None):
        on = frozenset(in_order(parse(self._record.get("switches")))) if on is None else on
        return SandboxManager(self._sandbox(), waterfall, on, self._container_state)

    async def container_state(self):
        """What is known of the container, for a message that the Worker runs itself (JSON)."""
        return json.dumps(self._container_state)

    async def ran(self, text):
        """A message was run: remember when, and what is known of the container since."""
        done = json.loads(text)
        self._container_state = done["state"]
        await self.update(json.dumps({"lastActiveAt": now_ms(), "status": "active", **done["record"]}))

    async def _get_ready(self):
        """Wake the container, start the agent server, install packages: ahead of the message."""
        if self._is_ready():
            return
        if self._waking is None:
            self._waking = asyncio.ensure_future(self._wake())
        try:
            await asyncio.shield(self._waking)
        except ApiError as failure:
            print(f"the sandbox of {self._record['id']} did not get ready: {failure.message}")

    def _is_ready(self):
        """Whether a warm agent waits that knows the present configuration."""
        connected = self._link is not None and not self._link.closed
        return connected and self._fresh() and self._ready_with == self._config["hash"]

    async def _wake(self):
        try:
            config, waterfall = await self._configuration(), Waterfall("", [])
            manager = self._manager(waterfall)
            await manager.get_or_wake(self._record, now_ms())
            await manager.start_server()
            if "one_round_trip" in manager.on:
                await manager.prepare(config, self._record.get("mode"), warm="warm_agent" in manager.on)
            else:
                await manager.refresh_mcp(config)
            self._container_state = manager.state
            self._ready_with = config["hash"]
            await self.update(json.dumps({"status": "active", "lastActiveAt": now_ms()}))
            if "warm_agent" in manager.on:
                await self._open_link(manager)
        finally:
            self._waking = None

    async def _open_link(self, manager):
        """The one connection to the agent server that all warm messages share."""
        async with self._linking:
            if self._link is None or self._link.closed:
                self._link = Link(await manager.connect("/agent"), self._lost)
                # No waitUntil: it lasts as long as the object, and must not keep a new one from beginning.
                self._reading = asyncio.ensure_future(self._link.read())
            return self._link

    def _lost(self):
        self._container_state = {}  # what was known of the container may be gone with it

    async def _warm_link(self, config, run):
        """A socket of its own for a message, over the shared connection."""
        manager = run.manager
        ready = self._link is not None and not self._link.closed
        if ready and self._waking is None and self._ready_for(manager, config):
            for number, name in ((2, "wake"), (7, "agent server"), (9, "WebSocket")):
                run.waterfall.skip(number, name, "connected")
            await manager.prepare(config, self._record.get("mode"), warm=True)
            return self._link.channel(run.message_id)
        if self._waking is not None:
            with run.waterfall.step(2, "wake", "under way since the connection"):
                await self._get_ready()
            manager.state = dict(self._container_state)
        if not ready:
            await manager.get_or_wake({**self._record, "status": "sleeping"}, now_ms())
        await manager.start_server()
        await manager.prepare(config, self._record.get("mode"), warm=True)
        link = await self._open_link(manager)
        self._container_state = manager.state
        return link.channel(run.message_id)

    def _ready_for(self, manager, config):
        return bool(manager.state.get("prepared"))

    # -- messages that survive a lost connection

    async def fetch(self, request):
        """A browser connects to a message: `?messageId=`, `?switches=`, `?after=` to take it up again."""
        query = dict(parse_qsl(urlsplit(request.url).query, keep_blank_values=True))
        client, server = WebSocketPair.new().object_values()
        message_id = query["messageId"]
        self.ctx.acceptWebSocket(server, to_js([message_id]))
        server.serializeAttachment(json.dumps({"id": message_id, "switches": query.get("switches")}))
        if "after" in query:
            for text in self.buffer.after(message_id, int(query["after"])):
                server.send(text)
            if message_id not in self._runs and not self.buffer.ended(message_id):
                self.ctx.waitUntil(self._take_up(message_id))
        elif "wake_early" in parse(query.get("switches")):
            self.ctx.waitUntil(self._get_ready())
        return accepted(client)

    async def webSocketMessage(self, ws, message):
        attachment = json.loads(ws.deserializeAttachment())
        try:
            frame = json.loads(message)
            kind = frame["type"]
        except (TypeError, ValueError, KeyError):
            ws.send(json.dumps({"type": "error", "error": "that is no frame"}))
            return
        message_id = attachment["id"]
        if kind == "query":
            await self._begin(ws, message_id, frame, attachment["switches"])
        elif message_id in self._runs:
            self._runs[message_id].tell({**frame, "messageId": message_id})

    async def webSocketClose(self, ws, code, reason, wasClean):
        if wasClean:
            ws.close(1000, "Goodbye")

    async def _begin(self, ws, message_id, frame, switches):
        prompt = frame.get("prompt")
        if not isinstance(prompt, str) or not prompt.strip() or len(prompt) > PROMPT_CHARS_MAX:
            too_long = isinstance(prompt, str) and len(prompt) > PROMPT_CHARS_MAX
            text = "the prompt is too long" if too_long else "a prompt is needed"
            ws.send(json.dumps({"type": "error", "error": text}))
            return
        if not self.buffer.begin(message_id, prompt):
            return  # asked again after a lost connection: its answer is on its way already
        run = self._run_of(message_id, prompt, parse(switches))
        self._runs[message_id] = run
        self.ctx.waitUntil(self._drive(run))

    def _run_of(self, message_id, prompt, on):
        held = []

        async def hear(frame):
            held.append(frame)
            if frame["type"] == "session-init":
                return  # goes with the first token: each write keeps the object until it is durable
            texts = [self.buffer.add(message_id, one) for one in held]
            held.clear()
            for socket in self.ctx.getWebSockets(message_id):
                for text in filter(None, texts):
                    socket.send(text)

        async def store(role, text):
            await store_message(self.env, self._record["id"], message_id, role, text)

        parts = {
            "hear": hear,
            "load_config": self._configuration,
            "store": store,
            "background": self.ctx.waitUntil,
            "manager": lambda waterfall: self._manager(waterfall, on),
        }
        if "warm_agent" in on:
            parts |= {"link": self._warm_link, "relink": self._relink}
            return WarmRun(self.env, self._record, message_id, prompt, on, **parts)
        return MessageRun(self.env, self._record, message_id, prompt, on, **parts)

    async def _drive(self, run, work=None):
        try:
            await (run.run() if work is None else work)
            state = run.manager.state
        except Exception as failure:
            state = {}
            words = (
                failure.message if isinstance(failure, ApiError) else f"{type(failure).__name__}: {failure}"
            )
            if not self.buffer.ended(run.message_id):
                await run._hear(run.waterfall.frame())
                await run._hear({"type": "error", "error": words})
        finally:
            self._runs.pop(run.message_id, None)
            if self._link is not None:
                self._link.forget(run.message_id)
        if self._record is not None:
            self._container_state = state
            record = {"sdkSessionId": run.record.get("sdkSessionId")}
            await self.ran(json.dumps({"state": state, "record": record}))
            if run.text:
                await run._store("assistant", run.text)

    async def _take_up(self, message_id):
        """This object forgot a run (it was restarted): the agent server still has it."""
        run = self._run_of(message_id, "", parse("warm_agent"))
        self._runs[message_id] = run
        await self._drive(run, run.take_up())

    async def _relink(self, run):
        """Connect to the agent server again, and ask for what is missing of a run."""
        try:
            link = await asyncio.wait_for(self._open_link(run.manager), RELINK_LIMIT_S)
        except TimeoutError:
            raise ApiError(502, "the connection to the sandbox was lost") from None
        channel = link.channel(run.message_id)
        after = self.buffer.agent_seq(run.message_id)
        channel.send({"type": "attach", "messageId": run.message_id, "after": after})
        return channel
