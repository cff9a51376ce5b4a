"""A deploy, from looking at what is there to the address where the Worker answers.

Source: spec wrangler.md section 6 (`deploy`): the lines that are printed, and their order.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from edge.errors import UserError
from edge.kernel.clock import Clock
from wrangler_compat.cloudflare.account import Account
from wrangler_compat.deploy.companion_deploy import Prepared, prepare
from wrangler_compat.deploy.containers.applications import deploy_applications
from wrangler_compat.deploy.containers.container import Container, containers_of
from wrangler_compat.deploy.containers.images import Images, built_images
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
    """Carry out `plan`. Images are built before anything changes, and pushed when the new version is live;
    the companion goes first. Raises UserError; its message says what of the Worker changed, if anything."""
    containers, companion = with_containers(plan) if rollout != "none" else ((), None)
    all_of_them = (*containers, *(companion.containers if companion is not None else ()))
    _check_sizes(all_of_them, account)
    with built_images(all_of_them, say) as images:
        began_s = clock.monotonic()
        deployed = look(plan, account, companion_comes=companion is not None)
        follow = _Follow(images, account, rollout == "immediate", say)
        if companion is not None:
            follow(companion.name, companion.deploy(account, say, warn), companion.containers)
        resources = provision(plan, deployed, account, say)
        uploaded = upload(plan, deployed, resources, account, say=say, warn=warn)
        if uploaded.startup_time_ms:
            say(f"Worker Startup Time: {uploaded.startup_time_ms} ms")
        say(f"Uploaded {plan.name} ({clock.monotonic() - began_s:.2f} sec)")
        follow(plan.name, uploaded.version_id, containers)
    uploaded_s = clock.monotonic()
    targets = set_triggers(plan, deployed, account)
    took = f"({clock.monotonic() - uploaded_s:.2f} sec)"
    say(f"Deployed {plan.name} triggers {took}" if targets else f"No targets deployed for {plan.name} {took}")
    for target in targets:
        say(f"  {target}")
    say(f"Current Version ID: {uploaded.version_id}")
    return Outcome(plan.name, uploaded.version_id, tuple(targets))


def with_containers(plan: Plan) -> tuple[tuple[Container, ...], Prepared | None]:
    """The containers of the Worker, and its companion, which has others. Raises UserError."""
    companion = None if plan.companion is None else prepare(plan.companion)
    return containers_of(plan.project), companion


def _check_sizes(containers: Sequence[Container], account: Account) -> None:
    if containers:
        limits = account.call("GET", "/containers/me")["limits"]
        for container in containers:
            check_size(container, limits)


@dataclass(frozen=True, slots=True)
class _Follow:
    """Lets containers follow a version of their Worker that is live."""

    images: Images
    account: Account
    immediate: bool
    say: Tell

    def __call__(self, worker: str, version_id: str, containers: Sequence[Container]) -> None:
        if not containers:
            return
        try:
            references = self.images.references(containers, version_id, self.account, self.say)
            deploy_applications(
                worker, version_id, containers, references, self.account,
                immediate=self.immediate, say=self.say,
            )  # fmt: skip
        except UserError as error:
            raise UserError(
                f"{error}\nThe new version of {worker} is live, and not all of its containers have followed. "
                "Deploying again does no harm."
            ) from error
