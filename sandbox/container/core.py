"""The parts behind a `Container`, out of the way of a subclass's own names."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sandbox.container.activity import Activity
from sandbox.container.alarm_loop import AlarmLoop
from sandbox.container.launch import Launch
from sandbox.container.outbound import Outbound
from sandbox.container.schedules import Schedules
from sandbox.container.state import ContainerState

if TYPE_CHECKING:
    from sandbox.container.container import Container


class Core:
    """What one container object consists of. `owner` has the fields and hooks, which may be the user's."""

    def __init__(self, owner: Container) -> None:
        self.owner = owner
        self.ctx = owner.ctx
        self.container = owner.ctx.container
        self.state = ContainerState(self.ctx.storage)
        self.schedules = Schedules(self.ctx.storage.sql)
        self.activity = Activity(lambda: owner.renew_activity_timeout())
        self.alarm = AlarmLoop(self)
        self.outbound = Outbound(self)
        self.launch = Launch(self)

    @property
    def running(self) -> bool:
        return bool(self.container.running)

    async def begin(self) -> None:
        """The first thing an object does in a life of its own in memory."""
        await self.alarm.set()
        # After the first wait: a subclass's constructor has set its fields by now.
        self.owner.renew_activity_timeout()
        self.outbound.restore()
        if self.running:
            await self.outbound.refresh()
