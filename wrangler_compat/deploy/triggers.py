"""What leads to a Worker: workers.dev, routes, custom domains, schedules, queues, workflows.

Each is set on its own, after the upload; what fails is said at the end, and the rest stands.

Source: spec wrangler.md section 7.6, step 5; wrangler's triggers/deploy.ts, publish-routes.ts and
queue-consumers.ts.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from functools import partial
from typing import Any

from edge.errors import UserError
from wrangler_compat.cloudflare.account import Account
from wrangler_compat.cloudflare.refusal import CloudflareApiError
from wrangler_compat.deploy.deployed import Deployed
from wrangler_compat.deploy.plan import Plan
from wrangler_compat.deploy.report import trigger_lines

_WORKERS_DEV = "workers.dev"
#: The day whose rules for preview URLs are meant.
_SUBDOMAIN_API = {"Cloudflare-Workers-Script-Api-Date": "2025-08-01"}
_CONSUMER_SETTINGS = {
    "batch_size": "max_batch_size",
    "max_retries": "max_retries",
    "max_concurrency": "max_concurrency",
    "visibility_timeout_ms": "visibility_timeout_ms",
    "retry_delay": "retry_delay",
}


def set_triggers(plan: Plan, deployed: Deployed, account: Account) -> list[str]:
    """Set all of them; where the Worker can be reached. Raises UserError with what could not be set."""
    script = f"/workers/scripts/{plan.name}"
    failed, answers = [], dict[str, object]()
    for what, setting in _settings(plan, account, script):
        try:
            answers[what] = setting()
        except CloudflareApiError as error:
            failed.append(f"  {what}:\n    " + error.message.replace("\n", "\n    "))
    if failed:
        raise UserError(
            f'Trigger configuration for "{plan.name}" was only partially updated:\n\n'
            + "\n\n".join(failed)
            + "\n\nThe new version is live, and the other triggers are set: mend this and deploy again."
        )
    address = answers[_WORKERS_DEV] or f"https://{plan.name}.{deployed.subdomain}"
    addresses = [str(address)] if plan.triggers.workers_dev else []
    return [*addresses, *trigger_lines(plan.triggers), *_others(plan.project.settings)]


def _settings(plan: Plan, account: Account, script: str) -> Iterator[tuple[str, Callable[[], object]]]:
    triggers, settings = plan.triggers, plan.project.settings
    yield _WORKERS_DEV, partial(_workers_dev, plan, account, script)
    if triggers.routes:
        routes = [dict(route) for route in triggers.routes]
        yield "Routes", partial(account.call, "PUT", f"{script}/routes", body=routes)
    if triggers.custom_domains:
        yield "Custom domains", partial(_custom_domains, plan, account, script)
    if triggers.crons is not None:
        crons = [{"cron": cron} for cron in triggers.crons]
        yield "Cron schedules", partial(account.call, "PUT", f"{script}/schedules", body=crons)
    for consumer in settings.get("queues", {}).get("consumers", ()):
        yield "Queue consumers", partial(_consumer, consumer, plan.name, account)
    for workflow in settings.get("workflows", ()):
        if workflow.get("script_name", plan.name) == plan.name:
            yield "Workflows", partial(_workflow, workflow, plan.name, account)


def _workers_dev(plan: Plan, account: Account, script: str) -> str | None:
    """Switch it on or off; the address, when the answer has it."""
    wanted: dict[str, Any] = {"enabled": plan.triggers.workers_dev}
    if plan.triggers.preview_urls is not None:
        wanted["previews_enabled"] = plan.triggers.preview_urls
    answer = account.call("POST", f"{script}/subdomain", body=wanted, headers=_SUBDOMAIN_API)
    return answer.get("url") or None


def _custom_domains(plan: Plan, account: Account, script: str) -> None:
    """A domain of another Worker, or one with DNS records of its own, is not taken over."""
    names = ("zone_id", "zone_name", "enabled", "previews_enabled")
    origins = [
        {"hostname": domain["pattern"], **{name: domain[name] for name in names if name in domain}}
        for domain in plan.triggers.custom_domains
    ]
    safe = {"override_scope": True, "override_existing_origin": False, "override_existing_dns_record": False}
    account.call("PUT", f"{script}/domains/records", body={**safe, "origins": origins})


def _workflow(workflow: Mapping[str, Any], worker: str, account: Account) -> None:
    schedules = workflow.get("schedules")
    crons = [schedules] if isinstance(schedules, str) else schedules
    body = {"script_name": worker, "class_name": workflow["class_name"]}
    more = {"limits": workflow.get("limits"), "schedules": crons and [{"cron": cron} for cron in crons]}
    given = {key: value for key, value in more.items() if value}
    account.call("PUT", f"/workflows/{workflow['name']}", body={**body, **given})


def _consumer(consumer: Mapping[str, Any], worker: str, account: Account) -> None:
    name = consumer["queue"]
    queues = account.call("GET", "/queues", query={"name": name, "page": 1})
    queue = next((queue for queue in queues or () if queue["queue_name"] == name), None)
    if queue is None:
        raise CloudflareApiError(f'Queue "{name}" does not exist. Make it first.')
    timeout_s = consumer.get("max_batch_timeout")
    settings = {sent: consumer[own] for sent, own in _CONSUMER_SETTINGS.items() if own in consumer}
    body: dict[str, Any] = {
        "type": consumer.get("type", "worker"),
        "script_name": worker,
        "settings": {**settings, **({} if timeout_s is None else {"max_wait_time_ms": timeout_s * 1000})},
    }
    if "dead_letter_queue" in consumer:
        body["dead_letter_queue"] = consumer["dead_letter_queue"]
    consumers = queue.get("consumers", ())
    known = next((one for one in consumers if worker in (one.get("script"), one.get("service"))), None)
    path = f"/queues/{queue['queue_id']}/consumers"
    if known is None:
        account.call("POST", path, body=body)
    else:
        account.call("PUT", f"{path}/{known['consumer_id']}", body=body)


def _others(settings: Mapping[str, Any]) -> list[str]:
    queues = settings.get("queues", {})
    producers = [entry.get("queue", entry["binding"]) for entry in queues.get("producers", ())]
    return [
        *(f"Producer for {queue}" for queue in producers),
        *(f"Consumer for {entry['queue']}" for entry in queues.get("consumers", ())),
        *(f"workflow: {entry['name']}" for entry in settings.get("workflows", ())),
    ]
