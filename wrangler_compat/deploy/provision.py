"""Resources for bindings that name none: made when they are first needed, under a name of the Worker's.

The name is found again by later deploys, so nothing is written into the configuration.

Source: spec wrangler.md section 7.6, step 3; wrangler's auto-provisioned-name.ts.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any

from edge.errors import UserError
from wrangler_compat.cloudflare.account import Account
from wrangler_compat.cloudflare.refusal import CloudflareApiError
from wrangler_compat.deploy.bindings import Binding
from wrangler_compat.deploy.deployed import Deployed
from wrangler_compat.deploy.plan import Plan
from wrangler_compat.deploy.tell import Tell

_PAGE = 100
_NO_BUCKET = 10006


def provision(plan: Plan, deployed: Deployed, account: Account, say: Tell) -> dict[str, dict[str, Any]]:
    """What is sent for each binding, by its name, whose resource was found or made now; bindings that the
    deployed Worker has keep what they have. Raises UserError for kinds that are not made here."""
    wanted = [
        binding
        for binding in plan.bindings
        if binding.needs_resource and (binding.name, binding.kind) not in deployed.bound
    ]
    unknown = [f"{binding.name} ({binding.label})" for binding in wanted if binding.kind not in _MAKERS]
    if unknown:
        raise UserError(
            f"These bindings name no resource, and edge does not make such: {', '.join(unknown)}.\n"
            "Make the resource, and put its name or id into the configuration."
        )
    return {binding.name: _resource(binding, plan.name, account, say) for binding in wanted}


def resource_name(worker: str, binding: str) -> str:
    """The name under which wrangler makes a resource, too."""
    return f"{worker}-{binding.lower().replace('_', '-')}"


def _resource(binding: Binding, worker: str, account: Account, say: Tell) -> dict[str, Any]:
    find, make, fields = _MAKERS[binding.kind]
    # Only a D1 database has a name of its own beside its id.
    name = (binding.shown if binding.kind == "d1" else "") or resource_name(worker, binding.name)
    found = find(account, name)
    if found is None:
        say(f'🌀 Creating {binding.label} "{name}" for env.{binding.name}')
        found = make(account, name)
    return {"name": binding.name, "type": binding.kind, **fields(found)}


def _pages(account: Account, path: str, **query: Any) -> Iterator[Any]:
    page = 1
    while True:
        found = account.call("GET", path, query={**query, "page": page, "per_page": _PAGE}) or []
        yield from found
        if len(found) < _PAGE:
            return
        page += 1


def _namespace(account: Account, name: str) -> Any:
    return next((one for one in _pages(account, "/storage/kv/namespaces") if one["title"] == name), None)


def _bucket(account: Account, name: str) -> Any:
    try:
        return account.call("GET", f"/r2/buckets/{name}")
    except CloudflareApiError as error:
        if error.code == _NO_BUCKET or error.status == 404:
            return None
        raise


def _database(account: Account, name: str) -> Any:
    return next((one for one in _pages(account, "/d1/database", name=name) if one["name"] == name), None)


def _queue(account: Account, name: str) -> Any:
    return next((one for one in _pages(account, "/queues", name=name) if one["queue_name"] == name), None)


def _posting(path: str, field: str) -> Callable[[Account, str], Any]:
    return lambda account, name: account.call("POST", path, body={field: name})


Find = Callable[[Account, str], Any]
#: By kind of binding: what finds the resource, what makes it, and what is sent for it.
_MAKERS: dict[str, tuple[Find, Find, Callable[[Mapping[str, Any]], dict[str, Any]]]] = {
    "kv_namespace": (
        _namespace,
        _posting("/storage/kv/namespaces", "title"),
        lambda found: {"namespace_id": found["id"]},
    ),
    "r2_bucket": (_bucket, _posting("/r2/buckets", "name"), lambda found: {"bucket_name": found["name"]}),
    "d1": (_database, _posting("/d1/database", "name"), lambda found: {"id": found["uuid"]}),
    "queue": (_queue, _posting("/queues", "queue_name"), lambda found: {"queue_name": found["queue_name"]}),
}
