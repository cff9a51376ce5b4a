"""Scripts and services: upload and deploy in one call, look, remove.

Source: spec wrangler.md section 7.6.
"""

from __future__ import annotations

from typing import Any

from starlette.responses import Response
from starlette.routing import Route

from wrangler_compat.cloud.call import Call, account_route
from wrangler_compat.cloud.cloud import Cloud
from wrangler_compat.cloud.envelope import answer
from wrangler_compat.cloud.identity import timestamp
from wrangler_compat.cloud.workers.references import users_of
from wrangler_compat.cloud.workers.script import Script
from wrangler_compat.cloud.workers.shown import script_shown
from wrangler_compat.cloud.workers.upload import parse_upload

SCRIPTS = "/workers/scripts"
SCRIPT = SCRIPTS + "/{script}"
_SERVICE = "/workers/services/{script}"


def routes(cloud: Cloud) -> list[Route]:
    """The routes of this file."""
    return [
        account_route(cloud, "GET", SCRIPTS, _list),
        account_route(cloud, "PUT", SCRIPT, _upload),
        account_route(cloud, "DELETE", SCRIPT, _remove),
        account_route(cloud, "GET", SCRIPT + "/references", _references),
        account_route(cloud, "GET", "/workers/tails/by-consumer/{script}", _tail_producers),
        account_route(cloud, "GET", _SERVICE, _service),
        account_route(cloud, "DELETE", _SERVICE, _remove),
    ]


def script_of(call: Call) -> Script:
    """The script in the path. Raises `Refusal`."""
    return call.cloud.workers.require(call.account.id, call.part("script"))


async def _list(call: Call) -> Response:
    workers = call.cloud.workers
    scripts = workers.scripts.all(call.account.id)
    return answer([script_shown(script, workers.current(script)) for script in scripts])


async def _upload(call: Call) -> Response:
    upload = parse_upload(await call.form())
    script, version = call.cloud.workers.upload(
        call.account.id, call.part("script"), upload, call.source, deploy=True
    )
    await call.cloud.deployed(call.account)
    shown = {"deployment_id": version.id, "startup_time_ms": version.startup_ms}
    return answer({**_shown(call, script), **shown})


async def _remove(call: Call) -> Response:
    force = call.request.query_params.get("force") == "true"
    call.cloud.workers.remove(script_of(call), force=force)
    await call.cloud.deployed(call.account)
    return answer(None)


async def _service(call: Call) -> Response:
    script = script_of(call)
    environment = {
        "environment": "production",
        "created_on": timestamp(script.created_ms),
        "modified_on": timestamp(script.modified_ms),
        "script": _shown(call, script),
    }
    return answer(
        {
            "id": script.name,
            "created_on": environment["created_on"],
            "modified_on": environment["modified_on"],
            "usage_model": "standard",
            "default_environment": environment,
            "environments": [environment],
        }
    )


async def _references(call: Call) -> Response:
    """Which Workers would break without this one."""
    script = script_of(call)
    incoming, durable = [], []
    for user, bindings in users_of(call.cloud.workers, script).items():
        for binding in bindings:
            shown = {"service": user, "environment": "production", "name": binding["name"]}
            if binding["type"] == "service":
                incoming.append(shown)
            else:
                name = f"{script.name}_{binding['class_name']}"
                durable.append({**shown, "durable_object_namespace_name": name})
    services = {"incoming": incoming, "outgoing": [], "pages_function": False}
    return answer({"services": services, "durable_objects": durable, "dispatch_outbounds": []})


async def _tail_producers(call: Call) -> Response:
    """Which Workers name this one as a consumer of their tails."""
    name = call.part("script")
    producers = [
        {"producer": {"service": script.name, "environment": "production"}}
        for script in call.cloud.workers.scripts.all(call.account.id)
        if any(consumer.get("service") == name for consumer in script.settings.get("tail_consumers") or ())
    ]
    return answer(producers)


def _shown(call: Call, script: Script) -> dict[str, Any]:
    return script_shown(script, call.cloud.workers.current(script))
