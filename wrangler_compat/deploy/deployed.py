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
    """The Worker as it is: whether it exists, and the migrations it has seen. `subdomain` is the account's
    (`NAME.workers.dev`), None when the plan does not need it."""

    exists: bool
    migration_tag: str | None
    subdomain: str | None


def look(plan: Plan, account: Account) -> Deployed:
    """Ask what is there, before anything is changed. Raises UserError for what the upload would lack."""
    exists, tag = _worker(plan.name, account)
    _require_companion(plan, account)
    subdomain = _subdomain(account) if plan.triggers.workers_dev else None
    if not exists:
        _refuse_missing(plan)
    return Deployed(exists, tag, subdomain)


def _require_companion(plan: Plan, account: Account) -> None:
    companion = plan.companion
    if companion is not None and not _worker(companion.name, account)[0]:
        raise UserError(
            f"The sandboxes of {plan.name} are objects of the Worker {companion.name}, which is not deployed "
            "yet. It is JavaScript with an image, so wrangler deploys it, with Docker:\n"
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
    """A new Worker has nothing to inherit."""
    unbound = [f"{binding.name} ({binding.label})" for binding in plan.bindings if binding.needs_resource]
    if unbound:
        raise UserError(
            f"These bindings name no resource, and {plan.name} is not deployed yet, so it has none to keep: "
            f"{', '.join(unbound)}.\nMake the resource, and put its id into the configuration."
        )
    missing = plan.missing_secrets
    if missing:
        raise UserError(
            f"These secrets are required, and {plan.name} is not deployed yet, so it has none to keep: "
            f"{', '.join(missing)}.\nGive them with --secrets-file."
        )
