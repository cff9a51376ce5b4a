"""What is going on in a world, on pages for a person: `/cdn-cgi/edge` of `edge dev`.

Workers with their bindings, the keys of KV, the Durable Objects with what keeps them in memory, and the
last requests, each with its waterfall. Pages are whole when they arrive: no scripts, nothing from elsewhere.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime
from html import escape
from urllib.parse import quote

from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse, Response
from starlette.routing import Route

from edge.durable.host import DurableHost
from edge.kv.errors import KvStorageError
from edge.kv.logic.listing import ListedKey
from edge.kv.logic.refusal import KeyNameRejected, KvRefused
from edge.server.app import INSPECTOR_PATH as PATH
from edge.server.bindings import BindingRow, binding_rows
from edge.trace.html import card, legend, page
from edge.trace.recorder import Recorder, Trace
from edge.trace.tree import trees
from edge.world import World

_OBJECTS_ON_OVERVIEW = 10
_OBJECTS_MAX = 500
_SPANS_INLINE_MAX = 100


class Inspector:
    """The pages over one world and what was recorded of it."""

    def __init__(self, world: World, recorder: Recorder) -> None:
        self._world = world
        self._recorder = recorder

    def routes(self) -> list[Route]:
        """All pages; each answers GET only."""
        return [
            Route(PATH, self._overview),
            Route(f"{PATH}/requests", self._requests),
            Route(f"{PATH}/trace/{{number:int}}", self._trace),
            Route(f"{PATH}/spans.json", self._spans),
            Route(f"{PATH}/kv/{{namespace:path}}", self._keys),
            Route(f"{PATH}/objects/{{worker}}/{{class_name}}", self._objects),
        ]

    async def _overview(self, _request: Request) -> Response:
        parts = [_workers(self._world), self._durable_parts(), self._request_part(10)]
        return _html("Inspector", "".join(parts))

    async def _requests(self, _request: Request) -> Response:
        return _html("Requests", self._request_part(100))

    async def _trace(self, request: Request) -> Response:
        trace = self._recorder.trace(request.path_params["number"])
        if trace is None or trace.root is None:
            return _html("Not recorded", "<p>This request is not (or no longer) among the last 100.</p>", 404)
        roots = trees(trace.spans)
        cut = f'<p class="soft">{trace.dropped:,} spans were left out.</p>' if trace.dropped else ""
        return _html(
            "Request", legend(trace.spans) + "".join(card(root, is_open=True) for root in roots) + cut
        )

    async def _spans(self, request: Request) -> Response:
        """What was recorded between two moments (`from_ms`, `to_ms`, since the epoch), for pages that tell
        modelled from measured time."""
        bounds = request.query_params
        try:
            from_s, to_s = float(bounds["from_ms"]) / 1000, float(bounds["to_ms"]) / 1000
        except (KeyError, ValueError):
            return JSONResponse({"error": "from_ms and to_ms must be milliseconds since the epoch"}, 400)
        found = [span for span in self._recorder.spans() if span.start_s < to_s and span.end_s > from_s]
        return JSONResponse(
            [
                {
                    "name": span.name,
                    "startMs": round(span.start_s * 1000, 3),
                    "endMs": round(span.end_s * 1000, 3),
                    "modelled": span.modelled,
                }
                for span in sorted(found, key=lambda span: (span.start_s, span.id))
            ]
        )

    async def _keys(self, request: Request) -> Response:
        name = request.path_params["namespace"]
        binding = self._world.kv_namespaces.get(name)
        if binding is None:
            return _html("No such namespace", f"<p>There is no KV namespace {escape(name)} here.</p>", 404)
        prefix, cursor = request.query_params.get("prefix", ""), request.query_params.get("cursor")
        try:
            found = await binding._namespace.list(prefix, 0, cursor)
        except (KvRefused, KeyNameRejected, KvStorageError) as problem:
            return _html("KV", f'<p class="bad">{escape(str(problem))}</p>', 400)
        following = ""
        if found.cursor is not None:
            link = f"{PATH}/kv/{_quoted(name)}?prefix={_quoted(prefix)}&cursor={_quoted(found.cursor)}"
            following = f'<p><a href="{escape(link)}">next page</a></p>'
        return _html(f"KV {name}", _key_table(found.keys) + following)

    async def _objects(self, request: Request) -> Response:
        worker, class_name = request.path_params["worker"], request.path_params["class_name"]
        host = self._world.durable_hosts.get((worker, class_name))
        if host is None:
            text = f"<p>There is no Durable Object class {escape(class_name)} of {escape(worker)} here.</p>"
            return _html("No such class", text, 404)
        return _html(f"{class_name} of {worker}", _object_table(host, host.ids(), _OBJECTS_MAX))

    def _durable_parts(self) -> str:
        parts = []
        for (worker, class_name), host in sorted(self._world.durable_hosts.items()):
            link = f"{PATH}/objects/{_quoted(worker)}/{_quoted(class_name)}"
            ids = host.ids()
            parts.append(
                f'<h2>Durable Objects: {escape(class_name)} <span class="soft">of {escape(worker)}, '
                f"{len(ids):,} in all</span></h2>{_object_table(host, ids, _OBJECTS_ON_OVERVIEW, link)}"
            )
        return "".join(parts)

    def _request_part(self, count: int) -> str:
        recorded = self._recorder.traces()
        heading = "<h2>Last requests</h2>"
        if not recorded:
            return heading + '<p class="soft">None yet. Send one, then reload this page.</p>'
        shown = recorded[::-1][:count]
        key = legend([span for trace in shown for span in trace.spans])
        more = f'<p><a href="{PATH}/requests">all {len(recorded)}</a></p>' if len(recorded) > count else ""
        return heading + key + "".join(map(_trace_card, shown)) + more + self._passed_over()

    def _passed_over(self) -> str:
        tracer = self._world.tracer
        if tracer is None or not tracer.passed_over:
            return ""
        return (
            f'<p class="soft">{tracer.passed_over:,} more came faster than {tracer.limit_per_s} a second and '
            f"were not recorded; <code>edge dev --trace FILE</code> records all.</p>"
        )


def _trace_card(trace: Trace) -> str:
    root = next(root for root in trees(trace.spans) if root.span.id == trace.id)
    if len(trace.spans) <= _SPANS_INLINE_MAX:
        return card(root)
    return f'<p><a href="{PATH}/trace/{trace.id}">{len(trace.spans):,} spans</a></p>' + card(
        root, rows_max=20
    )


def _workers(world: World) -> str:
    return "".join(
        f'<h2>{escape(worker.name)} <span class="soft">of {worker.compatibility_date}</span></h2>'
        f"{_binding_table(binding_rows(worker))}"
        for worker in world.config.workers
    )


def _binding_table(rows: Iterable[BindingRow]) -> str:
    body = [
        f'<tr><td class="mono">env.{escape(row.name)}</td><td>{_target(row)}</td><td>{row.kind}</td></tr>'
        for row in rows
    ]
    return _table(("binding", "leads to", "kind"), body, "No bindings.")


def _target(row: BindingRow) -> str:
    if row.target is None:
        return ""
    if row.kind == "KV Namespace":
        return f'<a href="{PATH}/kv/{_quoted(row.target)}">{escape(row.target)}</a>'
    return escape(row.target)


def _key_table(keys: Iterable[ListedKey]) -> str:
    body = [
        f'<tr><td class="mono">{escape(key.name)}</td><td>{_when(key.expiration_ms)}</td>'
        f'<td class="mono">{escape(key.metadata_json or "")}</td></tr>'
        for key in keys
    ]
    return _table(("key", "expires", "metadata"), body, "No keys.")


def _object_table(host: DurableHost, ids: list[str], count: int, link: str | None = None) -> str:
    body = []
    for hex_id in ids[:count]:
        why = "<br>".join(map(escape, host.blockers(hex_id)))
        state = host.state(hex_id).value
        name = host.name_of(hex_id)
        shown = f"{escape(name)}<br>" if name is not None else ""
        body.append(f'<tr><td class="mono">{shown}<span class="soft">{hex_id}</span></td>'
                    f"<td>{state}</td><td>{why}</td></tr>")  # fmt: skip
    more = len(ids) - count
    note = ""
    if more > 0:
        note = f"<p>{more:,} more</p>" if link is None else f'<p><a href="{link}">{more:,} more</a></p>'
    return _table(("object", "state", "what keeps it from hibernating"), body, "No objects yet.") + note


def _quoted(part: str) -> str:
    return quote(part, safe="")


def _table(head: Iterable[str], rows: list[str], empty: str) -> str:
    if not rows:
        return f'<p class="soft">{empty}</p>'
    cells = "".join(f"<th>{name}</th>" for name in head)
    return f"<table><tr>{cells}</tr>{''.join(rows)}</table>"


def _when(expiration_ms: int | None) -> str:
    if expiration_ms is None:
        return '<span class="soft">never</span>'
    return datetime.fromtimestamp(expiration_ms / 1000, UTC).strftime("%Y-%m-%d %H:%M:%S UTC")


def _html(title: str, body: str, status: int = 200) -> Response:
    nav = f'<nav><a href="{PATH}">overview</a><a href="{PATH}/requests">requests</a></nav>'
    heading = f'<header class="page"><h1>{escape(title)}</h1>{nav}</header>'
    headers = {
        "cache-control": "no-store",
        # Nothing but the page's own styles runs or loads, whatever a key or a URL holds.
        "content-security-policy": "default-src 'none'; style-src 'unsafe-inline'",
    }
    return HTMLResponse(page(title, heading + body), status, headers)
