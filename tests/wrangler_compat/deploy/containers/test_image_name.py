"""Names of images: whose they are, and where."""

from __future__ import annotations

import pytest

from edge.errors import UserError
from wrangler_compat.deploy.containers.image_name import full_name, registry_of, repository_of, tag_of, tagged

OWN, OTHER = "a" * 32, "b" * 32


@pytest.mark.parametrize(
    ("image", "whole"),
    [
        ("app:1", f"registry/{OWN}/app:1"),
        ("team/app:1", f"registry/{OWN}/team/app:1"),
        ("registry.example/app:1", "registry.example/app:1"),
        ("localhost/app", "localhost/app"),
    ],
)
def test_a_name_without_a_registry_is_the_accounts(image: str, whole: str) -> None:
    assert full_name(image, OWN, "registry") == whole


def test_a_name_of_the_registry_gets_the_account() -> None:
    for host in ("registry.cloudflare.com", "127.0.0.1:8790"):
        whole = f"{host}/{OWN}/app@sha256:1"
        assert full_name(f"{host}/app@sha256:1", OWN, host) == whole
        assert full_name(whole, OWN, host) == whole
        with pytest.raises(UserError, match=OTHER):
            full_name(f"{host}/{OTHER}/app", OWN, host)


@pytest.mark.parametrize("name", ["h:1/a/b", "h:1/a/b:tag", "h:1/a/b@sha256:0", "h:1/a/b:tag@sha256:0"])
def test_the_repository(name: str) -> None:
    assert repository_of(name) == "h:1/a/b"


def test_tags_and_registries() -> None:
    assert [tag_of(name) for name in ("h:1/a/b:tag", "h:1/a/b", "b")] == ["tag", "latest", "latest"]
    assert tagged("W-Box", "0a1b2c3d-0000") == "w-box:0a1b2c3d"
    assert registry_of({}) == "registry.cloudflare.com"
    assert registry_of({"CLOUDFLARE_CONTAINER_REGISTRY": "here:1"}) == "here:1"
