"""A deploy, from looking at what is there to the address where the Worker answers.

Source: spec wrangler.md section 6 (`deploy`): the lines that are printed, and their order.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Literal

from edge.errors import UserError
from edge.kernel.clock import Clock
from wrangler_compat.cloudflare.account import Account
from wrangler_compat.deploy.containers.applications import deploy_applications
from wrangler_compat.deploy.containers.container import containers_of
from wrangler_compat.deploy.containers.images import built_images
from wrangler_compat.deploy.containers.limits import check_size
from wrangler_compat.deploy.deployed import look
from wrangler_compat.deploy.plan import Plan
from wrangler_compat.deploy.provision import provision
from wrangler_compat.deploy.tell import Tell
from wrangler_compat.deploy.triggers import set_triggers
from wrangler_compat.deploy.upload import upload

#: How containers follow: at once, step by step, or not at all.
Rollout = Literal["immediate", "gradual", "none"]


@dataclass(frozen=True, slots=True)
class Outcome:
    """What is live now, and where."""

    name: str
    version_id: str
    targets: tuple[str, ...]


def deploy(plan: Plan, account: Account, clock: Clock, *, say: Tell, warn: Tell, rollout: Rollout) -> Outcome:
    """Carry out `plan`. Images are built before anything changes, and pushed when the new version is live.
    Raises UserError; its message says what of the Worker changed, if anything did."""
    containers = () if rollout == "none" else containers_of(plan.project)
    if containers:
        limits = account.call("GET", "/containers/me")["limits"]
        for container in containers:
            check_size(container, limits)
    with built_images(containers, say) as images:
        began_s = clock.monotonic()
        deployed = look(plan, account)
        resources = provision(plan, deployed, account, say)
        uploaded = upload(plan, deployed, resources, account, say=say, warn=warn)
        if uploaded.startup_time_ms:
            say(f"Worker Startup Time: {uploaded.startup_time_ms} ms")
        say(f"Uploaded {plan.name} ({clock.monotonic() - began_s:.2f} sec)")
        if containers:
            with _live_without_containers(plan.name):
                references = images.references(containers, uploaded.version_id, account, say)
                immediate = rollout == "immediate"
                deploy_applications(
                    plan.name, uploaded.version_id, containers, references, account,
                    immediate=immediate, say=say,
                )  # fmt: skip
    uploaded_s = clock.monotonic()
    targets = set_triggers(plan, deployed, account)
    took = f"({clock.monotonic() - uploaded_s:.2f} sec)"
    say(f"Deployed {plan.name} triggers {took}" if targets else f"No targets deployed for {plan.name} {took}")
    for target in targets:
        say(f"  {target}")
    say(f"Current Version ID: {uploaded.version_id}")
    return Outcome(plan.name, uploaded.version_id, tuple(targets))


@contextmanager
def _live_without_containers(worker: str) -> Iterator[None]:
    try:
        yield
    except UserError as error:
        raise UserError(
            f"{error}\nThe new version of {worker} is live, and not all of its containers have followed. "
            "Deploying again does no harm."
        ) from error
