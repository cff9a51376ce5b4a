from __future__ import annotations

import json
import re
from functools import partial
from pathlib import Path
from typing import Any

import httpx
import pytest
from click.testing import CliRunner, Result

from edge.errors import UserError
from tests.wrangler_compat.deploy.api import ENVIRONMENT, VERSION, Api, failing
from tests.wrangler_compat.deploy.projects import SHOP, write_project
from wrangler_compat.cli.main import edge
from wrangler_compat.cloudflare import account
from wrangler_compat.cloudflare.refusal import CloudflareApiError


def deploy(folder: Path, *flags: str) -> Result:
    return CliRunner().invoke(edge, ["deploy", str(folder), *flags])


NAMESPACE = "0123456789abcdef0123456789abcdef"


@pytest.fixture
def shop(tmp_path: Path) -> Path:
    config: dict[str, Any] = {
        "vars": {"GREETING": "hello"},
        "kv_namespaces": [{"binding": "KV", "id": NAMESPACE}],
        "durable_objects": {"bindings": [{"name": "CART", "class_name": "Cart"}]},
        "assets": {"directory": "public"},
        "triggers": {"crons": ["0 4 * * *"]},
        "migrations": [{"tag": "v1", "new_sqlite_classes": ["Cart"]}],
    }
    write_project(tmp_path, {"src/entry.py": SHOP, "public/a.txt": "a"}, **config)
    return tmp_path


def test_a_dry_run_shows_every_file_binding_and_trigger(shop: Path) -> None:
    answer = deploy(shop, "--dry-run")
    assert (answer.exit_code, answer.stderr) == (0, "")
    lines = answer.stdout.splitlines()
    assert lines[0].split() == ["Module", "Type", "Size"]
    assert lines[1].split() == ["entry.py", "text/x-python", "0.15", "KiB"]
    assert f"env.KV ({NAMESPACE})  KV Namespace" in lines
    assert 'env.GREETING ("hello")                     Environment Variable' in lines
    assert [line for line in lines if line.startswith("/a.txt  ")]
    assert [line for line in lines if line.startswith("Total Upload: 0.15 KiB / gzip: ")]
    assert lines[-3:] == ["Trigger: schedule: 0 4 * * *", "Trigger: workers.dev", "--dry-run: exiting now."]


def test_the_plan_as_json(shop: Path) -> None:
    plan = json.loads(deploy(shop, "--dry-run", "--json").stdout)
    assert [module["name"] for module in plan["modules"]] == [
        "entry.py",
        "python_modules/workers/__init__.py",
    ]
    assert plan["assets"][0]["path"] == "/a.txt"
    assert plan["metadata"]["main_module"] == "entry.py"
    assert plan["migrations"] == [{"tag": "v1", "new_sqlite_classes": ["Cart"]}]
    assert plan["total"]["size_bytes"] == sum(module["size_bytes"] for module in plan["modules"])


def test_the_written_folder_gives_the_same_plan(shop: Path, tmp_path: Path) -> None:
    dist = tmp_path / "dist"
    flags = ("--dry-run", "--json")
    whole = json.loads(deploy(shop, *flags, "--outdir", str(dist), "--var", "GREETING:hi").stdout)
    again = json.loads(deploy(dist, *flags).stdout)
    assert again == whole
    assert {"name": "GREETING", "type": "plain_text", "text": "hi"} in whole["metadata"]["bindings"]


def test_warnings_go_to_standard_error(shop: Path) -> None:
    (shop / "python_modules/workers/__init__.py").unlink()
    answer = deploy(shop, "--dry-run", "--json")
    assert "[WARNING] The module `workers` is not vendored" in answer.stderr
    assert json.loads(answer.stdout)["warnings"]


def test_a_doubtful_configuration_is_told_once(shop: Path) -> None:
    answer = deploy(shop, "--dry-run", "--env", "nope")
    assert answer.stderr.count('No environment found in configuration with name "nope"') == 1


@pytest.mark.parametrize("target", ["cloudflare", "workerd"])
def test_an_impossible_folder_for_the_bundle_is_named(shop: Path, target: str) -> None:
    answer = deploy(shop, "--dry-run", "--target", target, "--outdir", "/proc/no/dist")
    assert isinstance(answer.exception, UserError)
    assert re.match("cannot write /proc/no/dist/.*: No such file or directory", str(answer.exception))


def test_minify_is_refused_with_its_reason(shop: Path) -> None:
    answer = deploy(shop, "--minify")
    assert isinstance(answer.exception, UserError)
    assert "Python is not minified" in str(answer.exception)


def test_a_variable_that_is_none(shop: Path) -> None:
    answer = deploy(shop, "--dry-run", "--var", "novalue")
    assert answer.exit_code == 1
    assert "KEY:VALUE" in answer.stderr


@pytest.fixture
def api(monkeypatch: pytest.MonkeyPatch) -> Api:
    """The API that `edge deploy` finds."""
    found = Api()
    for name, value in ENVIRONMENT.items():
        monkeypatch.setenv(name, value)
    transport = httpx.MockTransport(found.answer)
    monkeypatch.setattr(account, "opened", partial(account.opened, transport=transport, retries=0))
    return found


def test_a_deploy_says_what_wrangler_says(shop: Path, api: Api) -> None:
    answer = deploy(shop, "--tag", "t1", "--message", "first")
    assert (answer.exit_code, answer.stderr) == (0, "")
    lines = answer.stdout.splitlines()
    assert lines[0].startswith("Total Upload: 0.15 KiB / gzip: ")
    assert "✨ Uploaded 1 of 1 static files" in lines
    assert lines[-4].startswith("Deployed shop triggers (")
    assert lines[-3:] == [
        "  https://shop.me.workers.dev",
        "  schedule: 0 4 * * *",
        f"Current Version ID: {VERSION}",
    ]
    annotations = api.sent["PUT /workers/scripts/shop"]["metadata"]["annotations"]
    assert annotations == {"workers/message": "first", "workers/tag": "t1"}


def test_what_is_live_as_json(shop: Path, api: Api) -> None:
    assert json.loads(deploy(shop, "--json").stdout) == {
        "name": "shop",
        "version_id": VERSION,
        "targets": ["https://shop.me.workers.dev", "schedule: 0 4 * * *"],
    }


def test_secrets_are_sent_and_never_shown(shop: Path, api: Api) -> None:
    secrets = shop / "secrets.json"
    secrets.write_text('{"KEY": "hush"}')
    texts = [
        deploy(shop, *flags, "--secrets-file", str(secrets)).output for flags in ((), ("--dry-run", "--json"))
    ]
    assert "env.KEY (hidden)" in texts[0]
    assert "hush" not in "".join(texts)
    assert b"hush" in json.dumps(api.sent["PUT /workers/scripts/shop"]["metadata"]).encode()


def test_a_wrong_token_is_one_message_without_the_token(shop: Path, api: Api) -> None:
    api.faults["GET /workers/services/shop"] = failing(403, 10000, "Authentication error")
    answer = deploy(shop)
    assert isinstance(answer.exception, CloudflareApiError)
    assert "Check CLOUDFLARE_API_TOKEN" in str(answer.exception)
    assert ENVIRONMENT["CLOUDFLARE_API_TOKEN"] not in answer.output + str(answer.exception)
    assert api.changes == []


def test_without_a_token_nothing_is_asked(shop: Path, api: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("CLOUDFLARE_API_TOKEN")
    answer = deploy(shop)
    assert isinstance(answer.exception, UserError)
    assert "CLOUDFLARE_API_TOKEN is not set" in str(answer.exception)
    assert api.calls == []


SUBPROCESS = "import subprocess\n\n\ndef run():\n    subprocess.run(['ls'])\n"


def broken(shop: Path) -> Path:
    entry = shop / "src/entry.py"
    entry.write_text(entry.read_text() + "\nfrom helper import run\n")
    (shop / "src/helper.py").write_text(SUBPROCESS)
    return shop


def test_what_would_not_run_there_is_not_uploaded(shop: Path, api: Api) -> None:
    answer = deploy(broken(shop))
    assert isinstance(answer.exception, UserError)
    assert "Nothing was uploaded: this would not run on Cloudflare." in str(answer.exception)
    assert "helper.py:5:" in answer.stderr
    assert api.calls == []


def test_unless_told_otherwise(shop: Path, api: Api) -> None:
    answer = deploy(broken(shop), "--no-check")
    assert (answer.exit_code, answer.stderr) == (0, "")
    assert "PUT /workers/scripts/shop" in api.calls


def test_a_dry_run_says_what_would_not_run_there(shop: Path) -> None:
    answer = deploy(broken(shop), "--dry-run")
    assert (answer.exit_code, "helper.py:5:" in answer.stderr) == (0, True)


def test_a_folder_for_workerd_keeps_its_data(shop: Path, tmp_path: Path) -> None:
    flags = ("--target", "workerd", "--outdir", str(tmp_path / "dist"), "--listen", "*:80")
    assert deploy(shop, *flags).exit_code == 0
    data = tmp_path / "dist/data/kv-objects/file"
    data.write_text("kept")
    answer = deploy(shop, *flags)
    assert f"cd {tmp_path / 'dist'} && workerd serve --experimental workerd.capnp" in answer.stdout
    assert data.read_text() == "kept"
    assert 'address = "*:80"' in (tmp_path / "dist/workerd.capnp").read_text()


def test_workerd_needs_a_folder(shop: Path) -> None:
    assert "say which with --outdir" in str(deploy(shop, "--target", "workerd").exception)


def test_ctrl_c_says_that_nobody_knows_how_far_it_came(shop: Path, api: Api) -> None:
    def interrupted(_: httpx.Request) -> httpx.Response:
        raise KeyboardInterrupt

    api.faults["PUT /workers/scripts/shop"] = interrupted
    answer = deploy(shop)
    assert isinstance(answer.exception, UserError)
    assert "`edge deployments status` tells what is live" in str(answer.exception)
    assert "PUT /workers/scripts/shop" in api.calls
