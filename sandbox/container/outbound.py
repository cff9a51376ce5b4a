"""What a container may reach, and who answers in its place (spec section 3.3, outbound).

Rules come from the class (`outbound`, `outbound_by_host`, `outbound_handlers`, `allowed_hosts`,
`denied_hosts`) and from calls at run time, which are stored. They travel as the props of `ContainerProxy`,
the entrypoint that gets the container's requests.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from js import console

from sandbox.container.errors import ContainerError
from sandbox.container.routing import declared, handlers_of
from sandbox.container.values import js_object

if TYPE_CHECKING:
    from sandbox.container.core import Core

_KEY = "OUTBOUND_CONFIGURATION"
_NO_EXPORTS = (
    "ctx.exports is undefined, please try to update your compatibility date or export ContainerProxy from "
    "the containers package in your worker entrypoint"
)
_NO_PROXY = (
    "ctx.exports.ContainerProxy is undefined, export ContainerProxy from the containers package in your "
    "worker entrypoint"
)


class Outbound:
    """The rules of one object. Hosts may contain `*`."""

    def __init__(self, core: Core) -> None:
        self._core = core
        self._owner = core.owner
        #: Handlers set at run time: `{"method": name, "params": …}`, for hosts and for all the rest.
        self._by_host: dict[str, dict[str, Any]] = {}
        self._catch_all: dict[str, Any] | None = None
        self._hosts: dict[str, list[str]] = {}  # allowed_hosts, denied_hosts
        # The runtime cannot take an interception back: once all is intercepted, it stays so.
        self._intercepts_all = False
        self._used = False

    # -- rules

    async def set_handler(self, method: str, params: Any) -> None:
        self._catch_all = self._override(method, params)
        await self.refresh()

    async def set_by_host(self, host: str, method: str, params: Any) -> None:
        self._by_host[host] = self._override(method, params)
        await self.refresh()

    async def set_by_hosts(self, handlers: Mapping[str, Any]) -> None:
        """Replace all handlers of hosts; each is a name, or `{"method": name, "params": …}`."""
        given = {
            host: {"method": handler} if isinstance(handler, str) else dict(handler)
            for host, handler in handlers.items()
        }
        for override in given.values():
            self._check(override["method"])
        self._by_host = given
        await self.refresh()

    async def remove_by_host(self, host: str) -> None:
        self._by_host.pop(host, None)
        await self.refresh()

    async def set_hosts(self, field: str, hosts: list[str]) -> None:
        self._hosts[field] = list(hosts)
        self._used = True
        await self.refresh()

    async def add_host(self, field: str, host: str) -> None:
        hosts = self._effective(field) or []
        await self.set_hosts(field, hosts if host in hosts else [*hosts, host])

    async def remove_host(self, field: str, host: str) -> None:
        self._hosts[field] = [known for known in self._effective(field) or [] if known != host]
        await self.refresh()

    def _effective(self, field: str) -> list[str] | None:
        found: list[str] | None = self._hosts.get(field, getattr(self._owner, field))
        return found

    def _override(self, method: str, params: Any) -> dict[str, Any]:
        self._check(method)
        return {"method": method} if params is None else {"method": method, "params": params}

    def _check(self, method: str) -> None:
        cls = type(self._owner)
        if method not in handlers_of(cls):
            raise ContainerError(
                f"Outbound handler method '{method}' not found in outboundHandlers for {cls.__name__}"
            )

    # -- storage

    def restore(self) -> None:
        """Take up what an earlier life of the object has set; names that are gone are passed over."""
        stored = self._core.ctx.storage.kv.get(_KEY)
        cls = type(self._owner)
        self._used = (
            stored is not None
            or any(declared(cls, name) for name in ("outbound", "outbound_by_host", "outbound_handlers"))
            or any(self._effective(field) is not None for field in ("allowed_hosts", "denied_hosts"))
        )
        if stored is None:
            return
        by_host = stored.get("outboundByHostOverrides", {})
        self._by_host = {host: rule for host, rule in by_host.items() if self._still_there(rule)}
        catch_all = stored.get("outboundHandlerOverride")
        self._catch_all = catch_all if catch_all and self._still_there(catch_all) else None
        self._intercepts_all = stored.get("hasInterceptAllRegistration") is True
        for field, name in (("allowed_hosts", "allowedHosts"), ("denied_hosts", "deniedHosts")):
            if stored.get(name) is not None:
                self._hosts[field] = list(stored[name])

    def _still_there(self, override: Mapping[str, Any]) -> bool:
        if override["method"] in handlers_of(type(self._owner)):
            return True
        console.warn(f"Ignoring a stored outbound handler that is no longer there: {override['method']}")
        return False

    def _store(self) -> None:
        rules = {
            "outboundByHostOverrides": self._by_host or None,
            "outboundHandlerOverride": self._catch_all,
            "allowedHosts": self._hosts.get("allowed_hosts"),
            "deniedHosts": self._hosts.get("denied_hosts"),
            "hasInterceptAllRegistration": self._intercepts_all or None,
        }
        self._core.ctx.storage.kv.put(_KEY, _given(rules))

    # -- interception

    async def refresh(self) -> None:
        """Let the runtime send the container's requests to `ContainerProxy`, by the rules as they are now.
        Does nothing for an object without rules. Raises ContainerError."""
        if not self._used:
            return
        make_proxy = self._proxy_export()
        self._intercepts_all = self._intercepts_all or self._needs_all()
        self._store()
        proxy = make_proxy(js_object({"props": self._props()}))
        container, https = self._core.container, self._owner.intercept_https
        for host in self._hosts_to_intercept():
            await container.interceptOutboundHttp(host, proxy)
            if https:
                await container.interceptOutboundHttps(host, proxy)
        if self._intercepts_all:
            if https:
                await container.interceptOutboundHttps("*", proxy)
            await container.interceptAllOutboundHttp(proxy)

    def _proxy_export(self) -> Any:
        exports = getattr(self._core.ctx, "exports", None)
        if exports is None:
            raise ContainerError(_NO_EXPORTS)
        found = getattr(exports, "ContainerProxy", None)
        if found is None:
            raise ContainerError(_NO_PROXY)
        return found

    def _needs_all(self) -> bool:
        """Whether every request has to be looked at; else only those to known hosts are intercepted."""
        hosts = (self._effective(field) for field in ("allowed_hosts", "denied_hosts"))
        return (
            declared(type(self._owner), "outbound") is not None
            or self._catch_all is not None
            or bool(self._by_host)
            or any(listed is not None for listed in hosts)
        )

    def _hosts_to_intercept(self) -> list[str]:
        return list(declared(type(self._owner), "outbound_by_host") or {})

    def _props(self) -> dict[str, Any]:
        return _given(
            {
                "enableInternet": self._owner.enable_internet,
                "containerId": self._core.ctx.id.toString(),
                "className": type(self._owner).__name__,
                "outboundByHostOverrides": self._by_host or None,
                "outboundHandlerOverride": self._catch_all,
                "allowedHosts": self._effective("allowed_hosts"),
                "deniedHosts": self._effective("denied_hosts"),
                "interceptAll": self._intercepts_all,
            }
        )


def _given(members: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in members.items() if value is not None}
