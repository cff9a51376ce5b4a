"""Settings of a script, and where it answers: workers.dev, routes, cron triggers.

Source: spec wrangler.md section 7.6, step 5.
"""

from __future__ import annotations

from typing import Any

from starlette.responses import Response
from starlette.routing import Route

from wrangler_compat.cloud.call import Call, account_route
from wrangler_compat.cloud.cloud import Cloud
from wrangler_compat.cloud.envelope import Refusal, answer
from wrangler_compat.cloud.identity import timestamp
from wrangler_compat.cloud.workers.bindings import shown
from wrangler_compat.cloud.workers.script import UNVERSIONED, Script
from wrangler_compat.cloud.workers.script_routes import SCRIPT, script_of


def routes(cloud: Cloud) -> list[Route]:
    """The routes of this file."""
    return [
        account_route(cloud, "GET", SCRIPT + "/settings", _settings),
        account_route(cloud, "GET", SCRIPT + "/script-settings", _script_settings),
        account_route(cloud, "PATCH", SCRIPT + "/script-settings", _change_settings),
        account_route(cloud, "GET", "/workers/subdomain", _account_subdomain),
        account_route(cloud, "GET", "/workers/workers/{script}", _worker),
        account_route(cloud, "GET", SCRIPT + "/subdomain", _subdomain),
        account_route(cloud, "POST", SCRIPT + "/subdomain", _change_subdomain),
        account_route(cloud, "GET", SCRIPT + "/schedules", _schedules),
        account_route(cloud, "PUT", SCRIPT + "/schedules", _change_schedules),
        account_route(cloud, "GET", SCRIPT + "/routes", _routes),
        account_route(cloud, "PUT", SCRIPT + "/routes", _change_routes),
    ]


async def _settings(call: Call) -> Response:
    """What the latest version is bound to, with the script's own settings."""
    script = script_of(call)
    version = call.cloud.workers.versions.latest(script)
    runtime = {} if version is None else version.runtime
    return answer(
        {
            **_unversioned(script),
            "bindings": [] if version is None else [shown(binding) for binding in version.bindings],
            "compatibility_date": runtime.get("compatibility_date"),
            "compatibility_flags": runtime.get("compatibility_flags") or [],
            "limits": runtime.get("limits") or {},
            "placement": runtime.get("placement") or {},
            "usage_model": "standard",
            "migration_tag": script.migration_tag,
        }
    )


async def _script_settings(call: Call) -> Response:
    return answer(_unversioned(script_of(call)))


async def _change_settings(call: Call) -> Response:
    body = await call.json_object()
    changes = {name: body[name] for name in UNVERSIONED if name in body}
    call.cloud.workers.scripts.configure(script_of(call), **changes)
    return answer(_unversioned(script_of(call)))


def _unversioned(script: Script) -> dict[str, Any]:
    return {
        "logpush": bool(script.settings.get("logpush")),
        "observability": script.settings.get("observability") or {"enabled": False},
        "tail_consumers": script.settings.get("tail_consumers") or [],
        "tags": script.settings.get("tags") or [],
    }


async def _account_subdomain(call: Call) -> Response:
    return answer({"subdomain": call.account.name})


async def _worker(call: Call) -> Response:
    script = script_of(call)
    return answer({"id": script.tag, "name": script.name, "subdomain": _where(call, script)})


async def _subdomain(call: Call) -> Response:
    return answer(_where(call, script_of(call)))


async def _change_subdomain(call: Call) -> Response:
    body = await call.json_object()
    enabled = bool(body.get("enabled"))
    previews = bool(body.get("previews_enabled", enabled))
    script = script_of(call)
    call.cloud.workers.scripts.configure(script, enabled=enabled, previews_enabled=previews)
    await call.cloud.deployed(call.account)
    return answer(_where(call, script_of(call)))


def _where(call: Call, script: Script) -> dict[str, Any]:
    url = call.request.base_url
    return {
        "enabled": bool(script.settings.get("enabled")),
        "previews_enabled": bool(script.settings.get("previews_enabled")),
        "url": str(url.replace(hostname=f"{script.name}.{_host_of(call)}")).rstrip("/"),
    }


def _host_of(call: Call) -> str:
    """The first account is the one that a host without an account means."""
    is_first = call.cloud.accounts.all()[0].id == call.account.id
    return "localhost" if is_first else f"{call.account.name}.localhost"


async def _schedules(call: Call) -> Response:
    return answer({"schedules": _crons(script_of(call))})


async def _change_schedules(call: Call) -> Response:
    wanted = await call.json()
    if not isinstance(wanted, list) or not all(
        isinstance(entry, dict) and "cron" in entry for entry in wanted
    ):
        raise Refusal(400, 10021, "the body must be an array of objects with 'cron'")
    crons = [str(entry["cron"]) for entry in wanted]
    call.cloud.workers.scripts.configure(script_of(call), crons=crons)
    await call.cloud.deployed(call.account)
    return answer({"schedules": _crons(script_of(call))})


def _crons(script: Script) -> list[dict[str, str]]:
    changed = timestamp(script.modified_ms)
    crons = script.settings.get("crons") or ()
    return [{"cron": cron, "created_on": changed, "modified_on": changed} for cron in crons]


async def _routes(call: Call) -> Response:
    return answer(script_of(call).settings.get("routes") or [])


async def _change_routes(call: Call) -> Response:
    wanted = await call.json()
    if not isinstance(wanted, list) or not all(
        isinstance(entry, dict) and isinstance(entry.get("pattern"), str) for entry in wanted
    ):
        raise Refusal(400, 10021, "the body must be an array of objects with 'pattern'")
    call.cloud.workers.scripts.configure(script_of(call), routes=wanted)
    return answer(wanted)
