"""The session's Durable Object (the design's `container.ts`).

It has the record, the cache of the configuration, the warm connection and the buffer of runs.
"""

import json
from urllib.parse import parse_qsl, urlsplit

from believed import Believed
from browsers import Browsers, send
from config_cache import ConfigCache
from envelope import ApiError
from frame_socket import frame_of, told
from known_container import KnownContainer
from kv_copies import Copies, kv_writer
from message_run import MessageRun
from messages import store_message
from package_cache import PackageCache
from run_buffer import RunBuffer
from sandbox_manager import SandboxManager, sandbox_of
from session_record import SessionRecord
from switches import parse
from validation import prompt_of
from warm_run import WarmRun
from warm_sandbox import WarmSandbox
from waterfall import now_ms
from workers import DurableObject


class Session(DurableObject):
    def __init__(self, ctx, env):
        super().__init__(ctx, env)
        writers = {"SESSIONS_KV": kv_writer(env.SESSIONS_KV), "USERS": self._note_in_list}
        self._copies = Copies(ctx, writers)
        self._record = SessionRecord(ctx.storage.sql, self._copies)
        self._cache = ConfigCache(ctx.storage.sql, env.SESSIONS_KV, self._user)
        self._believed = Believed(ctx.storage.sql)
        self._warm = WarmSandbox(self._record, self._cache, self._manager, self._used)
        self._runs = {}
        self._recall = None  # what the last message found in knowledge
        self.buffer = RunBuffer(ctx.storage.sql)
        self._browsers = Browsers(ctx, self.buffer)

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
            self.ctx.waitUntil(self._warm.get_ready())

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
        await self._warm.rested()  # its next step would start the sandbox again
        await self.sleep()

    async def close_session(self):
        """End the sandbox and forget all."""
        if self._record.value is not None:
            await self._sandbox().destroy()
        self._record.value = None
        self._warm.drop()
        await self.ctx.storage.deleteAlarm()
        await self.ctx.storage.deleteAll()

    async def sleep(self):
        """Let the sandbox sleep; the next message wakes it."""
        self._warm.rest()
        await self._sandbox().stop()
        self._believed.say("doubted", {"boot": self._believed.boot})

    # -- the configuration

    async def settings_changed(self, kind, text):
        """A setting was changed and is about to be acknowledged."""
        change = json.loads(text)
        self._cache.told(kind, change["version"], change["value"])
        if self._warm.is_linked:  # an agent is kept warm: let it learn now, not with the next message
            self.ctx.waitUntil(self._warm.get_ready())

    async def config(self):
        """The SandboxConfig, never older than the last acknowledged change (JSON)."""
        return json.dumps(await self._cache.get())

    def _user(self):
        user_id = self._now["userId"]
        return user_id, self.env.USERS.getByName(user_id)

    # -- the container

    def _sandbox(self):
        return sandbox_of(self.env, self._now["sandboxId"])

    def _manager(self, waterfall, on=None):
        on = self._own_switches() if on is None else on
        known = KnownContainer(self, checks="config_cache" in on)
        cache = PackageCache(self.env.PACKAGES, self.env.BUILDERS)
        return SandboxManager(self._sandbox(), waterfall, on, known, cache, self.ctx.waitUntil)

    async def container(self, verb, text):
        """A run says something of the container (JSON); gives what is believed of it."""
        return json.dumps(self._believed.say(verb, json.loads(text)))

    async def container_writes(self, text, limit_ms, config_hash):
        """A run has something to write, and waits for its turn; gives what was believed until now, None when
        its configuration is not the present one any more (an older one could come after a newer one), and
        nothing ("") when it shall ask again."""
        if not await self._believed.turn():
            return ""
        if config_hash is not None and not self._cache.is_current(config_hash):
            return None
        said = {**json.loads(text), "until_ms": now_ms() + limit_ms}
        return json.dumps(self._believed.say("writes", said))

    async def ran(self, text):
        """A message was run: remember when, and what its record says since."""
        await self._used(**json.loads(text))

    async def _used(self, **more):
        """Somebody uses the session just now: the list shall say so."""
        if await self._record.change(lastActiveAt=now_ms(), status="active", **more):
            self._copies.soon()

    # -- messages that survive a lost connection

    async def fetch(self, request):
        """A browser connects to a message: `?messageId=`, `?switches=`, `?after=` to take it up again."""
        query = dict(parse_qsl(urlsplit(request.url).query, keep_blank_values=True))
        message_id, on = query["messageId"], parse(query.get("switches"), self._own_switches())
        answer = self._browsers.connect(message_id, on, int(query.get("after", 0)))
        if message_id not in self._runs and not self.buffer.ended(message_id):
            self.ctx.waitUntil(self._take_up(message_id))
        elif "wake_early" in on and "after" not in query:
            self.ctx.waitUntil(self._warm.get_ready())
        return answer

    async def webSocketMessage(self, ws, message):
        frame = frame_of(message)
        message_id, on = self._browsers.of(ws)
        try:
            if frame is None:
                raise ApiError(400, "that is no frame")
            if frame["type"] == "query":
                self._begin(message_id, prompt_of(frame.get("prompt")), on)
            elif message_id in self._runs:
                self._runs[message_id].tell(frame)
        except ApiError as refusal:
            send(ws, json.dumps(told(refusal)))

    async def webSocketClose(self, ws, code, reason, wasClean):
        if wasClean:
            ws.close(1000, "Goodbye")

    def _begin(self, message_id, prompt, on):
        if not self._record.lives:
            raise ApiError(404, "no such session")
        if not self.buffer.begin(message_id, prompt):
            if self.buffer.prompt(message_id) != prompt:
                raise ApiError(409, "this message id stands for another prompt already")
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
            self._browsers.tell(message_id, list(filter(None, texts)))

        session_id = self._now["id"]

        async def store(role, text, at_ms=None):
            await store_message(self.env.SESSIONS_KV, self.keep, session_id, message_id, role, text, at_ms)

        parts = {
            "hear": hear,
            "load_config": self._cache.get,
            "store": store,
            "background": self.ctx.waitUntil,
            "manager": lambda waterfall: self._manager(waterfall, on),
            "recall": self._recall,
        }
        if "warm_agent" in on:
            parts |= {"warm": self._warm, "heard": lambda: self.buffer.agent_seq(message_id)}
            return WarmRun(self.env, self._now, message_id, prompt, on, **parts)
        parts["under_way"] = self._warm.under_way
        return MessageRun(self.env, self._now, message_id, prompt, on, **parts)

    async def _drive(self, run, work=None):
        try:
            await (run.run() if work is None else work)
        except Exception as failure:
            if not self.buffer.ended(run.message_id):
                await run.fail(failure)
        finally:
            self._runs.pop(run.message_id, None)
            self._recall = run.recall
            self._warm.forget(run.message_id)
        await self._used(sdkSessionId=run.record["sdkSessionId"])
        if run.text and self._record.value is not None:
            await run.store("assistant", run.text, run.done_ms)

    async def _take_up(self, message_id):
        """This object forgot a run (it was restarted): the agent server still has it."""
        prompt = self.buffer.prompt(message_id)
        run = self._runs[message_id] = self._run_of(message_id, prompt, parse("warm_agent"))
        run.text = self.buffer.said(message_id)
        self.ctx.waitUntil(run.store("user", prompt))  # the first time may have been lost with the object
        await self._drive(run, run.take_up())
