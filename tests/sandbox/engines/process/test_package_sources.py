from __future__ import annotations

from pathlib import Path

import pytest

from sandbox.engines.process import package_sources


@pytest.fixture
def files(tmp_path: Path) -> Path:
    (tmp_path / "pip.conf").write_text(
        "[global]\nindex-url = https://me:secret@mirror.example/simple\ncert = /etc/ssl/certs\n"
        "find-links = /opt/wheels\nextra-index-url = file:///opt/x https://b.example/\nproxy = http://p\n"
    )
    (tmp_path / "npmrc").write_text(
        "registry=https://npm.example/\n@acme:registry=https://x:y@acme.example/\n"
        "//npm.example/:_authToken=secret\nalways-auth=true\ncafile=/home/me/ca.pem\n; comment\n"
    )
    return tmp_path


def test_pip_keeps_where_packages_come_from_and_no_secret(files: Path) -> None:
    assert package_sources.pip_conf((str(files / "pip.conf"), "/no/such")) == (
        "[global]\nindex-url = https://mirror.example/simple\ncert = /etc/ssl/certs\n"
        "extra-index-url = https://b.example/\n"
    )


def test_npm_keeps_where_packages_come_from_and_no_secret(files: Path) -> None:
    assert package_sources.npmrc((str(files / "npmrc"),)) == (
        "registry=https://npm.example/\n@acme:registry=https://acme.example/\n"
    )


def test_nothing_of_use(tmp_path: Path) -> None:
    (tmp_path / "pip.conf").write_text("not a configuration")
    assert package_sources.pip_conf((str(tmp_path / "pip.conf"),)) == ""


def test_variables() -> None:
    env = {
        "PIP_INDEX_URL": "https://a:b@c.example/simple",
        "PIP_CONSTRAINT": "/etc/constraints.txt",
        "npm_config_registry": "https://npm.example",
        "NPM_CONFIG_PREFIX": "/home/me",
        "SSL_CERT_DIR": "/etc/ssl/certs",
        "CURL_CA_BUNDLE": "/home/me/ca.pem",
        "AWS_SECRET_ACCESS_KEY": "x",
    }
    assert package_sources.environment(env) == {
        "PIP_INDEX_URL": "https://c.example/simple",
        "npm_config_registry": "https://npm.example",
        "SSL_CERT_DIR": "/etc/ssl/certs",
    }
