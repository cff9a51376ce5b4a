"""`edge deployments`, `versions`, `rollback` and `whoami`, against `edge cloud`."""

from __future__ import annotations

import json

import httpx
import pytest

from edge.errors import UserError
from tests.wrangler_compat.cli.running import done, refused
from wrangler_compat.cli.versions import shares

pytestmark = pytest.mark.usefixtures("cloud")
ONE, TWO = "0" * 8 + "-0000-0000-0000-" + "1" * 12, "0" * 8 + "-0000-0000-0000-" + "2" * 12


@pytest.fixture
def versions(cloud: dict[str, str]) -> list[str]:
    """Three versions of a Worker, the last one live."""
    for name in ("A", "B"):
        done("secret", "put", name, stdin="x")
    return [version["id"] for version in json.loads(done("versions", "list", "--json"))]


def live() -> dict[str, float]:
    deployment = json.loads(done("deployments", "status", "--json"))
    return {share["version_id"]: share["percentage"] for share in deployment["versions"]}


def test_what_is_live_and_was(versions: list[str]) -> None:
    assert live() == {versions[-1]: 100}
    said = done("deployments", "list")
    assert [line.split()[-1] for line in said.splitlines() if line.startswith("Version(s):")] == versions
    assert f"Version(s):  (100%) {versions[-1]}\n" in done("deployments", "status")
    assert [len(one["versions"]) for one in json.loads(done("deployments", "list", "--json"))] == [1, 1, 1]


def test_versions_are_shown(versions: list[str]) -> None:
    rows = [line for line in done("versions", "list").splitlines() if line.startswith("│ ")][1:]
    assert [row.split()[1] for row in rows] == versions
    assert json.loads(done("versions", "view", versions[0], "--json"))["id"] == versions[0]
    assert f"Version ID:  {versions[-1]}\n" in done("versions", "view", versions[-1])


def test_versions_are_made_live(versions: list[str]) -> None:
    said = done("versions", "deploy", versions[0], "--message", "back")
    assert "? Are you sure you want to deploy to the Worker shared?" in said
    assert said.endswith(f"✨ Worker Version {versions[0]} has been deployed to 100% of traffic.\n")
    assert live() == {versions[0]: 100}
    done("versions", "deploy", f"{versions[0]}@25%", versions[2], "--yes")
    assert live() == {versions[0]: 25, versions[2]: 75}
    assert "Message:     back" in done("deployments", "list")


def test_rollback(versions: list[str]) -> None:
    said = done("rollback", "--message", "it loses carts", "--yes")
    assert said.endswith(f"✨ Worker Version {versions[1]} has been deployed to 100% of traffic.\n")
    assert live() == {versions[1]: 100}
    done("rollback", versions[0], "--yes")
    assert live() == {versions[0]: 100}
    assert "Message:     it loses carts" in done("deployments", "list")


def test_nothing_to_go_back_to(cloud: dict[str, str]) -> None:
    account = f"{cloud['CLOUDFLARE_API_BASE_URL']}/accounts/{cloud['CLOUDFLARE_ACCOUNT_ID']}"
    script = f"{account}/workers/scripts/fresh"
    files = {
        "metadata": (None, '{"main_module": "index.js"}', "application/json"),
        "index.js": ("index.js", "export default {}", "application/javascript+module"),
    }
    token = {"authorization": f"Bearer {cloud['CLOUDFLARE_API_TOKEN']}"}
    assert httpx.put(script, files=files, headers=token).status_code == 200
    assert "There is no version of fresh to go back to" in refused("rollback", "--name", "fresh", "--yes")
    assert "could not be found" in refused("rollback", ONE, "--name", "fresh", "--yes")


def test_mistakes() -> None:
    assert "This Worker does not exist on your account. [code: 10007]" in refused("deployments", "list")
    assert "is no version" in refused("versions", "deploy", "latest")


def test_shares() -> None:
    assert shares((ONE,)) == {ONE: 100}
    assert shares((f"{ONE}@10", TWO)) == {ONE: 10, TWO: 90}
    assert shares((ONE, TWO)) == {ONE: 50, TWO: 50}
    assert shares((f"{ONE}@33.5%", f"{TWO}@66.5")) == {ONE: 33.5, TWO: 66.5}


@pytest.mark.parametrize(
    "specs", [(f"{ONE}@110",), (f"{ONE}@10",), (ONE, ONE), ("x@10",), (f"{ONE}@60", f"{TWO}@60")]
)
def test_shares_that_make_no_hundred(specs: tuple[str, ...]) -> None:
    with pytest.raises(UserError):
        shares(specs)


def test_whoami(cloud: dict[str, str], monkeypatch: pytest.MonkeyPatch) -> None:
    said = done("whoami")
    assert "👋 You are logged in with an API Token" in said
    assert cloud["CLOUDFLARE_ACCOUNT_ID"] in said
    assert cloud["CLOUDFLARE_API_TOKEN"] not in said
    found = json.loads(done("whoami", "--json"))
    assert [account["id"] for account in found["accounts"]] == [cloud["CLOUDFLARE_ACCOUNT_ID"]]
    monkeypatch.setenv("CLOUDFLARE_API_TOKEN", "nonsense")
    assert "Check CLOUDFLARE_API_TOKEN" in refused("whoami")
