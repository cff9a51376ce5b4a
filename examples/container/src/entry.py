"""`/<name>/…` leads to the container of that name; each has its own count."""

from urllib.parse import urlsplit

from workers import Response, WorkerEntrypoint

from sandbox import Container, get_container


class Counter(Container):
    default_port = 8080
    sleep_after = "2m"
    env_vars = {"GREETING": "hello"}

    async def on_start(self):
        await self.ctx.storage.put("starts", await self.starts() + 1)

    async def on_stop(self, params):
        await self.ctx.storage.put("last_end", f"{params.reason} {params.exit_code}")

    async def starts(self):
        return await self.ctx.storage.get("starts") or 0

    async def report(self):
        state = await self.get_state()
        return {
            "status": state.status,
            "starts": await self.starts(),
            "last_end": await self.ctx.storage.get("last_end"),
        }


class Default(WorkerEntrypoint):
    async def fetch(self, request):
        name, _, rest = urlsplit(request.url).path.lstrip("/").partition("/")
        if not name:
            return Response("GET /<name>/, /<name>/stream, /<name>/state; POST /<name>/\n")
        counter = get_container(self.env.COUNTER, name)
        if rest == "state":
            return Response.json(await counter.report())
        if rest == "stop":
            await counter.stop()
            return Response("stopping\n")
        return await counter.fetch(request)
