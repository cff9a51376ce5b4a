"""Calls below `/containers`: the account's limits, credentials of the registry, applications, rollouts.

Source: the services of wrangler's `containers-shared`.
"""

from __future__ import annotations

from typing import Any

from starlette.responses import Response
from starlette.routing import Route

from wrangler_compat.cloud.call import Call, account_route
from wrangler_compat.cloud.cloud import Cloud
from wrangler_compat.cloud.containers import checked
from wrangler_compat.cloud.containers.applications import Application, Rollout
from wrangler_compat.cloud.envelope import answer, page_of
from wrangler_compat.cloud.identity import timestamp
from wrangler_compat.cloud.registry.credentials import USERNAME
from wrangler_compat.cloud.workers.namespaces import class_of, namespaces_of

_APPLICATIONS = "/containers/applications"
_APPLICATION = _APPLICATIONS + "/{application_id}"
_ROLLOUTS = _APPLICATION + "/rollouts"
_MODIFIED = (
    *("configuration", "observability", "instances", "max_instances", "constraints", "affinities"),
    *("scheduling_policy", "rollout_active_grace_period", "priorities"),
)
_NOBODY = {"active": 0, "healthy": 0, "failed": 0, "starting": 0, "scheduling": 0}
_LIFE_MINUTES = 15
#: Of all instances of an account.
_TOTALS = {"total_vcpu": 1500, "total_memory_mib": 6 << 20, "total_disk_mb": 30_000_000}


def routes(cloud: Cloud) -> list[Route]:
    """The routes of this file."""
    return [
        account_route(cloud, "GET", "/containers/me", _me),
        account_route(cloud, "POST", "/containers/registries/{domain}/credentials", _credentials),
        account_route(cloud, "GET", _APPLICATIONS, _list),
        account_route(cloud, "POST", _APPLICATIONS, _create),
        account_route(cloud, "GET", _APPLICATION, _get),
        account_route(cloud, "PATCH", _APPLICATION, _modify),
        account_route(cloud, "DELETE", _APPLICATION, _remove),
        account_route(cloud, "GET", _ROLLOUTS, _rollouts),
        account_route(cloud, "POST", _ROLLOUTS, _roll_out),
        account_route(cloud, "GET", "/containers/dash/applications", _overview),
        account_route(cloud, "GET", "/workers/durable_objects/namespaces", _namespaces),
    ]


async def _me(call: Call) -> Response:
    limits = {
        "account_id": call.account.id,
        "vcpu_per_deployment": checked.VCPU_MAX,
        "memory_mib_per_deployment": checked.MEMORY_MIB_MAX,
        "disk_mb_per_deployment": checked.DISK_MB_MAX,
        **_TOTALS,
    }
    return answer({"external_account_id": call.account.id, "limits": limits, "locations": [], "defaults": {}})


async def _credentials(call: Call) -> Response:
    """A password for the registry, which is this server under the name by which the client knows it."""
    domain = call.part("domain")
    if domain != _host(call):
        text = f"there is no registry {domain} here: set CLOUDFLARE_CONTAINER_REGISTRY={_host(call)}"
        raise checked.refusal("IMAGE_REGISTRY_NOT_CONFIGURED", 404, message=text)
    asked = await call.json_object()
    password = call.cloud.credentials.give(
        call.account.id, asked.get("permissions", ()), asked.get("expiration_minutes", _LIFE_MINUTES)
    )
    shown = {"account_id": call.account.id, "registry_host": domain}
    return answer({**shown, "username": USERNAME, "password": password})


async def _list(call: Call) -> Response:
    found = call.cloud.applications.all(call.account.id)
    name = call.request.query_params.get("name")
    return answer([_shown(call, one) for one in found if name in (None, one.name)])


async def _create(call: Call) -> Response:
    asked = await call.json_object()
    name = asked.get("name")
    if not isinstance(name, str) or not name:
        raise checked.refusal("VALIDATE_INPUT", message="name is required")
    namespace = str((asked.get("durable_objects") or {}).get("namespace_id", ""))
    _check_namespace(call, name, namespace)
    settings = {key: asked[key] for key in _MODIFIED if key in asked}
    settings["configuration"] = _configuration(call, asked.get("configuration") or {})
    return answer(_shown(call, call.cloud.applications.add(call.account.id, name, namespace, settings)))


def _check_namespace(call: Call, name: str, namespace: str) -> None:
    """The class must be there, must have a container by its Worker's metadata, and no application yet."""
    workers = call.cloud.workers
    found = class_of(workers.scripts.all(call.account.id), namespace)
    if found is None:
        raise checked.refusal("DURABLE_OBJECT_NOT_FOUND", namespace_id=namespace)
    script, class_name = found
    version = workers.current(script)
    containers = () if version is None else version.runtime.get("containers") or ()
    exports = {} if version is None else version.runtime.get("exports") or {}
    declared = {one.get("class_name") for one in containers}
    declared |= {name for name, one in exports.items() if one.get("container")}
    if class_name not in declared:
        raise checked.refusal("DURABLE_OBJECT_NOT_CONTAINER_ENABLED", class_name=class_name)
    for other in call.cloud.applications.all(call.account.id):
        if other.namespace == namespace:
            raise checked.refusal("DURABLE_OBJECT_ALREADY_HAS_APPLICATION", application=other.name)
        if other.name == name:
            raise checked.refusal("VALIDATE_INPUT", message=f"there is an application {name} already")


async def _get(call: Call) -> Response:
    return answer(_shown(call, _application(call)))


async def _modify(call: Call) -> Response:
    application, asked = _application(call), await call.json_object()
    settings = {**application.settings, **{key: asked[key] for key in _MODIFIED if key in asked}}
    if "configuration" in asked:
        merged = {**application.settings["configuration"], **asked["configuration"]}
        settings["configuration"] = _configuration(call, merged)
    call.cloud.applications.change(application, settings)
    return answer(_shown(call, _application(call)))


async def _remove(call: Call) -> Response:
    call.cloud.applications.remove(_application(call))
    return answer({})


async def _rollouts(call: Call) -> Response:
    application = _application(call)
    return answer([_rollout(one) for one in call.cloud.applications.rollouts(application)])


async def _roll_out(call: Call) -> Response:
    application, asked = _application(call), await call.json_object()
    if not isinstance(asked.get("target_configuration"), dict):
        raise checked.refusal("VALIDATE_INPUT", message="target_configuration is required")
    return answer(_rollout(call.cloud.applications.roll_out(application, asked)))


async def _overview(call: Call) -> Response:
    """Pages, the short form of `containers list`. All are on the first page."""
    found = [
        {
            "id": one.id,
            "created_at": timestamp(one.created_ms),
            "updated_at": timestamp(one.updated_ms),
            "name": one.name,
            "version": one.version,
            "instances": 0,
            "image": one.settings["configuration"]["image"],
            "health": {"instances": _NOBODY},
        }
        for one in call.cloud.applications.all(call.account.id)
    ]
    return answer(found, info={"per_page": len(found)})


async def _namespaces(call: Call) -> Response:
    scripts = call.cloud.workers.scripts.all(call.account.id)
    return page_of(
        [one for script in scripts for one in namespaces_of(script)], call.request, per_page_max=1000
    )


def _application(call: Call) -> Application:
    found = call.cloud.applications.find(call.account.id, call.part("application_id"))
    if found is None:
        raise checked.refusal("APPLICATION_NOT_FOUND", 404, application=call.part("application_id"))
    return found


def _configuration(call: Call, given: dict[str, Any]) -> dict[str, Any]:
    return checked.configuration(given, call.account.id, _host(call), call.cloud.images(call.account.id))


def _host(call: Call) -> str:
    return call.request.headers["host"]


def _shown(call: Call, application: Application) -> dict[str, Any]:
    return {
        "id": application.id,
        "account_id": call.account.id,
        "created_at": timestamp(application.created_ms),
        "name": application.name,
        "version": application.version,
        "instances": 0,
        **application.settings,
        "durable_objects": {"namespace_id": application.namespace},
        "health": {"instances": _NOBODY},
    }


def _rollout(rollout: Rollout) -> dict[str, Any]:
    made = timestamp(rollout.created_ms)
    return {
        **rollout.asked,
        "id": rollout.id,
        "created_at": made,
        "started_at": made,
        "last_updated_at": made,
        "current_version": rollout.current_version,
        "target_version": rollout.target_version,
        "status": "completed",
        "health": {"instances": _NOBODY},
    }
