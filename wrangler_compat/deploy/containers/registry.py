"""Cloudflare's registry of images: credentials for it, and whether an image is there.

Source: wrangler 4.164, `dockerLoginImageRegistry` and `containers images`.
"""

from __future__ import annotations

import ipaddress
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote

import httpx

from edge.errors import UserError
from wrangler_compat.cloudflare.account import Account

_LIFE_MINUTES = 15
_TIMEOUT_S = 60.0
_MANIFESTS = (
    "application/vnd.oci.image.manifest.v1+json, application/vnd.docker.distribution.manifest.v2+json, "
    "application/vnd.oci.image.index.v1+json, application/vnd.docker.distribution.manifest.list.v2+json"
)


@dataclass(frozen=True, slots=True)
class Registry:
    """A registry that lets an account push and pull for some minutes. `host` may have a port."""

    host: str
    account_id: str
    username: str
    password: str

    @classmethod
    def open(cls, account: Account, host: str) -> Registry:
        """With credentials that the API gives. Raises CloudflareApiError."""
        asked = {"expiration_minutes": _LIFE_MINUTES, "permissions": ["push", "pull"]}
        path = f"/containers/registries/{quote(host, safe=':')}/credentials"
        given = account.call("POST", path, body=asked)
        return cls(host, account.id, given["username"], given["password"])

    @property
    def login(self) -> Mapping[str, str]:
        """What Docker is told."""
        return {"username": self.username, "password": self.password}

    def digest(self, name: str, reference: str) -> str | None:
        """The digest of an image by its tag or digest; None when it is not there. `name` is within the
        registry. Raises UserError."""
        answer = self.ask("HEAD", f"/v2/{name}/manifests/{reference}")
        if answer.status_code == 404:
            return None
        return str(self.expect(answer).headers.get("docker-content-digest", reference))

    def ask(self, method: str, path: str, **options: Any) -> httpx.Response:
        """One call. Raises UserError when the registry cannot be reached."""
        try:
            return httpx.request(
                method,
                f"{_scheme(self.host)}://{self.host}{path}",
                auth=(self.username, self.password),
                headers={"accept": _MANIFESTS},
                timeout=_TIMEOUT_S,
                **options,
            )
        except httpx.HTTPError as error:
            raise UserError(f"The registry {self.host} could not be reached: {error}") from error

    def expect(self, answer: httpx.Response) -> httpx.Response:
        """An answer that is a success. Raises UserError for any other."""
        if not answer.is_success:
            raise UserError(
                f"The registry {self.host} refuses {answer.request.method} {answer.request.url.path}: "
                f"{answer.status_code} {answer.reason_phrase}"
            )
        return answer


def _scheme(host: str) -> str:
    """Plain HTTP on loopback, as Docker has it."""
    name = host.rpartition(":")[0] if host.rpartition(":")[2].isdigit() else host
    try:
        local = ipaddress.ip_address(name.strip("[]")).is_loopback
    except ValueError:
        local = name == "localhost"
    return "http" if local else "https"
