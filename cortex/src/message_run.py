"""One message from prompt to last token: the chain of the design, before and after."""

import asyncio
import contextlib

from config_assembly import agent_env, assemble, read_settings, rewritten
from envelope import ApiError
from frame_socket import FrameSocket, told
from knowledge import Knowledge
from known_container import Outdated
from no_start import start_failure
from noted import noted_in
from pyodide.ffi import JsException
from recall import Recall
from waterfall import Waterfall, now_ms

_AFTER_TOKEN = ("tool-start", "done", "error", "process-exit")
#: What a browser may say to an agent while it works, and the fields of it that are passed on.
_WORDS = {"confirm": ("approvalId", "allow"), "stop": (), "pause": (), "resume": ()}


class Left(Exception):
    """The browser went while its message was prepared; nobody is there to be told."""


class MessageRun:
    """Runs the chain and passes frames on.

    `hear(frame)` gets each frame; `load_config()` gives the configuration; `store(role, text, at_ms)` keeps
    a message; `background(coroutine)` runs what nobody waits for; `manager(waterfall)` makes the
    SandboxManager; `under_way(run)` waits for a wake that began before the message. `recall` is that of the
    message before.
    """

    def __init__(
        self, env, record, message_id, prompt, switches, *,
        hear, load_config, store, background, manager, under_way=None, recall=None,
    ):  # fmt: skip
        self.env = env
        self.record = record
        self.message_id = message_id
        self.prompt = prompt
        self.on = switches
        self.waterfall = Waterfall(message_id, sorted(switches))
        self.manager = manager(self.waterfall)
        self.socket = None
        self.text = ""
        self.done_ms = None  # when its answer was whole: before whatever is said to that
        self.store = store
        self._hear = hear
        self._load_config = load_config
        self._background = background
        self._under_way = under_way
        self._wait = None
        self._is_stored = self._is_heard = self._is_left = False
        self._is_stopped = self._is_paused = False
        self._knowledge = Knowledge(env, record["userId"]) if "knowledge" in switches else None
        if self._knowledge is not None:
            recall = Recall(self._knowledge, prompt, self.waterfall, recall)
        self.recall = recall

    async def run(self):
        """To the end. Raises ApiError for what stops it before the agent has it, Left.

        When the container is not as it was believed to be, or something on the way broke, and the agent has
        not said a word, all begins again, once: by looking.
        """
        try:
            await self._up_to_date()
        except Exception as failure:
            if isinstance(failure, Left) or is_callers(failure):
                raise
            passing = self.manager.trusts or isinstance(failure, JsException)
            stuck = start_failure(failure)
            again = passing and stuck is None and not self._is_heard
            await self._doubt()
            if not again:
                raise stuck or failure from None
            self.socket = None
            await self._up_to_date()

    async def _up_to_date(self):
        """Try until the configuration did not change meanwhile."""
        while True:
            with contextlib.suppress(Outdated):
                return await self._attempt()

    async def _doubt(self):
        await self.manager.doubt()

    def _look_back(self):
        if self._knowledge is not None:
            self.recall.begin()

    async def _attempt(self):
        self._look_back()
        socket = FrameSocket(await self._prepared())
        self._background(self._remember())
        if self._is_left or self._is_over:
            socket.close()  # only now: who connected takes its context, which holds secrets, away with it
            if self._is_left:
                raise Left
            return
        self.socket = socket
        self._asked()
        self._wait = self.waterfall.begin(10, "context read")
        last = None
        async for frame in self.socket:
            last = frame["type"]
            await self._take(frame)
            if last == "process-exit":
                break
        self.socket.close()
        if last not in ("done", "error", "process-exit") and not self._is_left:
            raise ApiError(502, "the connection to the sandbox was lost")

    async def _remember(self):
        container = self.manager.container
        if container.is_changed:
            await container.tell()
            # Prepared in one request, it remembers by itself.
            if "skip_redundant" in self.on and not {"parallel", "one_round_trip"} <= self.on:
                await self.manager.remember()

    # -- steps 1 to 9

    async def _prepared(self):
        if self._under_way is not None:
            await self._under_way(self)
        await self.manager.container.look()
        if "parallel" in self.on:
            return await self._side_by_side()
        config = await self.configuration()
        await self.manager.get_or_wake(self.record, now_ms())
        if not self._is_stored:
            with self.waterfall.step(3, "store the message"):
                await self.store("user", self.prompt, self.waterfall.started_ms)
            self._is_stored = True
        await self.manager.preparation.refresh(config)
        await self.manager.start_server()
        await self.manager.write_context(self.query(config), self.message_id)
        return await self.manager.connect(self._path())

    def _store_later(self):
        if not self._is_stored:
            self._is_stored = True
            self.waterfall.skip(3, "store the message", "in the background")
            self._background(self.store("user", self.prompt, self.waterfall.started_ms))

    async def _side_by_side(self):
        """Group B, then group A; what the browser need not wait for goes to the background."""
        self._store_later()
        config, _ = await asyncio.gather(
            self.configuration(), self.manager.get_or_wake(self.record, now_ms())
        )
        preparing = []
        if "one_round_trip" in self.on:
            await self.manager.start_server()
            await self.manager.preparation.at_once(config, self.record["mode"], warm=False)
        else:
            preparing = [self.manager.preparation.refresh(config)]
        context = self.manager.write_context(self.query(config), self.message_id)
        if "no_delays" in self.on:
            # The server looks for the context until it is there, so the connection need not wait for it.
            ready = asyncio.gather(*preparing, self.manager.start_server())
            _, _, socket = await asyncio.gather(ready, context, self._connect_after(ready))
            return socket
        await asyncio.gather(*preparing, self.manager.start_server(), context)
        return await self.manager.connect(self._path())

    async def _connect_after(self, ready):
        await asyncio.shield(ready)
        return await self.manager.connect(self._path())

    async def configuration(self):
        """Step 1: from the cache of the session's object, or from KV."""
        cached = "config_cache" in self.on
        with self.waterfall.step(1, "configuration", "cached" if cached else "from KV"):
            if cached:
                return await self._load_config()
            settings, _ = await read_settings(self.env.SESSIONS_KV, self.record["userId"])
            return assemble(settings)

    def query(self, config):
        """What the agent is asked, as the context file holds it."""
        return {
            "type": "query",
            "messageId": self.message_id,
            "sessionId": self.record["id"],
            "sdkSessionId": self.record["sdkSessionId"],
            "prompt": rewritten(self.prompt, config),
            "cwd": self.record["projectPath"],
            "configHash": config["hash"],
            "env": agent_env(config, self.record["mode"]),
            "knowledge": [] if self._knowledge is None else self.recall.taken(),
        }

    def _path(self):
        return f"/?message={self.message_id}&wait=poll" if "no_delays" in self.on else "/"

    # -- steps 10 and 11

    async def _take(self, frame):
        kind = frame["type"]
        self._is_heard = True
        if kind == "context-read":
            self._next(11, "spawn the agent")
            return
        if kind == "session-init":
            self.record["sdkSessionId"] = frame.get("sessionId")
            self._next(11, "first token", model=True)
        elif kind == "text-delta":
            self.text += frame["text"]
        if kind == "text-delta" or kind in _AFTER_TOKEN:
            if self._wait is not None:
                self.waterfall.end(self._wait)
                self._wait = None
            if kind == "text-delta" and self.waterfall.first_token():
                await self._hear(frame)
                await self._hear(self.waterfall.frame())
                self._look_back()
                return
        if kind == "done" and self._knowledge is not None:
            self._background(self._learn())
        if kind == "done":
            self._look_back()
            self.done_ms = now_ms()
            await self._hear(self.waterfall.frame())
        await self._hear(frame)

    async def _learn(self):
        """Keep what the prompt and the answer say is worth it."""
        noted = noted_in(f"{self.prompt}\n{self.text}")
        try:
            await self._knowledge.remember(self.record["id"], noted)
        except Exception as failure:  # nobody waits for it who could be told
            print(f"knowledge of {self.record['id']} was not kept: {failure}")

    def _next(self, number, name, *, model=False):
        if self._wait is not None:
            self.waterfall.end(self._wait)
        self._wait = self.waterfall.begin(number, name, model=model)

    async def fail(self, failure):
        """Tell the browser that its message failed, and how far it came."""
        if self._is_over:
            return
        await self._hear(self.waterfall.frame())
        await self._hear(told(failure))

    # -- the browser's side

    def tell(self, frame):
        """A word from the browser to the agent; what is none is left out. While nobody is there yet who could
        hear it, a stop ends the run, and a pause waits for the agent."""
        kind = frame["type"]
        if kind not in _WORDS:
            return
        if self.socket is not None:
            fields = ("type", *_WORDS[kind])
            word = {name: frame[name] for name in fields if isinstance(frame.get(name), (str, bool))}
            self.socket.send({**word, "messageId": self.message_id})
        elif kind == "stop" and not self._is_stopped:
            self._is_stopped = True
            if self._is_over:
                self._background(self._say_stopped())
        elif kind in ("pause", "resume"):
            self._is_paused = kind == "pause"

    @property
    def _is_over(self):
        """Whether it was stopped before the agent had it, and the next message may come. Where both have one
        path for their context, it may not: then the agent is asked, and stopped."""
        return self._is_stopped and ("no_delays" in self.on or "warm_agent" in self.on)

    async def _say_stopped(self):
        await self._hear(self.waterfall.frame())
        end = {"type": "done", "sessionId": self.record["sdkSessionId"], "stopped": True}
        await self._hear({**end, "fullText": "", "usage": {}, "costUsd": 0})

    def _asked(self):
        """The query is with the agent: it may hear what was said before."""
        if self._is_stopped:
            self.socket.send({"type": "stop", "messageId": self.message_id})
        elif self._is_paused:
            self.socket.send({"type": "pause", "messageId": self.message_id})

    def leave(self):
        """The browser went: so does its agent, or it never begins."""
        self._is_left = True
        if self.socket is not None:
            self.socket.close()


def is_callers(failure):
    """Whether who asked is at fault, so that asking again would not help."""
    return isinstance(failure, ApiError) and failure.status < 500
