"""Container applications of a deploy: made when new, changed and rolled out when they differ.

Source: wrangler 4.164, `deployContainers` and `apply`.
"""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from typing import Any

from edge.errors import UserError
from wrangler_compat.cloudflare.account import Account
from wrangler_compat.cloudflare.refusal import CloudflareApiError
from wrangler_compat.deploy.containers import application
from wrangler_compat.deploy.containers.container import Container
from wrangler_compat.deploy.containers.image_name import full_name, registry_of
from wrangler_compat.deploy.tell import Tell

_PATH = "/containers/applications"
_NAMESPACES = "/workers/durable_objects/namespaces"
_PER_PAGE = 1000
#: A version that was uploaded a moment ago may not be found yet.
_NOT_YET = 100146


def deploy_applications(
    worker: str,
    version_id: str,
    containers: Sequence[Container],
    images: Mapping[str, str],
    account: Account,
    *,
    immediate: bool,
    say: Tell,
) -> None:
    """Let each container have its application, with its image of `images`. Raises UserError."""
    namespaces = _namespaces(worker, version_id, containers, account)
    existing = {one["name"]: one for one in account.call("GET", _PATH)}
    for container in containers:
        namespace_id, image = namespaces[container.class_name], images[container.name]
        before = existing.get(container.name)
        if before is None:
            asked = application.wanted(container, image, namespace_id)
            made = account.call("POST", _PATH, body=asked)
            say(f"Created application {container.name} (Application ID: {made['id']})")
            continue
        _check_same(before, container, namespace_id)
        asked = application.change(application.wanted(container, image, namespace_id, before))
        _change(before, container, asked, account, immediate=immediate, say=say)


def _change(
    before: Mapping[str, Any],
    container: Container,
    asked: Mapping[str, Any],
    account: Account,
    *,
    immediate: bool,
    say: Tell,
) -> None:
    was = application.as_asked(before, container)
    was["configuration"]["image"] = full_name(
        was["configuration"]["image"], account.id, registry_of(os.environ)
    )
    changes = application.differences(was, application.merged(was, asked))
    if not changes:
        say(f"No changes of the application {container.name}")
        return
    for place, (old, new) in changes.items():
        say(f"  {place}: {old} -> {new}")
    if container.entry.get("rollout_kind") == "none":
        say(f'Skipping the rollout of {container.name}: its "rollout_kind" is none')
        return
    at = f"{_PATH}/{before['id']}"
    account.call("PATCH", at, body=asked)
    if any(not place.startswith("observability") for place in changes):
        account.call(
            "POST", f"{at}/rollouts", body=application.rollout(container, asked, immediate=immediate)
        )
    say(f"Modified application {container.name} (Application ID: {before['id']})")


def _check_same(before: Mapping[str, Any], container: Container, namespace_id: str) -> None:
    found = (before.get("durable_objects") or {}).get("namespace_id")
    if found != namespace_id:
        raise UserError(
            f"There is already an application {container.name}, of the Durable Object namespace {found}. "
            f'Give this container another "name", or delete that one: '
            f"edge containers delete {before['id']}"
        )


def _namespaces(
    worker: str, version_id: str, containers: Sequence[Container], account: Account
) -> dict[str, str]:
    """The ids of the namespaces of the containers' classes: from the bindings of the version, and from the
    account's list for classes that are not bound."""
    found = _bound(worker, version_id, account)
    wanted = {container.class_name for container in containers}
    page = 1
    while wanted - found.keys():
        query = {"per_page": _PER_PAGE, "page": page}
        listed = account.call("GET", _NAMESPACES, query=query)
        found |= {
            one["class"]: one["id"]
            for one in listed
            if one.get("script") == worker and not one.get("preview")
        }
        if len(listed) < _PER_PAGE:
            break
        page += 1
    if missing := wanted - found.keys():
        raise UserError(
            f"The Worker {worker} has no Durable Object namespace for {', '.join(sorted(missing))}."
        )
    return found


def _bound(worker: str, version_id: str, account: Account) -> dict[str, str]:
    try:
        version = account.call("GET", f"/workers/scripts/{worker}/versions/{version_id}")
    except CloudflareApiError as error:
        if error.code != _NOT_YET:
            raise
        return {}
    return {
        binding["class_name"]: binding["namespace_id"]
        for binding in version["resources"]["bindings"]
        if binding["type"] == "durable_object_namespace"
        and binding.get("script_name") in (None, worker)
        and "namespace_id" in binding
    }
