"""`edge deploy` against `edge cloud`: what arrives, and what a fault leaves behind."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import httpx
import pytest
from click.testing import CliRunner, Result

from edge.errors import UserError
from tests.cloud.running import RunningCloud, cloud_in_thread
from tests.cloud.wrangling import Wrangler
from tests.wrangler_compat.deploy.projects import SHOP, write_project
from wrangler_compat.cli.main import edge
from wrangler_compat.cloud.cloud import Cloud
from wrangler_compat.cloud.workers.version import Version
from wrangler_compat.cloudflare.account import opened

MIGRATIONS = [{"tag": "v1", "new_sqlite_classes": ["Cart"]}]
CART = {"bindings": [{"name": "CART", "class_name": "Cart"}]}

Deploy = Callable[..., Result]


@pytest.fixture
def deploy(cloud: RunningCloud, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Deploy:
    """Deploys a project with this configuration, with flags of the command, to the cloud."""
    for name, value in cloud.environment.items():
        monkeypatch.setenv(name, value)

    def run(*flags: str, files: dict[str, str | bytes] | None = None, **config: Any) -> Result:
        write_project(tmp_path, {"src/entry.py": SHOP, **(files or {})}, **config)
        return CliRunner().invoke(edge, ["deploy", str(tmp_path), *flags])

    return run


def api(cloud: RunningCloud, path: str) -> Any:
    with opened(environment=cloud.environment) as account:
        return account.call("GET", path)


def current(inside: Cloud, account_id: str) -> Version:
    version = inside.workers.current(inside.workers.require(account_id, "shop"))
    assert version is not None
    return version


def live(cloud: RunningCloud) -> Version:
    return cloud.look(lambda inside: current(inside, cloud.account_id))


def modules(cloud: RunningCloud) -> dict[str, tuple[str, bytes]]:
    found = cloud.look(lambda inside: inside.workers.versions.modules(current(inside, cloud.account_id)))
    return {module.name: (module.type, module.content) for module in found}


def namespace(cloud: RunningCloud) -> str:
    with opened(environment=cloud.environment) as account:
        return str(account.call("POST", "/storage/kv/namespaces", body={"title": "carts"})["id"])


def test_a_new_worker_with_everything(cloud: RunningCloud, deploy: Deploy) -> None:
    answer = deploy(
        "--message",
        "first",
        files={"src/page.html": "<p>", "public/a.txt": "a"},
        kv_namespaces=[{"binding": "KV", "id": namespace(cloud)}],
        durable_objects=CART,
        migrations=MIGRATIONS,
        assets={"directory": "public"},
        triggers={"crons": ["0 4 * * *"]},
    )
    assert answer.exception is None, answer.output
    assert modules(cloud)["entry.py"] == ("text/x-python", SHOP.encode())
    assert modules(cloud)["page.html"] == ("text/plain", b"<p>")
    assert live(cloud).runtime["assets"]["manifest"]["/a.txt"]["size"] == 1
    assert api(cloud, "/workers/scripts/shop/schedules")["schedules"][0]["cron"] == "0 4 * * *"
    assert api(cloud, "/workers/scripts/shop/subdomain")["enabled"] is True
    version = api(cloud, "/workers/scripts/shop/versions")["items"][0]
    assert f"Current Version ID: {version['id']}" in answer.stdout
    assert f"  {cloud.origin.replace('127.0.0.1', 'shop.localhost')}\n" in answer.stdout
    assert version["annotations"]["workers/message"] == "first"


def test_the_next_deploy_is_a_version_and_keeps_secrets_and_data(
    cloud: RunningCloud, deploy: Deploy, tmp_path: Path
) -> None:
    (tmp_path / "s.json").write_text('{"KEY": "hush"}')
    deploy("--secrets-file", str(tmp_path / "s.json"), durable_objects=CART, migrations=MIGRATIONS)
    answer = deploy(files={"src/entry.py": "# two\n" + SHOP}, durable_objects=CART, migrations=MIGRATIONS)
    assert answer.exception is None, answer.output
    assert modules(cloud)["entry.py"][1].startswith(b"# two")
    assert len(api(cloud, "/workers/scripts/shop/versions")["items"]) == 2
    assert [secret["name"] for secret in api(cloud, "/workers/scripts/shop/secrets")] == ["KEY"]
    moved = [*MIGRATIONS, {"tag": "v2", "renamed_classes": [{"from": "Cart", "to": "Basket"}]}]
    basket = {"bindings": [{"name": "CART", "class_name": "Basket"}]}
    renamed = {"src/entry.py": SHOP.replace("Cart", "Basket")}
    assert deploy(files=renamed, durable_objects=basket, migrations=moved).exception is None
    service = api(cloud, "/workers/services/shop")
    assert service["default_environment"]["script"]["migration_tag"] == "v2"


def test_static_files_that_are_there_are_not_sent_again(deploy: Deploy) -> None:
    files: dict[str, str | bytes] = {"public/a.txt": "a", "public/b.txt": "b"}
    assert "Uploaded 2 of 2" in deploy(files=files, assets={"directory": "public"}).stdout
    files["public/b.txt"] = "changed"
    assert "Uploaded 1 of 2" in deploy(files=files, assets={"directory": "public"}).stdout


@pytest.mark.parametrize(
    ("config", "text"),
    [
        ({"kv_namespaces": [{"binding": "KV", "id": "0" * 32}]}, "KV"),
        ({"services": [{"binding": "OTHER", "service": "nowhere"}]}, "nowhere"),
        ({"durable_objects": CART}, "Cart"),
    ],
)
def test_what_cloudflare_refuses_changes_nothing(
    cloud: RunningCloud, deploy: Deploy, config: dict[str, Any], text: str
) -> None:
    deploy()
    before = live(cloud).id
    answer = deploy("--no-check", **config)
    assert isinstance(answer.exception, UserError)
    assert text in str(answer.exception)
    assert str(answer.exception).endswith("The Worker was not changed.")
    assert live(cloud).id == before


def test_a_wrong_token(cloud: RunningCloud, deploy: Deploy, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CLOUDFLARE_API_TOKEN", "wrong-token")
    answer = deploy()
    assert isinstance(answer.exception, UserError)
    assert "[code: 10000]" in str(answer.exception)
    assert "wrong-token" not in str(answer.exception) + answer.output


def test_the_plan_of_a_dry_run_is_what_arrives(cloud: RunningCloud, deploy: Deploy) -> None:
    plan = json.loads(deploy("--dry-run", "--json", vars={"A": "1"}).stdout)
    deploy(vars={"A": "1"})
    assert {name: kind for name, (kind, _) in modules(cloud).items()} == {
        module["name"]: module["type"] for module in plan["modules"]
    }
    sent = api(cloud, "/workers/scripts/shop/settings")
    assert sent["bindings"] == plan["metadata"]["bindings"]


def test_where_nobody_answers(deploy: Deploy, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(self: object, request: httpx.Request) -> httpx.Response:
        raise httpx.ConnectError("refused")

    monkeypatch.setattr(httpx.HTTPTransport, "handle_request", refuse)
    monkeypatch.setattr("cloudflare._base_client.BaseClient._calculate_retry_timeout", lambda *_: 0.0)
    answer = deploy()
    assert isinstance(answer.exception, UserError)
    assert "could not be reached" in str(answer.exception)


@pytest.mark.peers
@pytest.mark.slow
def test_wrangler_leaves_the_same_worker_behind(cloud: RunningCloud, deploy: Deploy, tmp_path: Path) -> None:
    config: dict[str, Any] = {
        "vars": {"A": "1", "B": [2]},
        "durable_objects": CART,
        "migrations": MIGRATIONS,
        "assets": {"directory": "public", "binding": "ASSETS", "run_worker_first": ["/api/*"]},
        "triggers": {"crons": ["0 4 * * *"]},
        "observability": {"enabled": True},
    }
    assert deploy(files={"public/a.txt": "a", "public/_headers": "/*\n  X: 1"}, **config).exception is None
    left = worker(cloud)
    with cloud_in_thread() as other:
        Wrangler(other, tmp_path)("deploy")
        assert worker(other) == left
    assert len(left["modules"]) == 2


def worker(cloud: RunningCloud) -> dict[str, Any]:
    """What is there after a deploy, without what differs from one to the next."""
    paths = ("settings", "subdomain", "schedules", "script-settings")
    found = {path: api(cloud, f"/workers/scripts/shop/{path}") for path in paths}
    found["schedules"] = [schedule["cron"] for schedule in found["schedules"]["schedules"]]
    del found["subdomain"]["url"]  # has the port of this cloud
    return {**found, "modules": modules(cloud), "assets": live(cloud).runtime["assets"]}


UPLOAD = "PUT /workers/scripts/shop"


@pytest.fixture
def at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """No waits between tries."""
    monkeypatch.setattr("cloudflare._base_client.BaseClient._calculate_retry_timeout", lambda *_: 0.0)


@pytest.mark.usefixtures("at_once")
@pytest.mark.parametrize("effect", ["500x2", "429/1x2", "cutx2", "lostx1"])
def test_faults_that_pass_are_not_seen(cloud: RunningCloud, deploy: Deploy, effect: str) -> None:
    cloud.look(lambda inside: inside.faults.add(f"{UPLOAD}={effect}"))
    answer = deploy()
    assert answer.exit_code == 0, answer.output
    assert modules(cloud)["entry.py"][1] == SHOP.encode()


@pytest.mark.usefixtures("at_once")
@pytest.mark.parametrize(
    ("effect", "words"),
    [
        ("500", "The fault is Cloudflare's"),
        ("429/1", "Wait 1 s and run the command again"),
        ("cut", "could not be reached"),
        ("html", "The fault is Cloudflare's"),
    ],
)
def test_faults_that_stay_are_one_message_and_change_nothing(
    cloud: RunningCloud, deploy: Deploy, effect: str, words: str
) -> None:
    cloud.look(lambda inside: inside.faults.add(f"{UPLOAD}={effect}"))
    answer = deploy()
    assert isinstance(answer.exception, UserError)
    assert words in str(answer.exception)
    assert api(cloud, "/workers/scripts") == []


@pytest.mark.usefixtures("at_once")
def test_migrations_that_arrived_without_an_answer_are_not_sent_again(
    cloud: RunningCloud, deploy: Deploy
) -> None:
    cloud.look(lambda inside: inside.faults.add(f"{UPLOAD}=lostx1"))
    answer = deploy(durable_objects=CART, migrations=MIGRATIONS)
    assert isinstance(answer.exception, UserError)
    assert "Whether the upload arrived is not known" in str(answer.exception)
    assert deploy(durable_objects=CART, migrations=MIGRATIONS).exit_code == 0
    service = api(cloud, "/workers/services/shop")
    assert service["default_environment"]["script"]["migration_tag"] == "v1"
