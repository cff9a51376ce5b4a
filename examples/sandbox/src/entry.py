"""A workbench in the browser: a terminal, files with an editor, and a web server with its own address."""

import json
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

from workers import Response, WorkerEntrypoint

from sandbox import Sandbox, SandboxError, get_sandbox, proxy_to_sandbox

__all__ = ["Default", "Sandbox"]  # the classes that the runtime looks for

PAGE = Path(__file__).with_name("page.html").read_text(encoding="utf-8")
SITE_PORT = 8080
SERVE = f"exec python3 -m http.server {SITE_PORT} --directory /workspace/site"


class Default(WorkerEntrypoint):
    async def fetch(self, request):
        # A preview has a host name of its own, so it is looked for before any path.
        preview = await proxy_to_sandbox(request, self.env)
        if preview is not None:
            return preview
        box = get_sandbox(self.env.Sandbox, "workbench", sleep_after="5m")
        try:
            return await self.answer(request, box)
        except SandboxError as error:
            return Response.json(error.to_json(), status=error.http_status)

    async def answer(self, request, box):
        address = urlsplit(request.url)
        query = {name: values[0] for name, values in parse_qs(address.query).items()}
        match str(request.method), address.path:
            case "GET", "/":
                return Response(PAGE, headers={"content-type": "text/html; charset=utf-8"})
            case "GET", "/terminal":
                return await box.terminal(request, cols=int(query["cols"]), rows=int(query["rows"]))
            case "GET", "/files":
                listed = await box.list_files(query.get("path", "/workspace"))
                return Response.json({"files": listed.files})
            case "GET", "/file":
                file = await box.read_file(query["path"], encoding="utf-8")
                return Response(file.content, headers={"content-type": "text/plain; charset=utf-8"})
            case "PUT", "/file":
                return Response.json(await box.write_file(query["path"], await request.text()))
            case "POST", "/preview":
                return Response.json({"url": await self.preview(box, address.netloc)})
            case _:
                return Response(json.dumps({"error": "There is no such page."}), status=404)

    async def preview(self, box, hostname):
        """The address of the site in /workspace/site, whose server is started if it does not run."""
        server = await box.get_process("site")
        if server is None or server.status != "running":
            server = await box.start_process(SERVE, process_id="site")
            await server.wait_for_port(SITE_PORT, timeout=30_000)
        exposed = await box.expose_port(SITE_PORT, hostname=hostname)
        return exposed.url
