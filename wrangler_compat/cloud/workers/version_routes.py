"""Versions and deployments: upload without deploying, deploy, roll back, look.

Source: spec wrangler.md section 7.6.
"""

from __future__ import annotations

from typing import Any

from starlette.responses import Response
from starlette.routing import Route

from wrangler_compat.cloud.call import Call, account_route
from wrangler_compat.cloud.cloud import Cloud
from wrangler_compat.cloud.envelope import Refusal, answer, cut
from wrangler_compat.cloud.workers.script import Script
from wrangler_compat.cloud.workers.script_routes import SCRIPT, script_of
from wrangler_compat.cloud.workers.shown import deployment_shown, version_in_full, version_in_list
from wrangler_compat.cloud.workers.upload import parse_upload

_VERSIONS = SCRIPT + "/versions"
_DEPLOYMENTS = SCRIPT + "/deployments"
_VERSIONS_SHOWN_MAX = 100
_DEPLOYMENTS_SHOWN_MAX = 10


def routes(cloud: Cloud) -> list[Route]:
    """The routes of this file."""
    return [
        account_route(cloud, "POST", _VERSIONS, _upload),
        account_route(cloud, "GET", _VERSIONS, _list),
        account_route(cloud, "GET", _VERSIONS + "/{version_id}", _get),
        account_route(cloud, "POST", _DEPLOYMENTS, _deploy),
        account_route(cloud, "GET", _DEPLOYMENTS, _deployments),
        account_route(cloud, "GET", _DEPLOYMENTS + "/{deployment_id}", _deployment),
    ]


async def _upload(call: Call) -> Response:
    upload = parse_upload(await call.form())
    script, version = call.cloud.workers.upload(
        call.account.id, call.part("script"), upload, call.source, deploy=False
    )
    return answer(version_in_full(script, version, call.account))


async def _list(call: Call) -> Response:
    versions = call.cloud.workers.versions.all(script_of(call))
    found, info = cut(versions, call.request, _VERSIONS_SHOWN_MAX)
    return answer({"items": [version_in_list(version, call.account) for version in found]}, info=info)


async def _get(call: Call) -> Response:
    script = script_of(call)
    version = call.cloud.workers.require_version(script, call.part("version_id"))
    return answer(version_in_full(script, version, call.account))


async def _deploy(call: Call) -> Response:
    script = script_of(call)
    body = await call.json_object()
    shares = _shares(body.get("versions"))
    annotations = {name: text for name, text in (body.get("annotations") or {}).items() if text is not None}
    annotations["workers/triggered_by"] = _trigger(call, script, shares)
    force = call.request.query_params.get("force") == "true"
    deployed = call.cloud.workers.deploy(script, shares, call.source, annotations, force=force)
    await call.cloud.deployed(call.account)
    return answer(deployment_shown(deployed, call.account))


def _shares(versions: Any) -> dict[str, float]:
    try:
        return {str(entry["version_id"]): float(entry["percentage"]) for entry in versions}
    except (TypeError, KeyError, ValueError):
        message = "versions must be an array of objects with 'version_id' and 'percentage'"
        raise Refusal(400, 10210, message) from None


def _trigger(call: Call, script: Script, shares: dict[str, float]) -> str:
    """A version that answered before comes back by a rollback."""
    past = {name for deployment in call.cloud.workers.deployments.all(script) for name in deployment.shares}
    return "rollback" if len(shares) == 1 and past >= shares.keys() else "deployment"


async def _deployments(call: Call) -> Response:
    found = call.cloud.workers.deployments.all(script_of(call))[:_DEPLOYMENTS_SHOWN_MAX]
    return answer({"deployments": [deployment_shown(deployment, call.account) for deployment in found]})


async def _deployment(call: Call) -> Response:
    wanted = call.part("deployment_id")
    for deployment in call.cloud.workers.deployments.all(script_of(call)):
        if deployment.id == wanted:
            return answer(deployment_shown(deployment, call.account))
    raise Refusal(404, 10210, f"The deployment '{wanted}' of this Worker does not exist")
