"""What an account has already, as far as a deploy depends on it.

Source: spec wrangler.md sections 7.5 and 7.6, steps 1 and 5.
"""

from __future__ import annotations

from dataclasses import dataclass

from edge.errors import UserError
from wrangler_compat.cloudflare.account import Account
from wrangler_compat.cloudflare.refusal import CloudflareApiError
from wrangler_compat.deploy.plan import Plan

#: The API's ways to say that there is no such Worker.
NO_WORKER = frozenset({10007, 10090, 10092})
_NO_SUBDOMAIN = 10007


@dataclass(frozen=True, slots=True)
class Deployed:
    """The Worker as it is: whether it exists, the migrations it has seen, its bindings (names and types).
    `subdomain` is the account's (`NAME.workers.dev`), None when the plan does not need it."""

    exists: bool
    migration_tag: str | None
    subdomain: str | None
    bound: frozenset[tuple[str, str]] = frozenset()


def look(plan: Plan, account: Account, *, companion_comes: bool) -> Deployed:
    """Ask what is there, before anything is changed. Raises UserError for what the upload would lack, such
    as the companion, unless it comes with this deploy."""
    exists, tag = _worker(plan.name, account)
    if not companion_comes:
        _require_companion(plan, account)
    subdomain = _subdomain(account) if plan.triggers.workers_dev else None
    if not exists:
        _refuse_missing(plan)
    asks = exists and any(binding.needs_resource for binding in plan.bindings)
    return Deployed(exists, tag, subdomain, _bound(plan.name, account) if asks else frozenset())


def _bound(name: str, account: Account) -> frozenset[tuple[str, str]]:
    bindings = account.call("GET", f"/workers/scripts/{name}/settings").get("bindings", [])
    return frozenset((binding["name"], binding["type"]) for binding in bindings)


def _require_companion(plan: Plan, account: Account) -> None:
    companion = plan.companion
    if companion is not None and not _worker(companion.name, account)[0]:
        raise UserError(
            f"The sandboxes of {plan.name} are objects of the Worker {companion.name}, which is not deployed "
            "yet. It comes with a deploy without --containers-rollout none, or with wrangler:\n"
            "  edge deploy --dry-run --outdir dist\n"
            "  cd dist/sandbox && npm install && npx wrangler deploy"
        )


def _worker(name: str, account: Account) -> tuple[bool, str | None]:
    try:
        service = account.call("GET", f"/workers/services/{name}")
    except CloudflareApiError as error:
        if error.code in NO_WORKER:
            return False, None
        raise
    script = service.get("default_environment", {}).get("script", {})
    return True, script.get("migration_tag")


def _subdomain(account: Account) -> str:
    try:
        return f"{account.call('GET', '/workers/subdomain')['subdomain']}.workers.dev"
    except CloudflareApiError as error:
        if error.code != _NO_SUBDOMAIN:
            raise
    raise UserError(
        "You need to register a workers.dev subdomain before publishing to workers.dev: "
        f"https://dash.cloudflare.com/{account.id}/workers/onboarding\n"
        'Or deploy to routes ("routes"), or set "workers_dev" to false.'
    )


def _refuse_missing(plan: Plan) -> None:
    """A new Worker has no secrets to inherit."""
    if plan.missing_secrets:
        raise UserError(
            f"These secrets are required, and {plan.name} is not deployed yet, so it has none to keep: "
            f"{', '.join(plan.missing_secrets)}.\nGive them with --secrets-file."
        )
