"""A deploy, from looking at what is there to the address where the Worker answers.

Source: spec wrangler.md section 6 (`deploy`): the lines that are printed, and their order.
"""

from __future__ import annotations

from dataclasses import dataclass

from edge.errors import UserError
from edge.kernel.clock import Clock
from wrangler_compat.cloudflare.account import Account
from wrangler_compat.deploy.deployed import look
from wrangler_compat.deploy.plan import Plan
from wrangler_compat.deploy.provision import provision
from wrangler_compat.deploy.tell import Tell
from wrangler_compat.deploy.triggers import set_triggers
from wrangler_compat.deploy.upload import upload

_IMAGES = (
    "Images of containers are built and pushed by wrangler, with Docker, and edge does neither. Let wrangler "
    "deploy the folder that edge writes:\n"
    "  edge deploy --dry-run --outdir dist && cd dist && wrangler deploy\n"
    "Or give --containers-rollout none: then the Worker is deployed, and its containers stay as they are."
)


@dataclass(frozen=True, slots=True)
class Outcome:
    """What is live now, and where."""

    name: str
    version_id: str
    targets: tuple[str, ...]


def deploy(plan: Plan, account: Account, clock: Clock, *, say: Tell, warn: Tell, containers: bool) -> Outcome:
    """Carry out `plan`. With `containers` a plan that has some is refused. Raises UserError; its message says
    what of the Worker changed, if anything did."""
    if containers and plan.containers:
        raise UserError(_IMAGES)
    began_s = clock.monotonic()
    deployed = look(plan, account)
    resources = provision(plan, deployed, account, say)
    uploaded = upload(plan, deployed, resources, account, say=say, warn=warn)
    if uploaded.startup_time_ms:
        say(f"Worker Startup Time: {uploaded.startup_time_ms} ms")
    uploaded_s = clock.monotonic()
    say(f"Uploaded {plan.name} ({uploaded_s - began_s:.2f} sec)")
    targets = set_triggers(plan, deployed, account)
    took = f"({clock.monotonic() - uploaded_s:.2f} sec)"
    say(f"Deployed {plan.name} triggers {took}" if targets else f"No targets deployed for {plan.name} {took}")
    for target in targets:
        say(f"  {target}")
    say(f"Current Version ID: {uploaded.version_id}")
    return Outcome(plan.name, uploaded.version_id, tuple(targets))
