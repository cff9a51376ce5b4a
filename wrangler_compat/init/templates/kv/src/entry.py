"""Notes in KV: PUT /name keeps a text (?ttl=60: for so many seconds), GET /name gives it, DELETE drops it."""

from urllib.parse import parse_qs, unquote, urlsplit

from workers import Response, WorkerEntrypoint


class Default(WorkerEntrypoint):
    async def fetch(self, request):
        address = urlsplit(request.url)
        name = unquote(address.path.removeprefix("/"))
        if not name:
            listing = await self.env.NOTES.list()
            return Response.json([key["name"] for key in listing["keys"]])
        match str(request.method):
            case "GET":
                text = await self.env.NOTES.get(name)
                return Response("There is no such note.\n", status=404) if text is None else Response(text)
            case "PUT":
                ttl = parse_qs(address.query).get("ttl")
                options = {} if ttl is None else {"expirationTtl": int(ttl[0])}  # at least 60 seconds
                await self.env.NOTES.put(name, await request.text(), **options)
                return Response(None, status=204)
            case "DELETE":
                await self.env.NOTES.delete(name)
                return Response(None, status=204)
            case _:
                return Response("GET, PUT or DELETE.\n", status=405)
