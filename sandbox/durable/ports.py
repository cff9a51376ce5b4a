"""RPC methods about ports and their preview URLs (spec section 5.4)."""

from __future__ import annotations

import base64
import re
from collections.abc import Mapping
from typing import Any
from urllib.parse import urlsplit

from js import Uint8Array, crypto
from pyodide.ffi import to_js

from sandbox.client.security import checked_id, checked_port, checked_token, is_valid_port
from sandbox.container.both_names import methods_of, name_both
from sandbox.container.values import Record
from sandbox.errors import CustomDomainRequiredError, SandboxError, SandboxSecurityError

_TOKENS = "portTokens"
_ACTIVE = "activePreviewPorts"
_TOKEN_BYTES = 12
_LOCAL_HOSTS = ("localhost", "127.0.0.1", "0.0.0.0")
_NO_NAME = "Sandbox name not available. Ensure sandbox is accessed through getSandbox()"
_WORKERS_DEV = (
    "Port exposure requires a custom domain. .workers.dev domains do not support wildcard subdomains "
    "required for port proxying."
)


class PortBook:
    """Which ports are exposed: tokens outlive the container, activations belong to one run of it."""

    def __init__(self, storage: Any) -> None:
        self._storage = storage

    async def tokens(self) -> dict[str, dict[str, Any]]:
        """By port (as text): `token`, `name`."""
        stored = await self._storage.get(_TOKENS)
        return {
            port: {"token": entry} if isinstance(entry, str) else dict(entry)
            for port, entry in (stored or {}).items()
        }

    async def activations(self) -> dict[str, dict[str, Any]]:
        """By port: `token`, `runtimeIdentityID`."""
        return {port: dict(entry) for port, entry in (await self._storage.get(_ACTIVE) or {}).items()}

    async def activate(self, port: int, token: str | None, name: str | None, run: str) -> str:
        """Give a port its token, in this run. Raises SandboxSecurityError when another port has it."""
        tokens, activations = await self.tokens(), await self.activations()
        chosen = token or tokens.get(str(port), {}).get("token") or new_token()
        other = next((p for p, e in tokens.items() if e["token"] == chosen and p != str(port)), None)
        if other is not None:
            raise SandboxSecurityError(
                f"Token '{chosen}' is already in use by port {other}. Please use a different token."
            )
        tokens[str(port)] = {"token": chosen, **({} if name is None else {"name": name})}
        activations[str(port)] = {"token": chosen, "runtimeIdentityID": run}
        await self._storage.put({_TOKENS: tokens, _ACTIVE: activations})
        return str(chosen)

    async def remove(self, port: int) -> None:
        tokens, activations = await self.tokens(), await self.activations()
        tokens.pop(str(port), None)
        activations.pop(str(port), None)
        await self._storage.put({_TOKENS: tokens, _ACTIVE: activations})

    async def end_run(self) -> None:
        await self._storage.delete(_ACTIVE)

    async def forget(self) -> None:
        await self._storage.delete([_TOKENS, _ACTIVE])

    async def matches(self, port: int, token: str) -> bool:
        """Whether it is the port's token."""
        entry = (await self.tokens()).get(str(port))
        return entry is not None and same_token(entry["token"], token)

    async def is_active(self, port: int, run: str | None) -> bool:
        """Whether the port was exposed in this run, with the token that it has now."""
        entry, active = (await self.tokens()).get(str(port)), (await self.activations()).get(str(port))
        if run is None or entry is None or active is None:
            return False
        return active["runtimeIdentityID"] == run and same_token(entry["token"], active["token"])


class PortMethods:
    """Exposing ports."""

    async def expose_port(self: Any, port: int, options: Any) -> Record:
        given = dict(options)
        checked_port(port)
        hostname = given["hostname"]
        if hostname.endswith(".workers.dev"):
            raise CustomDomainRequiredError(_WORKERS_DEV, context={"originalError": hostname})
        if self.settings.name is None:
            raise SandboxError(_NO_NAME)
        token, name = given.get("token"), given.get("name")
        if token is not None:
            checked_token(token)
        self._preview_name()  # refuses before anything is kept
        await self.default_session.ensure()
        run = await self.runtime.active() or await self.runtime.begin()
        chosen = await self.port_book.activate(port, token, name, run)
        return Record(url=self._preview_url(hostname, port, chosen), port=port, name=name)

    async def unexpose_port(self: Any, port: int) -> None:
        await self.port_book.remove(checked_port(port))

    async def get_exposed_ports(self: Any, hostname: str) -> list[Record]:
        if self.settings.name is None:
            raise SandboxError(_NO_NAME)
        tokens = await self.port_book.tokens()
        return [
            Record(
                url=self._preview_url(hostname, port, tokens[str(port)]["token"]), port=port, status="active"
            )
            for port in await self._active_ports(tokens)
        ]

    async def is_port_exposed(self: Any, port: int) -> bool:
        return is_valid_port(port) and port in await self._active_ports(await self.port_book.tokens())

    async def validate_port_token(self: Any, port: int, token: str) -> bool:
        return bool(await self.port_book.matches(port, token))

    async def _active_ports(self: Any, tokens: Mapping[str, Any]) -> list[int]:
        run = await self.runtime.active()
        found = [int(port) for port in tokens if await self.port_book.is_active(int(port), run)]
        return sorted(found)

    def _preview_url(self: Any, hostname: str, port: int, token: str) -> str:
        return preview_url(hostname, port, self._preview_name(), token)

    def _preview_name(self: Any) -> str:
        name: str = self.settings.name
        if re.search("[A-Z]", name) and not self.settings.normalize_id:
            raise SandboxSecurityError(
                f'Preview URLs require lowercase sandbox IDs. Your ID "{name}" contains uppercase '
                "letters.\n\n"
                "To fix this:\n"
                f'1. Create a new sandbox with: getSandbox(ns, "{name}", {{ normalizeId: true }})\n'
                f'2. This will create a sandbox with ID: "{name.lower()}"\n\n'
                "Note: Due to DNS case-insensitivity, IDs with uppercase letters cannot be used with preview "
                "URLs."
            )
        return checked_id(name).lower()


def preview_url(hostname: str, port: int, sandbox_id: str, token: str) -> str:
    """`https://<port>-<id>-<token>.<hostname>/`; at home `http:`, below `localhost`."""
    host, colon, local_port = hostname.partition(":")
    label = f"{port}-{sandbox_id}-{token}"
    if host in _LOCAL_HOSTS:
        # Names below localhost lead home without DNS; names below an address do not exist.
        local = f":{local_port}" if colon and local_port != "80" else ""
        return f"http://{label}.localhost{local}/"
    if urlsplit(f"https://{hostname}").hostname != host.lower():
        raise SandboxSecurityError(f"Failed to construct preview URL: Invalid hostname {hostname!r}")
    return f"https://{label}.{hostname}/"


def new_token() -> str:
    """16 characters that nobody guesses."""
    drawn = crypto.getRandomValues(Uint8Array.new(_TOKEN_BYTES)).to_bytes()
    text = base64.b64encode(drawn).decode().rstrip("=")
    return text.replace("+", "_").replace("/", "_").lower()


def same_token(expected: str, given: str) -> bool:
    """Compare in a time that does not tell how much of it was right."""
    one, other = expected.encode(), given.encode()
    return len(one) == len(other) and bool(crypto.subtle.timingSafeEqual(to_js(one), to_js(other)))


name_both(PortMethods, (), methods_of(PortMethods))
