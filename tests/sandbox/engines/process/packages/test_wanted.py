from __future__ import annotations

import pytest

from sandbox.engines.process.packages.wanted import telling, wanted

NPM, PIP = "/usr/bin/npm", "/usr/bin/pip"


@pytest.mark.parametrize(
    ("tool", "line", "argv", "pinned"),
    [
        ("npm", "install -g cowsay", "install -g cowsay", False),
        ("npm", "i cowsay@1.6.0 --global --no-audit", "install -g --no-audit cowsay@1.6.0", True),
        ("npm", "install -gs @scope/name@2.0.1", "install -g -s @scope/name@2.0.1", True),
        ("npm", "install -g --prefer-offline -- b a", "install -g --prefer-offline a b", False),
        ("npm", "add --location=global b a@^1.2", "install -g a@^1.2 b", False),
        ("pip", "install flask", "install flask", False),
        ("pip", "install -q flask[async]==3.0.3", "install -q flask[async]==3.0.3", True),
        ("pip", "install b>=1,<2 a==1.0", "install a==1.0 b>=1,<2", False),
    ],
)  # fmt: skip
def test_what_can_be_shared(tool: str, line: str, argv: str, pinned: bool) -> None:
    path = NPM if tool == "npm" else PIP
    found = wanted(tool, path, line.split())
    assert found is not None
    assert found.argv == (path, *argv.split())
    assert found.is_pinned is pinned


@pytest.mark.parametrize(
    ("tool", "line"),
    [
        ("npm", "install cowsay"),  # of a project
        ("npm", "install -g"),
        ("npm", "install -g ."),
        ("npm", "install -g ./here"),
        ("npm", "install -g owner/repository"),
        ("npm", "install -g git+https://example.test/a"),
        ("npm", "install -g a.tgz"),
        ("npm", "install -g --registry=http://example.test a"),
        ("npm", "uninstall -g a"),
        ("pip", "install -r requirements.txt"),
        ("pip", "install ."),
        ("pip", "install ./a"),
        ("pip", "install a-1-py3-none-any.whl"),
        ("pip", "install --index-url http://example.test a"),
        ("pip", "install a@http://example.test/a.zip"),
        ("pip", "uninstall a"),
        ("pip", ""),
    ],
)
def test_what_each_has_to_do_for_itself(tool: str, line: str) -> None:
    assert wanted(tool, NPM if tool == "npm" else PIP, line.split()) is None


def test_variables_that_have_a_say() -> None:
    env = {"PIP_INDEX_URL": "a", "npm_config_registry": "b", "HOME": "/root", "PATH": "c", "HOMEPAGE": "d"}
    assert telling(env) == {"PIP_INDEX_URL": "a", "npm_config_registry": "b", "HOME": "/root"}
