"""A session's sandbox: waking it, its agent server, and the way to it (the design's `sandbox.ts`).

Steps 2 and 7 to 9 of the chain; 4 to 6 are in `preparation.py`.
"""

import asyncio
import json

from container_state import SERVER
from envelope import ApiError
from no_start import start_failure
from package_delivery import PackageDelivery
from preparation import Preparation, beside_default
from server_client import AGENT_PORT, PORT_LIMIT_MS, PORT_POLL_MS
from workers import Request

from sandbox import get_sandbox

STATE = "/tmp/vf-state.json"
COMMAND = "python3 -I -S /opt/claude-agent/ws_agent_server.py"
#: Idle for so long, a container may have gone to sleep.
UNCERTAIN_AFTER_MS = 120_000
_HEALTH_LIMIT_MS = 5000
_WAKE_POLLS, _WAKE_POLL_S = 5, 2.0
_SERVER_DELAY_S = 0.5
#: A server that answered a moment ago, and does not any more, went with its container: a connection to it
#: starts a new one, where nobody will ever start to listen, and all else waits with it.
_PORT_LIMIT_MS = 15_000


def sandbox_of(env, sandbox_id):
    """The sandbox of a session."""
    timeouts = {"port_ready_timeout_ms": _PORT_LIMIT_MS}
    return get_sandbox(env.Sandbox, sandbox_id, sleep_after="10m", container_timeouts=timeouts)


class SandboxManager:
    """Prepares one sandbox for one message; `container` is what the message knows of it, `cache` the shared
    PackageCache, `background(coroutine)` runs what nobody waits for."""

    def __init__(self, sandbox, waterfall, switches, container, cache, background):
        self.sandbox = sandbox
        self.waterfall = waterfall
        self.on = switches
        self.container = container
        delivery = PackageDelivery(sandbox, cache, container, self.start_server, background)
        self.preparation = Preparation(sandbox, waterfall, switches, container, delivery, background)
        self._starting = None
        #: Whether something was skipped because of what is believed: then it may be worth a second look.
        self.trusts = False

    # -- step 2

    async def get_or_wake(self, record, now_ms, *, sure=False):
        """Make sure that the container runs; `sure`: look, whatever is believed. Raises ApiError 503."""
        idle_ms = now_ms - record["lastActiveAt"]
        used = record["status"] == "active" and idle_ms <= UNCERTAIN_AFTER_MS
        if used and not sure and ("skip_redundant" not in self.on or self.container.known):
            self.trusts = True
            self.waterfall.skip(2, "wake", "used a moment ago")
            return
        with self.waterfall.step(2, "wake"):
            await self._health_check()
            if await self._boot() != self.container.boot:
                await self.container.woke()

    async def _health_check(self):
        for _ in range(_WAKE_POLLS):
            try:
                if (await self.sandbox.exec("echo ok", timeout=_HEALTH_LIMIT_MS)).success:
                    return
                last = "its shell does not answer"
            except Exception as failure:
                if (stuck := start_failure(failure)) is not None:
                    raise stuck from failure
                last = failure
            await asyncio.sleep(_WAKE_POLL_S)
        raise ApiError(503, f"the sandbox does not wake: {last}")

    async def _boot(self):
        """What this container is called; None for one that nobody gave a name yet: it is new."""
        if not (await self.sandbox.exists(STATE)).exists:
            return None
        try:
            state = json.loads((await self.sandbox.read_file(STATE)).content)
        except ValueError:
            return None
        return state.get("boot") if isinstance(state, dict) else None

    async def remember(self):
        """Write down in the container what is known of it; not worth a message's time."""
        state = {"boot": self.container.boot, **self.container.known}
        await self.sandbox.write_file(STATE, json.dumps(state))

    async def doubt(self):
        """What was believed led astray: believe no longer that the server runs."""
        self.trusts = False
        self._starting = None
        await self.container.doubted()

    # -- step 7

    async def start_server(self):
        """Have the agent server listen. Whoever comes meanwhile, or later, shares it. Raises ApiError 503."""
        if self._starting is None:
            self._starting = asyncio.ensure_future(self._start_server())
        await asyncio.shield(self._starting)

    async def _start_server(self):
        if "skip_redundant" in self.on and (pid := self.container.known.get(SERVER)):
            self.trusts = self.container.trusts_server = True
            self.waterfall.skip(7, "agent server", f"runs as {pid}")
            return
        with self.waterfall.step(7, "agent server") as step:
            beside = await beside_default(self.sandbox, self.on, "server")
            if await self._running(beside):
                step["detail"] = "ran already"
            elif "no_delays" in self.on:
                await self._start_and_poll(step, beside)
            else:
                await self._start_and_sleep(beside)

    async def has_server(self):
        """Whether the agent server runs."""
        return await self._running(self.sandbox)

    async def _running(self, session):
        found = await session.exec("pgrep -f ws_agent_server.py")
        if found.success:
            self.container.saw(**{SERVER: int(found.stdout.split()[0])})
        return found.success

    async def _start_and_sleep(self, session):
        await session.exec(f"nohup {COMMAND} > /tmp/ws-agent-server.log 2>&1 &")
        await asyncio.sleep(_SERVER_DELAY_S)
        if not await self._running(session):
            raise ApiError(503, "the agent server did not start")

    async def _start_and_poll(self, step, beside):
        # One call that polls inside the container: sixty calls from here would overwhelm it.
        process = await self.sandbox.start_process(COMMAND)
        try:
            await process.wait_for_port(
                AGENT_PORT, path="/health", interval=PORT_POLL_MS, timeout=PORT_LIMIT_MS * 3
            )
        except Exception as failure:
            if await self._running(beside):  # another message started one at the same moment: it has the port
                return
            raise ApiError(503, f"the agent server did not start: {failure}") from failure
        self.container.saw(**{SERVER: process.pid})
        step["detail"] = f"started as {process.pid}"

    # -- step 8

    async def write_context(self, query, message_id):
        """Give the query to the agent server by file: one path for all, or one for each message."""
        own = "no_delays" in self.on
        path = f"/tmp/vf-query-{message_id}.json" if own else "/tmp/vf-pending-query.json"
        with self.waterfall.step(8, "context file", path):
            # Who polls takes it only when it is whole: half of an object is no JSON.
            await self.sandbox.write_file(path, json.dumps(query))

    # -- step 9

    async def connect(self, path):
        """A WebSocket to the agent server. Raises ApiError 502."""
        with self.waterfall.step(9, "WebSocket") as step:
            for tries in range(PORT_LIMIT_MS // PORT_POLL_MS):
                headers = {"Upgrade": "websocket"}
                response = await self.sandbox.ws_connect(
                    Request(f"http://container{path}", headers=headers), AGENT_PORT
                )
                if response.status == 101:
                    step["detail"] = f"after {tries} refusals" if tries else ""
                    return response.js_object.webSocket
                if self.container.trusts_server:
                    break  # it was said to run: rather look again than wait
                # `pgrep` finds a server that was started a moment ago, but it may not listen yet.
                await asyncio.sleep(PORT_POLL_MS / 1000)
            raise ApiError(502, f"the agent server refused the connection: {response.status}")
