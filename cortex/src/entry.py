"""Cortex: a browser's message reaches an agent in a container, and the first token comes back soon.

This file is the router. The design it follows, and which of its files became which: docs/cortex.md.
"""

import traceback
from urllib.parse import parse_qsl, urlsplit

from api import ai_providers, auth, knowledge, mcp, plugins, sdk, secrets, sessions, user
from container import Session
from envelope import ApiError, failed
from package_builder import PackageBuilder
from pyodide.ffi import JsException
from tokens import caller
from user_settings import UserSettings
from workers import WorkerEntrypoint

from sandbox import Sandbox

__all__ = ["Default", "PackageBuilder", "Sandbox", "Session", "UserSettings"]

ROUTES = {
    "auth": auth,
    "sessions": sessions,
    "sdk": sdk,
    "mcp": mcp,
    "secrets": secrets,
    "user": user,
    "knowledge": knowledge,
    "plugins": plugins,
    "ai-providers": ai_providers,
}


class Default(WorkerEntrypoint):
    async def fetch(self, request):
        url = urlsplit(request.url)
        try:
            query = dict(parse_qsl(url.query, keep_blank_values=True))
            return await self._route(request, url.path.strip("/").split("/"), query)
        except ApiError as error:
            return failed(error)
        except (
            JsException,
            OSError,
        ) as failure:  # KV is out, or an object was reset
            print(f"{request.method} {url.path}: {failure}")
            return failed(ApiError(503, "a part of the service did not answer; try again"))
        except Exception:
            traceback.print_exc()
            return failed(ApiError(500, "this went wrong here; it is not your fault"))

    async def _route(self, request, path, query):
        if len(path) < 2 or path[0] != "api" or path[1] not in ROUTES:
            raise ApiError(404, "no such route")
        module = ROUTES[path[1]]
        user_id = None if module is auth else caller(request, self.env)
        return await module.handle(request, self.env, self.ctx, user_id, path[2:], query)

    async def scheduled(self, controller, env, ctx):
        await sessions.purge(self.env)
