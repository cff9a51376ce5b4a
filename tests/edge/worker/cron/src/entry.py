"""Notes when its cron trigger rings."""

from datetime import datetime

from workers import WorkerEntrypoint


class Default(WorkerEntrypoint):
    async def scheduled(self, controller, env, ctx):
        told = datetime.fromtimestamp(controller.scheduledTime / 1000)
        assert told == datetime.now()
        await self.env.RUNS.put(f"{controller.cron} {told.isoformat()}", "")
