"""Secrets. Each change is a version of its own, with the same code: that is how a rollback undoes it.

Source: spec wrangler.md section 7.5.
"""

from __future__ import annotations

from typing import Any

from starlette.responses import Response
from starlette.routing import Route

from wrangler_compat.cloud.call import Call, account_route
from wrangler_compat.cloud.cloud import Cloud
from wrangler_compat.cloud.envelope import Refusal, answer
from wrangler_compat.cloud.workers.bindings import SECRET_TYPES, Binding
from wrangler_compat.cloud.workers.script_routes import SCRIPT, script_of
from wrangler_compat.cloud.workers.shown import version_in_full

_SECRETS = SCRIPT + "/secrets"
_CHANGE = {"workers/triggered_by": "secret"}


def routes(cloud: Cloud) -> list[Route]:
    """The routes of this file."""
    return [
        account_route(cloud, "GET", _SECRETS, _list),
        account_route(cloud, "PUT", _SECRETS, _put),
        account_route(cloud, "GET", _SECRETS + "/{name:path}", _get),
        account_route(cloud, "DELETE", _SECRETS + "/{name:path}", _delete),
        account_route(cloud, "PATCH", SCRIPT + "/secrets-bulk", _bulk),
        account_route(cloud, "PATCH", "/workers/workers/{script}/versions/latest", _new_version),
    ]


async def _list(call: Call) -> Response:
    return answer(_secrets(call))


async def _get(call: Call) -> Response:
    for secret in _secrets(call):
        if secret["name"] == call.part("name"):
            return answer(secret)
    raise Refusal(404, 10056, f"Secret '{call.part('name')}' not found")


async def _put(call: Call) -> Response:
    secret = _secret(await call.json_object())
    await _change(call, {secret["name"]: secret})
    return answer({"name": secret["name"], "type": secret["type"]})


async def _delete(call: Call) -> Response:
    await _change(call, {call.part("name"): None})
    return answer(None)


async def _bulk(call: Call) -> Response:
    changes = (await call.json_object()).get("secrets")
    if not isinstance(changes, dict):
        raise Refusal(400, 10021, "the body must be an object with 'secrets'")
    await _change(call, {name: _named(name, secret) for name, secret in changes.items()})
    return answer(_secrets(call))


async def _new_version(call: Call) -> Response:
    """A version that differs from the latest one in its secrets, and is not deployed."""
    script = script_of(call)
    body = await call.json_object()
    unknown = body.keys() - {"env", "annotations"}
    if unknown:
        raise Refusal(400, 10021, f"only secrets of a version can be changed, not {sorted(unknown)}")
    given = body.get("annotations") or {}
    annotations = {**{name: text for name, text in given.items() if text is not None}, **_CHANGE}
    secrets = {name: _named(name, secret) for name, secret in (body.get("env") or {}).items()}
    version = call.cloud.workers.change_secrets(script, secrets, call.source, annotations, deploy=False)
    return answer(version_in_full(script, version, call.account))


async def _change(call: Call, secrets: dict[str, Binding | None]) -> None:
    call.cloud.workers.change_secrets(script_of(call), secrets, call.source, _CHANGE, deploy=True)
    await call.cloud.deployed(call.account)


def _secrets(call: Call) -> list[dict[str, str]]:
    version = call.cloud.workers.versions.latest(script_of(call))
    bindings = () if version is None else version.bindings
    return [
        {"name": binding["name"], "type": binding["type"]}
        for binding in bindings
        if binding["type"] in SECRET_TYPES
    ]


def _named(name: str, secret: Any) -> Binding | None:
    return None if secret is None else _secret({**secret, "name": name})


def _secret(body: dict[str, Any]) -> Binding:
    if body.get("type") != "secret_text":
        raise Refusal(400, 10021, f"secrets of type {body.get('type')!r} are not emulated")
    if not isinstance(body.get("name"), str) or not body["name"] or not isinstance(body.get("text"), str):
        raise Refusal(400, 10021, "a secret has a 'name' and a 'text'")
    return {"name": body["name"], "type": "secret_text", "text": body["text"]}
