"""Runs Python programs: POST one to /NAME, and it runs in the sandbox of that name."""

from urllib.parse import urlsplit

from sandbox import Sandbox, SandboxError, get_sandbox
from workers import Response, WorkerEntrypoint

__all__ = ["Default", "Sandbox"]  # the classes that the runtime looks for

LIMIT_MS = 10_000


class Default(WorkerEntrypoint):
    async def fetch(self, request):
        name = urlsplit(request.url).path.strip("/")
        if request.method != "POST" or not name:
            return Response("POST a program to /NAME.\n", status=405)
        try:
            box = get_sandbox(self.env.Sandbox, name, sleep_after="5m")
            await box.write_file("/workspace/main.py", await request.text())
            ran = await box.exec("python3 /workspace/main.py", timeout=LIMIT_MS)
        except SandboxError as error:
            return Response.json(error.to_json(), status=error.http_status)
        return Response.json({"code": ran.exit_code, "stdout": ran.stdout, "stderr": ran.stderr})
