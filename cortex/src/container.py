"""The session's Durable Object (the design's `container.ts`).

It has the record, the cache of the configuration, the warm connection and the buffer of runs.
"""

import asyncio
import json
from urllib.parse import parse_qsl, urlsplit

from config_cache import ConfigCache
from envelope import ApiError
from frame_socket import accepted, frame_of
from js import WebSocketPair
from kv_copies import Copies, kv_writer
from link import Link
from message_run import MessageRun, WarmRun, told
from messages import store_message
from pyodide.ffi import to_js
from run_buffer import RunBuffer
from sandbox_manager import SandboxManager
from session_record import SessionRecord
from switches import in_order, parse
from validation import prompt_of
from waterfall import Waterfall, now_ms
from workers import DurableObject

from sandbox import get_sandbox

RELINK_LIMIT_S = 5.0


class Session(DurableObject):
    def __init__(self, ctx, env):
        super().__init__(ctx, env)
        writers = {"SESSIONS_KV": kv_writer(env.SESSIONS_KV), "USERS": self._note_in_list}
        self._copies = Copies(ctx, writers)
        self._record = SessionRecord(ctx.storage.sql, self._copies)
        self._cache = ConfigCache(env.SESSIONS_KV, self._user)
        self._container_state = {}
        self._link, self._linking = None, asyncio.Lock()
        self._recall = None  # what the last message found in knowledge
        self._runs, self._waking, self._ready_with = {}, None, None
        self.buffer = RunBuffer(ctx.storage.sql)

    # -- the record

    @property
    def _now(self):
        """The record as it is now; whoever runs a message may change his."""
        return dict(self._record.value)

    async def open(self, text):
        """A new session. Its sandbox starts getting ready at once (optimisation 5)."""
        await self._record.open(json.loads(text))
        self._copies.soon()
        if "cold_start" in self._own_switches():
            self.ctx.waitUntil(self._get_ready())

    def _own_switches(self):
        return parse(self._record.value["switches"])

    async def record(self, user_id):
        """The record (JSON); None when there is no such session, or it is another user's."""
        record = self._record.value
        return None if record is None or record["userId"] != user_id else json.dumps(record)

    async def update(self, text):
        """Change fields of the record; gives the new one, None when the session has ended."""
        if not await self._record.change(**json.loads(text)):
            return None
        await self._copies.make()  # whoever asked for it sees it in the list
        return json.dumps(self._record.value)

    async def keep(self, key, text, ttl_s):
        """See to it that KV gets a value that it did not take."""
        await self._copies.due(("SESSIONS_KV", key, text, ttl_s))

    async def _note_in_list(self, session_id, text, ttl_s):
        _, user = self._user()
        await (user.remove_session(session_id) if text is None else user.note_session(text))

    async def alarm(self, info=None):
        await self._copies.ring()

    async def end(self):
        """The user deleted the session: its sandbox stops, and what still runs changes nothing any more."""
        await self._record.end()
        await self._copies.make()
        self.ctx.waitUntil(self._stop_for_good())

    async def _stop_for_good(self):
        if self._waking is not None:  # its next step would start the sandbox again
            await asyncio.wait([self._waking])
        await self.sleep()

    async def close_session(self):
        """End the sandbox and forget all."""
        if self._record.value is not None:
            await self._sandbox().destroy()
        self._record.value = self._link = None
        await self.ctx.storage.deleteAlarm()
        await self.ctx.storage.deleteAll()

    async def sleep(self):
        """Let the sandbox sleep; the next message wakes it."""
        await self._sandbox().stop()
        self._container_state, self._link = {}, None

    # -- the configuration

    async def settings_changed(self, kind, text):
        """A setting was changed and is about to be acknowledged."""
        change = json.loads(text)
        self._cache.told(kind, change["version"], change["value"])
        if self._link is not None:  # an agent is kept warm: let it learn now, not with the next message
            self.ctx.waitUntil(self._get_ready())

    async def config(self):
        """The SandboxConfig, never older than the last acknowledged change (JSON)."""
        return json.dumps(await self._cache.get())

    def _user(self):
        user_id = self._now["userId"]
        return user_id, self.env.USERS.getByName(user_id)

    # -- the container

    def _sandbox(self):
        return get_sandbox(self.env.Sandbox, self._now["sandboxId"], sleep_after="10m")

    def _manager(self, waterfall, on=None):
        on = self._own_switches() if on is None else on
        return SandboxManager(self._sandbox(), waterfall, on, self._container_state)

    async def container_state(self):
        """What is known of the container, for a message that the Worker runs itself (JSON)."""
        return json.dumps(self._container_state)

    async def ran(self, text):
        """A message was run: remember when, and what is known of the container since."""
        done = json.loads(text)
        self._container_state = done["state"]
        await self._used(**done["record"])

    async def _used(self, **more):
        """Somebody uses the session just now: the list shall say so."""
        if await self._record.change(lastActiveAt=now_ms(), status="active", **more):
            self._copies.soon()

    async def _get_ready(self):
        """Wake the container, start the agent server, install packages: ahead of the message."""
        if not self._record.lives or self._is_ready():
            return
        if self._waking is None:
            self._waking = asyncio.ensure_future(self._wake())
        try:
            await asyncio.shield(self._waking)
        except ApiError as failure:
            print(f"the sandbox of {self._now['id']} did not get ready: {failure.message}")
            if await self._record.change(status="sleeping"):
                self._copies.soon()

    def _is_ready(self):
        """Whether a warm agent waits that knows the present configuration."""
        connected = self._link is not None and not self._link.closed
        return connected and self._cache.fresh and self._ready_with == self._cache.config["hash"]

    async def _wake(self):
        try:
            config, waterfall = await self._cache.get(), Waterfall("", [])
            manager = self._manager(waterfall)
            await manager.get_or_wake(self._now, now_ms())
            await manager.start_server()
            if "one_round_trip" in manager.on:
                await manager.prepare(config, self._now["mode"], warm="warm_agent" in manager.on)
            else:
                await manager.refresh_mcp(config)
            self._container_state = manager.state
            self._ready_with = config["hash"]
            await self._used()
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
            await manager.prepare(config, self._now["mode"], warm=True)
            return self._link.channel(run.message_id)
        if self._waking is not None:
            with run.waterfall.step(2, "wake", "under way since the connection"):
                await self._get_ready()
            manager.state = dict(self._container_state)
        if not ready:
            await manager.get_or_wake({**self._now, "status": "sleeping"}, now_ms())
        await manager.start_server()
        await manager.prepare(config, self._now["mode"], warm=True)
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
        message_id, on = query["messageId"], parse(query.get("switches"), self._own_switches())
        self.ctx.acceptWebSocket(server, to_js([message_id]))
        server.serializeAttachment(json.dumps({"id": message_id, "switches": ",".join(in_order(on))}))
        if "after" in query:
            for text in self.buffer.after(message_id, int(query["after"])):
                server.send(text)
            if message_id not in self._runs and not self.buffer.ended(message_id):
                self.ctx.waitUntil(self._take_up(message_id))
        elif "wake_early" in on:
            self.ctx.waitUntil(self._get_ready())
        return accepted(client)

    async def webSocketMessage(self, ws, message):
        attachment = json.loads(ws.deserializeAttachment())
        frame, message_id = frame_of(message), attachment["id"]
        try:
            if frame is None:
                raise ApiError(400, "that is no frame")
            if frame["type"] == "query":
                self._begin(message_id, prompt_of(frame.get("prompt")), parse(attachment["switches"]))
            elif message_id in self._runs:
                self._runs[message_id].tell(frame)
        except ApiError as refusal:
            ws.send(json.dumps(told(refusal)))

    async def webSocketClose(self, ws, code, reason, wasClean):
        if wasClean:
            ws.close(1000, "Goodbye")

    def _begin(self, message_id, prompt, on):
        if not self._record.lives:
            raise ApiError(404, "no such session")
        if not self.buffer.begin(message_id, prompt):
            return  # asked again after a lost connection: its answer is on its way already
        run = self._runs[message_id] = self._run_of(message_id, prompt, on)
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

        session_id = self._now["id"]

        async def store(role, text):
            await store_message(self.env.SESSIONS_KV, self.keep, session_id, message_id, role, text)

        parts = {
            "hear": hear,
            "load_config": self._cache.get,
            "store": store,
            "background": self.ctx.waitUntil,
            "manager": lambda waterfall: self._manager(waterfall, on),
            "recall": self._recall,
        }
        if "warm_agent" in on:
            parts |= {"link": self._warm_link, "relink": self._relink}
            return WarmRun(self.env, self._now, message_id, prompt, on, **parts)
        return MessageRun(self.env, self._now, message_id, prompt, on, **parts)

    async def _drive(self, run, work=None):
        try:
            await (run.run() if work is None else work)
            state = run.manager.state
        except Exception as failure:
            state = {}
            if not self.buffer.ended(run.message_id):
                await run._hear(run.waterfall.frame())
                await run._hear(told(failure))
        finally:
            self._runs.pop(run.message_id, None)
            self._recall = run.recall
            if self._link is not None:
                self._link.forget(run.message_id)
        record = {"sdkSessionId": run.record.get("sdkSessionId")}
        await self.ran(json.dumps({"state": state, "record": record}))
        if run.text and self._record.value is not None:
            await run._store("assistant", run.text)

    async def _take_up(self, message_id):
        """This object forgot a run (it was restarted): the agent server still has it."""
        run = self._run_of(message_id, "", parse("warm_agent"))
        self._runs[message_id] = run
        await self._drive(run, run.take_up())

    async def _relink(self, run):
        """Connect to the agent server again, and ask for what is missing of a run."""
        if not self._record.lives:  # a connection would start the sandbox again
            raise ApiError(404, "the session was deleted")
        try:
            link = await asyncio.wait_for(self._open_link(run.manager), RELINK_LIMIT_S)
        except TimeoutError:
            raise ApiError(502, "the connection to the sandbox was lost") from None
        channel = link.channel(run.message_id)
        after = self.buffer.agent_seq(run.message_id)
        channel.send({"type": "attach", "messageId": run.message_id, "after": after})
        return channel
