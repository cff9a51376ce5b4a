from __future__ import annotations

from pathlib import Path
from typing import Any

import httpx
import pytest

from edge.errors import UserError
from tests.wrangler_compat.deploy.api import VERSION, Api, Fault, failing, raising
from tests.wrangler_compat.deploy.projects import ABSENT, ENTRY, plan_of, write_project
from wrangler_compat.cloudflare.refusal import CloudflareApiError
from wrangler_compat.deploy.plan import Plan, UploadOptions, make_plan
from wrangler_compat.deploy.project import DeployOptions, read_project

PUT = "PUT /workers/scripts/shop"
VERSIONS, DEPLOYMENTS = "POST /workers/scripts/shop/versions", "POST /workers/scripts/shop/deployments"
MIGRATIONS = [{"tag": "v1", "new_sqlite_classes": ["A"]}, {"tag": "v2", "deleted_classes": ["A"]}]


def test_a_new_worker_is_put_whole(tmp_path: Path) -> None:
    api = Api()
    outcome, said = api.run(plan_of(tmp_path, {"src/page.html": "<p>"}, migrations=MIGRATIONS[:1]))
    form = api.sent[PUT]
    assert form["entry.py"] == ("text/x-python", ENTRY.encode())
    assert form["page.html"] == ("text/plain", b"<p>")
    assert form["metadata"]["migrations"] == {"new_tag": "v1", "steps": [{"new_sqlite_classes": ["A"]}]}
    assert form["metadata"]["code_update_strategy"] == {"mode": "deferred", "max_delay": 300}
    assert (outcome.version_id, outcome.targets) == (VERSION, ("https://shop.me.workers.dev",))
    assert said[0] == "Worker Startup Time: 12 ms"
    assert said[1].startswith("Uploaded shop (")
    assert said[-1] == f"Current Version ID: {VERSION}"


def test_a_worker_that_exists_gets_a_version_and_a_deployment_of_it(tmp_path: Path) -> None:
    api = Api(worker={"migration_tag": "v1"})
    outcome, _ = api.run(plan_of(tmp_path, migrations=MIGRATIONS[:1]))
    assert PUT not in api.calls
    assert "migrations" not in api.sent[VERSIONS]["metadata"]
    assert api.sent[DEPLOYMENTS]["versions"] == [{"version_id": VERSION, "percentage": 100}]
    assert outcome.version_id == VERSION


@pytest.mark.parametrize(
    "config",
    [{"migrations": MIGRATIONS}, {"exports": {"A": {"type": "durable-object", "storage": "sqlite"}}}],
)
def test_changes_of_classes_are_put(tmp_path: Path, config: dict[str, Any]) -> None:
    api = Api(worker={"migration_tag": "v1"})
    api.run(plan_of(tmp_path, **config))
    assert (PUT in api.calls, VERSIONS in api.calls) == (True, False)


def test_only_new_migrations_are_sent(tmp_path: Path) -> None:
    api = Api(worker={"migration_tag": "v1"})
    api.run(plan_of(tmp_path, migrations=MIGRATIONS))
    sent = api.sent[PUT]["metadata"]["migrations"]
    assert sent == {"old_tag": "v1", "new_tag": "v2", "steps": [{"deleted_classes": ["A"]}]}


def test_a_migration_that_is_gone_from_the_configuration_is_warned_about(tmp_path: Path) -> None:
    _, said = Api(worker={"migration_tag": "v0"}).run(plan_of(tmp_path, migrations=MIGRATIONS))
    assert [line for line in said if line.startswith("warning") and '"v0"' in line]


def test_logs_are_set_beside_a_version_and_a_failure_is_a_warning(tmp_path: Path) -> None:
    api = Api(worker={})
    api.run(plan_of(tmp_path, logpush=True))
    path = "PATCH /workers/scripts/shop/script-settings"
    assert api.sent[path] == {"logpush": True, "observability": {"enabled": False}}
    api.faults[path] = failing(403)
    outcome, said = api.run(plan_of(tmp_path))
    assert outcome.version_id == VERSION
    assert [line for line in said if line.startswith("warning: Logs and tail consumers could not be set")]


def secret_plan(folder: Path, secrets: dict[str, str]) -> Plan:
    path = write_project(folder, secrets={"required": ["KEY"]})
    return make_plan(read_project(path, DeployOptions(process={})), UploadOptions(secrets))


def test_secrets_of_a_file_go_with_the_version(tmp_path: Path) -> None:
    api = Api()
    api.run(secret_plan(tmp_path, {"KEY": "hush"}))
    assert api.sent[PUT]["metadata"]["bindings"] == [{"name": "KEY", "type": "secret_text", "text": "hush"}]


def test_a_required_secret_is_inherited_or_missed(tmp_path: Path) -> None:
    api = Api(worker={})
    api.run(secret_plan(tmp_path, {}))
    assert api.sent[VERSIONS]["metadata"]["bindings"] == [{"name": "KEY", "type": "inherit"}]
    new = Api()
    with pytest.raises(UserError, match="none to keep: KEY"):
        new.run(secret_plan(tmp_path, {}))
    assert new.changes == []


def test_containers_are_left_alone(tmp_path: Path) -> None:
    container = {"class_name": "Box", "image": "docker.io/library/alpine:3"}
    plan = plan_of(tmp_path, containers=[container])
    api = Api(worker={})
    api.run(plan, rollout="none")
    assert not [call for call in api.calls if "/containers" in call]
    assert api.sent[PUT]["metadata"]["containers"] == [{"name": "shop-box", "class_name": "Box"}]


def test_without_a_subdomain_nothing_is_uploaded(tmp_path: Path) -> None:
    api = Api(subdomain=None)
    with pytest.raises(UserError, match="register a workers.dev subdomain"):
        api.run(plan_of(tmp_path))
    assert api.changes == []
    outcome, _ = api.run(plan_of(tmp_path, workers_dev=False))
    assert outcome.targets == ()


# -- static files ---------------------------------------------------------------------------------

ASSETS = {"public/a.txt": "a", "public/b": "b", "public/_headers": "/*\n  X: 1"}
SESSION, UPLOAD = "POST /workers/scripts/shop/assets-upload-session", "POST /workers/assets/upload"


def assets_plan(folder: Path, **config: Any) -> Plan:
    return plan_of(folder, ASSETS, assets={"directory": "public", "html_handling": "none"}, **config)


def test_only_files_that_cloudflare_lacks_are_sent(tmp_path: Path) -> None:
    api, plan = Api(), assets_plan(tmp_path)
    text, bare = plan.assets
    _, said = api.run(plan)
    assert said[0] == "✨ Uploaded 2 of 2 static files"
    assert api.sent[UPLOAD] == {bare.hash: ("application/null", b"Yg==")}
    assert api.sent[PUT]["metadata"]["assets"] == {
        "jwt": "complete",
        "config": {"html_handling": "none", "_headers": "/*\n  X: 1"},
    }
    again = Api(known_hashes={text.hash, bare.hash})
    _, said = again.run(plan)
    assert said[0] == "✨ Uploaded 0 of 2 static files"
    assert again.sent[PUT]["metadata"]["assets"]["jwt"] == "session"
    assert UPLOAD not in again.calls


def test_the_upload_of_files_has_a_token_of_its_own(tmp_path: Path) -> None:
    tokens = []
    api = Api()

    def answer(request: httpx.Request) -> httpx.Response:
        tokens.append(request.headers["authorization"])
        return httpx.Response(200, json={"success": True, "result": {"jwt": "complete"}})

    api.faults[UPLOAD] = answer
    api.run(assets_plan(tmp_path))
    assert tokens == ["Bearer session"] * 2


def test_static_files_alone(tmp_path: Path) -> None:
    api = Api(worker={})
    api.run(assets_plan(tmp_path, main=ABSENT))
    assert set(api.sent[VERSIONS]) == {"metadata"}
    assert set(api.sent[VERSIONS]["metadata"]) == {"compatibility_date", "compatibility_flags", "assets"}


# -- faults ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("call", "fault"),
    [
        (SESSION, failing(403)),
        (SESSION, failing(500)),
        (UPLOAD, failing(500)),
        (UPLOAD, raising(httpx.WriteError("cut off"))),
        (PUT, failing(400)),
    ],
)
def test_a_failure_that_changed_nothing_says_so(tmp_path: Path, call: str, fault: Fault) -> None:
    api = Api(faults={call: fault})
    with pytest.raises(CloudflareApiError) as raised:
        api.run(assets_plan(tmp_path))
    assert str(raised.value).endswith("The Worker was not changed.")
    assert api.calls[-1] == call


@pytest.mark.parametrize(
    "fault", [failing(500), raising(httpx.ReadTimeout("slow")), raising(httpx.WriteError("cut off"))]
)
def test_an_upload_that_failed_otherwise_may_have_arrived(tmp_path: Path, fault: Fault) -> None:
    api = Api(faults={PUT: fault})
    with pytest.raises(CloudflareApiError, match="Whether the upload arrived is not known"):
        api.run(plan_of(tmp_path))
    assert api.calls[-1] == PUT


def test_a_refusal_of_a_second_try_does_not_speak_for_the_first(tmp_path: Path) -> None:
    api = Api()

    def first(_: httpx.Request) -> httpx.Response:
        api.faults[PUT] = failing(412, 10079, "the tag is another")
        return httpx.Response(502, headers={"retry-after-ms": "1"})

    api.faults[PUT] = first
    with pytest.raises(CloudflareApiError) as raised:
        api.run(plan_of(tmp_path), retries=1)
    assert (raised.value.code, raised.value.tries) == (10079, 2)
    assert "Whether the upload arrived is not known" in str(raised.value)


@pytest.mark.parametrize("status", [400, 500])
def test_a_version_that_is_stored_and_not_live_leaves_the_worker_alone(tmp_path: Path, status: int) -> None:
    api = Api(worker={}, faults={VERSIONS: failing(status)})
    with pytest.raises(CloudflareApiError, match="The Worker was not changed"):
        api.run(plan_of(tmp_path))
    assert api.changes == [VERSIONS]


@pytest.mark.parametrize(("status", "words"), [(400, "but is not live"), (500, "but may not be live")])
def test_a_version_that_did_not_go_live_is_named(tmp_path: Path, status: int, words: str) -> None:
    api = Api(worker={}, faults={DEPLOYMENTS: failing(status)})
    with pytest.raises(CloudflareApiError, match=f"The version {VERSION} was uploaded, {words}"):
        api.run(plan_of(tmp_path))
    assert api.calls[-1] == DEPLOYMENTS


def test_what_cloudflare_says_of_the_code_is_said(tmp_path: Path) -> None:
    api = Api(faults={PUT: failing(400, 10021, "ModuleNotFoundError: No module named 'shelf'")})
    with pytest.raises(CloudflareApiError, match=r"No module named 'shelf' \[code: 10021\]"):
        api.run(plan_of(tmp_path))


def test_a_fault_that_passes_is_not_seen(tmp_path: Path) -> None:
    api = Api()

    def once(_: httpx.Request) -> httpx.Response:
        del api.faults[PUT]
        return httpx.Response(502, headers={"retry-after-ms": "1"})

    api.faults[PUT] = once
    outcome, _ = api.run(plan_of(tmp_path), retries=1)
    assert outcome.version_id == VERSION
    assert api.calls.count(PUT) == 2
