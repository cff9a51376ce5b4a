"""The entrypoint that gets what a container sends to the outside. A Worker with outbound rules exports it."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlsplit

from workers import Response, WorkerEntrypoint, fetch

from sandbox.container.routing import CLASSES, route
from sandbox.container.values import Record, call_back


class ContainerProxy(WorkerEntrypoint):
    """Answers by the rules of the container's object, which are its props."""

    async def fetch(self, request: Any) -> Any:
        rules = self.ctx.props.to_py()
        chosen = route(urlsplit(request.url).hostname or "", rules, CLASSES.get(rules["className"]))
        if chosen.handler is not None:
            about = Record(containerId=rules["containerId"], className=rules["className"])
            if chosen.params is not None:
                about["params"] = chosen.params
            return await call_back(chosen.handler, request, self.env, about)
        if chosen.internet:
            return await fetch(request)
        return Response("Origin is disallowed", status=520)
