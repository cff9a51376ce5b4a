from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from edge.errors import UnsupportedError
from tests.wrangler_compat.deploy.projects import ABSENT, SHOP, plan_of
from wrangler_compat.deploy.plan import UploadOptions, make_plan
from wrangler_compat.deploy.workerd.capnp import Embed
from wrangler_compat.deploy.workerd.services import configuration, data_folders

ADDRESS = "127.0.0.1:8080"
CART = {
    "durable_objects": {"bindings": [{"name": "CART", "class_name": "Cart"}]},
    "migrations": [{"tag": "v1", "new_sqlite_classes": ["Cart"]}],
}


def config_of(folder: Path, files: dict[str, str | bytes] | None = None, **config: Any) -> dict[str, Any]:
    plan = plan_of(folder, {"src/entry.py": SHOP, **(files or {})}, **config)
    made, warnings = configuration(plan, ADDRESS, allow_unsupported=False)
    assert warnings == []
    return made


def services(config: dict[str, Any]) -> dict[str, dict[str, Any]]:
    return {service["name"]: service for service in config["services"]}


def bindings(config: dict[str, Any]) -> dict[str, dict[str, Any]]:
    found = services(config)["shop"]["worker"]["bindings"]
    return {one["name"]: {key: value for key, value in one.items() if key != "name"} for one in found}


def test_a_plain_worker_is_one_service_behind_one_socket(tmp_path: Path) -> None:
    config = config_of(tmp_path, {"src/page.html": "<p>", "python_modules/a.so": b"\x7f"})
    assert config["sockets"] == [{"name": "http", "address": ADDRESS, "http": {}, "service": "shop"}]
    (service,) = config["services"]
    assert service["worker"]["modules"] == [
        {"name": "entry.py", "pythonModule": Embed("src/entry.py")},
        {"name": "page.html", "text": Embed("src/page.html")},
        {"name": "python_modules/a.so", "data": Embed("python_modules/a.so")},
        {"name": "python_modules/workers/__init__.py", "data": Embed("python_modules/workers/__init__.py")},
    ]
    assert service["worker"]["compatibilityFlags"] == ["python_workers"]
    assert data_folders(config) == []


def test_objects_lie_where_wrangler_has_them_also_after_a_new_name(tmp_path: Path) -> None:
    moved = {"tag": "v2", "renamed_classes": [{"from": "Old", "to": "Cart"}]}
    steps = [{"tag": "v1", "new_classes": ["Old"]}, moved]
    worker = services(config_of(tmp_path, **{**CART, "migrations": steps}))["shop"]["worker"]
    assert worker["durableObjectNamespaces"] == [
        {"className": "Cart", "uniqueKey": "shop-Old", "enableSql": False}
    ]
    assert worker["durableObjectStorage"] == {"localDisk": "edge/objects"}


def test_stores_have_folders_of_their_own(tmp_path: Path) -> None:
    stores = {
        "kv_namespaces": [{"binding": "KV", "id": "0" * 32}],
        "r2_buckets": [{"binding": "R2", "bucket_name": "bucket"}],
        "d1_databases": [{"binding": "DB", "database_id": "d1"}],
        "queues": {"producers": [{"binding": "Q", "queue": "q"}]},
    }
    config = config_of(tmp_path, **stores, **CART)
    assert sorted(data_folders(config)) == [
        "data/d1-objects",
        "data/kv-blobs",
        "data/kv-objects",
        "data/objects",
        "data/queues-objects",
        "data/r2-objects",
    ]
    bound = bindings(config)
    namespace = {"name": "edge/kv", "props": {"json": '{"namespace": "' + "0" * 32 + '"}'}}
    assert bound["KV"] == {"kvNamespace": namespace}
    assert bound["R2"] == {"r2Bucket": {"name": "edge/r2", "props": {"json": '{"bucket": "bucket"}'}}}
    assert bound["CART"] == {"durableObjectNamespace": "Cart"}


def test_what_names_no_resource_gets_its_own(tmp_path: Path) -> None:
    bound = bindings(config_of(tmp_path, kv_namespaces=[{"binding": "KV"}], d1_databases=[{"binding": "DB"}]))
    assert bound["KV"]["kvNamespace"]["props"] == {"json": '{"namespace": "KV"}'}
    (inner,) = bound["DB"]["wrapped"]["innerBindings"]
    assert inner["service"]["props"] == {"json": '{"database": "DB"}'}


def test_secrets_are_of_the_environment_and_in_no_file(tmp_path: Path) -> None:
    plan = plan_of(tmp_path, secrets={"required": ["A", "B"]})
    brought = make_plan(plan.project, UploadOptions(secrets={"A": "hush"}))
    config, _ = configuration(brought, ADDRESS, allow_unsupported=False)
    assert bindings(config) == {"A": {"fromEnvironment": "A"}, "B": {"fromEnvironment": "B"}}


def test_static_files_stand_in_front(tmp_path: Path) -> None:
    assets = {"directory": "public", "binding": "ASSETS", "not_found_handling": "404-page"}
    config = config_of(tmp_path, {"public/a.txt": "a", "public/_redirects": "/x /y"}, assets=assets)
    assert config["sockets"][0]["service"] == "edge/assets"
    assert services(config)["edge/assets"]["assets"] == {
        "path": "assets",
        "config": '{"not_found_handling": "404-page", "redirects": "/x /y"}',
        "userWorker": "shop",
    }
    assert bindings(config)["ASSETS"] == {"service": {"name": "edge/assets", "entrypoint": "AssetWorker"}}


def test_static_files_alone(tmp_path: Path) -> None:
    config = config_of(tmp_path, {"public/a.txt": "a"}, main=ABSENT, assets={"directory": "public"})
    assert [service["name"] for service in config["services"]] == ["edge/assets"]
    assert config["services"][0]["assets"]["compatibilityDate"] == "2026-10-01"


def test_a_service_may_be_the_worker_itself(tmp_path: Path) -> None:
    mine = {"binding": "ME", "service": "shop", "entrypoint": "Named", "props": {"a": 1}}
    target = {"name": "shop", "entrypoint": "Named", "props": {"json": '{"a": 1}'}}
    assert bindings(config_of(tmp_path, services=[mine]))["ME"] == {"service": target}


@pytest.mark.parametrize(
    ("config", "what"),
    [
        ({"ai": {"binding": "AI"}}, "AI (AI)"),
        ({"services": [{"binding": "OTHER", "service": "other"}]}, "OTHER (Worker)"),
        (
            {"durable_objects": {"bindings": [{"name": "D", "class_name": "D", "script_name": "o"}]}},
            "D (Durable Object)",
        ),
        (
            {"containers": [{"class_name": "Cart", "image": "docker.io/library/alpine:3"}]},
            "the container shop-cart",
        ),
    ],
)
def test_what_workerd_has_not_is_refused_or_left_out(
    tmp_path: Path, config: dict[str, Any], what: str
) -> None:
    plan = plan_of(tmp_path, {"src/entry.py": SHOP}, **config)
    with pytest.raises(UnsupportedError) as raised:
        configuration(plan, ADDRESS, allow_unsupported=False)
    assert f"workerd has nothing for {what} (docs/deploy.md)" in str(raised.value)
    made, warnings = configuration(plan, ADDRESS, allow_unsupported=True)
    assert warnings == [f"workerd has nothing for {what}: left out."]
    assert bindings(made) == {}
