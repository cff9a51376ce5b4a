"""The companion is deployed by wrangler, which npm brings, unless it is live as it is."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from edge.errors import UserError
from tests.wrangler_compat.deploy.api import ENVIRONMENT, Api, refusal, result
from tests.wrangler_compat.deploy.test_companion import plan
from wrangler_compat.cloudflare.account import Account, opened
from wrangler_compat.deploy.companion_deploy import Prepared, prepare

DEPLOYMENTS = "GET /workers/scripts/shop-sandbox/deployments"
VERSION = "GET /workers/scripts/shop-sandbox/versions/v1"
#: Writes down what it was asked, and brings what the companion needs.
NPM = """\
#!/bin/sh
echo "npm $*" >> ../calls
mkdir -p node_modules/.bin node_modules/@cloudflare/sandbox node_modules/wrangler
echo '{"version": "0.12.7"}' > node_modules/@cloudflare/sandbox/package.json
echo '{"version": "4.200.0"}' > node_modules/wrangler/package.json
printf '#!/bin/sh\\necho "wrangler $* $CLOUDFLARE_ACCOUNT_ID" >> ../calls\\necho told\\nexit $FAILS\\n' \\
  > node_modules/.bin/wrangler
chmod +x node_modules/.bin/wrangler
"""


@pytest.fixture
def prepared(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Prepared:
    """The companion of a project, and an npm that costs nothing."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    monkeypatch.setenv("FAILS", "0")
    npm = tmp_path / "bin" / "npm"
    npm.parent.mkdir()
    npm.write_text(NPM)
    npm.chmod(0o755)
    monkeypatch.setenv("PATH", f"{npm.parent}:/usr/bin:/bin")
    companion = plan(tmp_path).companion
    assert companion is not None
    return prepare(companion)


@pytest.fixture
def api() -> Api:
    """Nothing is deployed yet; what wrangler deploys is seen the next time."""
    found = Api()
    found.faults[DEPLOYMENTS] = lambda _: refusal(404, 10007, "This Worker does not exist on your account.")
    return found


@pytest.fixture
def account(api: Api) -> Iterator[Account]:
    with opened(environment=ENVIRONMENT, transport=httpx.MockTransport(api.answer), retries=0) as found:
        yield found


def live(api: Api, tag: str) -> None:
    shares = [{"version_id": "v1", "percentage": 100}]
    api.faults[DEPLOYMENTS] = lambda _: result({"deployments": [{"versions": shares}]})
    api.faults[VERSION] = lambda _: result({"id": "v1", "annotations": {"workers/tag": tag}})


def calls(prepared: Prepared) -> list[str]:
    path = prepared.folder.parent / "calls"
    return path.read_text().splitlines() if path.exists() else []


def test_wrangler_deploys_what_changed(prepared: Prepared, api: Api, account: Account) -> None:
    live(api, "edge-of-another-time")
    for _ in range(2):
        assert prepared.deploy(account, lambda _: None, lambda _: None) == "v1"
    deployed = f"wrangler deploy --containers-rollout none --tag {prepared.tag} acc"
    assert calls(prepared) == ["npm install --no-audit --no-fund", deployed, deployed]


def test_what_is_live_as_it_is_stays(prepared: Prepared, api: Api, account: Account) -> None:
    live(api, prepared.tag)
    said: list[str] = []
    assert prepared.deploy(account, said.append, said.append) == "v1"
    assert said == ["The companion shop-sandbox is live as it is."]
    assert calls(prepared) == []


def test_a_change_has_another_tag(prepared: Prepared, tmp_path: Path) -> None:
    same = plan(tmp_path).companion
    other = plan(tmp_path, vars={"SANDBOX_TRANSPORT": "websocket"}).companion
    assert same is not None
    assert other is not None
    assert prepare(same) == prepared
    assert prepare(other).folder == prepared.folder
    assert prepare(other).tag != prepared.tag


def test_without_npm(
    prepared: Prepared, api: Api, account: Account, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(UserError, match=r"shop-sandbox, which is not deployed yet.*install Node\.js"):
        prepared.deploy(account, lambda _: None, lambda _: None)
    live(api, "edge-of-another-time")
    warned: list[str] = []
    assert prepared.deploy(account, lambda _: None, warned.append) == "v1"
    assert "is not the one of this project, and stays" in warned[0]


def test_a_wrangler_that_fails(prepared: Prepared, account: Account, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FAILS", "7")
    said: list[str] = []
    with pytest.raises(UserError, match="wrangler ended with 7.\ntold\nThe Worker was not changed"):
        prepared.deploy(account, said.append, lambda _: None)
    assert said[-1] == "  told"


def test_its_container(prepared: Prepared) -> None:
    [container] = prepared.containers
    assert (container.name, container.class_name) == ("shop-sandbox-sandbox", "Sandbox")
    assert container.dockerfile == (prepared.folder / "Dockerfile").resolve()
    assert container.context is not None
    assert container.context.name == "box"
    package = json.loads((prepared.folder / "package.json").read_text())
    assert package["devDependencies"] == {"wrangler": "^4.164.0"}
