"""A message to an agent that is kept warm, over a connection that is kept: steps 8 to 10 are gone."""

from envelope import ApiError
from message_run import MessageRun

#: Frames after which an agent says nothing more to a query.
LAST = ("done", "error", "process-exit")


class WarmRun(MessageRun):
    """`warm` is the session's WarmSandbox, `heard()` gives the number of the agent's last frame that came."""

    def __init__(self, *args, warm, heard, **keywords):
        super().__init__(*args, **keywords)
        self._warm = warm
        self._heard = heard

    async def _attempt(self):
        if not self._warm.is_linked:  # else the query leaves before anything is found: after the first token
            self._look_back()
        try:
            is_asked = await self._ask()
        finally:
            self._store_later()  # behind the query, which it would hold up
        if is_asked and not await self._heard_out():
            await self.take_up()

    async def _ask(self):
        """Send the query; False when the run was stopped meanwhile."""
        config = await self.configuration()
        channel = await self._warm.channel(config, self)
        if self._is_over:
            return False
        self.socket = channel
        self.waterfall.skip(8, "context file", "the query goes over the connection")
        self._wait = self.waterfall.begin(11, "agent")
        self.socket.send(self.query(config))
        self._asked()
        return True

    async def _doubt(self):
        self._warm.drop()
        await super()._doubt()

    async def take_up(self):
        """Go on with a run whose connection was lost: the agent server still has it, unless its container
        went, too. Raises ApiError."""
        self.socket = await self._warm.again(self, self._heard())
        if not await self._heard_out():
            raise ApiError(502, "the connection to the sandbox was lost")

    async def _heard_out(self):
        """Hear the frames of this message; whether its last one came."""
        async for frame in self.socket:
            if frame.get("messageId") != self.message_id:
                continue
            if frame["type"] == "error" and frame.get("seq") == 0:  # the server's own word
                raise ApiError(502, "this run was lost with its sandbox")
            await self._take(frame)
            if frame["type"] in LAST:
                return True
        return False
