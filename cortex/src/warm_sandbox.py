"""A session's sandbox, got ready ahead of messages, and the connection that warm messages share."""

import asyncio
import contextlib

from envelope import ApiError
from known_container import Outdated
from link import Link
from no_start import DoesNotStart
from waterfall import Waterfall, now_ms

RELINK_LIMIT_S = 5.0


class WarmSandbox:
    """`manager(waterfall)` makes a SandboxManager with the session's own switches, `used()` notes that the
    session was used."""

    def __init__(self, record, cache, manager, used):
        self._record = record
        self._cache = cache
        self._manager = manager
        self._used = used
        self._link, self._linking = None, asyncio.Lock()
        self._waking, self._ready_with = None, None
        self._is_resting = False

    @property
    def is_linked(self):
        return self._link is not None and not self._link.closed

    def forget(self, message_id):
        """A message is over."""
        if self._link is not None:
            self._link.forget(message_id)

    def drop(self):
        """Have the next message connect anew."""
        if self._link is not None:
            self._link.close()
            self._link = None

    def rest(self):
        """The sandbox is about to sleep: runs that go on end, and do not wake it."""
        self._is_resting = True
        self.drop()

    # -- ahead of messages

    async def get_ready(self):
        """Wake the container, start the agent server, install packages. Whoever comes meanwhile waits for the
        same; gives why it failed, and then a message has to see for itself."""
        if not self._record.lives or self._is_ready():
            return None
        if self._waking is None:
            self._waking = asyncio.ensure_future(self._wake())
        return await asyncio.shield(self._waking)

    async def under_way(self, run):
        """Wait for what began before a message came, and show it in the message's waterfall. Raises
        DoesNotStart."""
        if self._waking is not None:
            with run.waterfall.step(2, "wake", "under way since the connection"):
                failure = await self.get_ready()
            if isinstance(failure, DoesNotStart):
                raise DoesNotStart(failure.status, failure.message) from failure

    async def rested(self):
        """Wait until nobody is getting it ready any more."""
        if self._waking is not None:
            await asyncio.wait([self._waking])

    def _is_ready(self):
        """Whether a warm agent waits that knows the present configuration."""
        return self.is_linked and self._cache.fresh and self._ready_with == self._cache.config["hash"]

    async def _wake(self):
        manager = self._manager(Waterfall("", []))
        try:
            while True:
                with contextlib.suppress(Outdated):
                    await self._wake_by(manager)
                    return None
        except Exception as failure:  # nobody waits for this, but messages that try again
            print(f"the sandbox of {self._record.value['id']} did not get ready: {failure}")
            await manager.doubt()
            await self._record.change(status="sleeping")
            return failure
        finally:
            self._waking = None

    async def _wake_by(self, manager):
        self._is_resting = False
        config = await self._cache.get()
        record = self._record.value
        await manager.container.look()
        # A warm agent's connection that was lost may have gone with its container.
        await manager.get_or_wake(record, now_ms(), sure="warm_agent" in manager.on and not self.is_linked)
        if manager.on & {"cold_start", "warm_agent"}:
            await self._prepare(manager, config, record)
        await self._used()

    async def _prepare(self, manager, config, record):
        await manager.start_server()
        if "one_round_trip" in manager.on:
            await manager.preparation.at_once(config, record["mode"], warm="warm_agent" in manager.on)
        else:
            await manager.preparation.refresh(config)
            await manager.remember()
        await manager.container.tell()
        self._ready_with = config["hash"]
        if "warm_agent" in manager.on:
            await self._open(manager)

    # -- for messages

    async def channel(self, config, run):
        """The part of the shared connection that is a message's own. Raises ApiError."""
        manager, record = run.manager, self._record.value
        self._is_resting = False
        await self.under_way(run)
        await manager.container.look()
        if self.is_linked and manager.container.known:
            manager.trusts = True
            for number, name in ((2, "wake"), (7, "agent server"), (9, "WebSocket")):
                run.waterfall.skip(number, name, "connected")
        else:
            await manager.get_or_wake(record, now_ms(), sure=True)
            await manager.start_server()
        await manager.preparation.at_once(config, record["mode"], warm=True)
        await manager.container.tell()
        return (await self._open(manager)).channel(run.message_id)

    async def again(self, run, after):
        """Connect again, and ask for what came of a run after a number. Raises ApiError."""
        if not self._record.lives:  # a connection would start the sandbox again
            raise ApiError(404, "the session was deleted")
        if self._is_resting:
            raise ApiError(502, "the sandbox was put to sleep")
        try:
            link = await asyncio.wait_for(self._reopen(run.manager), RELINK_LIMIT_S)
        except TimeoutError:
            raise ApiError(502, "the connection to the sandbox was lost") from None
        channel = link.channel(run.message_id)
        channel.send({"type": "attach", "messageId": run.message_id, "after": after})
        return channel

    async def _reopen(self, manager):
        # Where the server is gone, a connection would start a new container and wait there for a server that
        # nobody starts; the next message would wait with it.
        if not self.is_linked and not await manager.has_server():
            raise ApiError(502, "this run was lost with its sandbox")
        return await self._open(manager)

    async def _open(self, manager):
        async with self._linking:
            if not self.is_linked:
                self._link = Link(await manager.connect("/agent"))
                # No waitUntil: it lasts as long as the object, and must not keep a new one from beginning.
                self._reading = asyncio.ensure_future(self._link.read())
            return self._link
