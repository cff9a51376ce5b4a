"""What `get_sandbox` returns (spec sections 4 and 5)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sandbox.client.commands import Commands
from sandbox.client.files import Files
from sandbox.client.interpreter import Interpreter
from sandbox.client.processes import Processes
from sandbox.client.remote import NO_SESSION, Remote
from sandbox.client.security import checked_port
from sandbox.client.session import ExecutionSession
from sandbox.client.storage import Storage
from sandbox.client.terminal import proxy_terminal
from sandbox.container.both_names import methods_of, name_both
from sandbox.container.helpers import switch_port
from sandbox.container.values import Record, options_of
from sandbox.errors import SandboxError

_SESSION = ("id", "env", "cwd", "command_timeout_ms", "name", "isolation")


class SandboxClient(Commands, Processes, Files, Interpreter, Storage):
    """A sandbox, from a Worker. Each call is one call of its Durable Object.

    Methods have Python's names and JavaScript's, options too. A name that is not listed is called by RPC as
    it is: a method of your own subclass of `Sandbox`.
    """

    def __init__(self, stub: Any, sandbox_id: str, *, default_session: bool = True) -> None:
        self.id = sandbox_id
        self.remote = Remote(stub, None if default_session else NO_SESSION)

    # -- ports

    async def expose_port(self, port: int, options: Any = None, **keywords: Any) -> Record:
        """Give a port a preview URL for as long as the container runs.

        Options: `hostname` (yours, with a wildcard below it), `name`, `token` (1-16 of a-z, 0-9, _; kept and
        reused by default). Returns `url`, `port`, `name`. Raises SandboxSecurityError,
        CustomDomainRequiredError. Answer its requests with `proxy_to_sandbox`.
        """
        chosen = options_of(options, keywords, ("hostname", "name", "token"))
        if "hostname" not in chosen:
            raise TypeError("expose_port() needs a hostname")
        found: Record = await self.remote.call("exposePort", port, chosen)
        return found

    async def unexpose_port(self, port: int) -> None:
        """End a port's preview URL; its token is forgotten."""
        await self.remote.call("unexposePort", port)

    async def get_exposed_ports(self, hostname: str) -> list[Record]:
        """The ports with a preview URL that works now: `url`, `port`, `status`."""
        found: list[Record] = await self.remote.call("getExposedPorts", hostname)
        return found

    async def is_port_exposed(self, port: int) -> bool:
        return bool(await self.remote.call("isPortExposed", port))

    async def validate_port_token(self, port: int, token: str) -> bool:
        """Whether it is the port's token."""
        return bool(await self.remote.call("validatePortToken", port, token))

    # -- requests

    async def fetch(self, request: Any, **options: Any) -> Any:
        """Send a request into the sandbox: `/proxy/8080/path` goes to port 8080."""
        return await self.remote.stub.fetch(request, **options)

    async def ws_connect(self, request: Any, port: int) -> Any:
        """Pass a WebSocket upgrade on to a port in the sandbox; the answer is its 101. Raises
        SandboxSecurityError."""
        return await self.remote.stub.fetch(switch_port(request, checked_port(port)))

    async def terminal(self, request: Any, options: Any = None, **keywords: Any) -> Any:
        """The terminal of the default session; see `proxy_terminal`."""
        return await proxy_terminal(self.remote.stub, f"sandbox-{self.id}", request, options, **keywords)

    # -- sessions

    async def create_session(self, options: Any = None, **keywords: Any) -> ExecutionSession:
        """A new session. Options: `id`, `env`, `cwd`, `command_timeout_ms`. Raises
        SessionAlreadyExistsError."""
        chosen = options_of(options, keywords, _SESSION)
        found = await self.remote.call("createSession", Remote(self.remote.stub).options(chosen))
        return ExecutionSession(self.remote, found["id"])

    async def get_session(self, session_id: str) -> ExecutionSession:
        """A session by its id. One that does not exist begins with its first command, in /workspace."""
        found = await self.remote.call("getSession", session_id)
        return ExecutionSession(self.remote, found["id"])

    async def delete_session(self, session_id: str) -> Record:
        """End a session, and what runs in its shell. Raises SandboxError for the default session."""
        found: Record = await self.remote.call("deleteSession", session_id)
        return found

    async def set_env_vars(self, env_vars: Mapping[str, str | None]) -> None:
        """Set variables for the default session and for sessions made from now on; None unsets. Raises
        SandboxError."""
        await self.remote.call("setEnvVars", dict(env_vars))

    @property
    def tunnels(self) -> Any:
        """Not there: raises SandboxError."""
        raise SandboxError("Tunnels are not emulated (docs/sandbox.md)")

    # -- life

    async def set_sleep_after(self, sleep_after: str | float) -> None:
        """How long without activity until the container sleeps: seconds, or "30s", "10m", "2h"."""
        await self.remote.call("setSleepAfter", sleep_after)

    async def set_keep_alive(self, keep_alive: bool) -> None:
        """Whether it stays awake until it is destroyed."""
        await self.remote.call("setKeepAlive", keep_alive)

    async def set_labels(self, labels: Mapping[str, str]) -> None:
        """Labels of the container, from its next start on."""
        await self.remote.call("setLabels", dict(labels))

    async def destroy(self) -> None:
        """End the container; its files and processes are gone, preview URLs end."""
        await self.remote.call("destroy")

    async def get_container_placement_id(self) -> str | None:
        """An id of where the container runs; None where nobody says."""
        found: str | None = await self.remote.call("getContainerPlacementId")
        return found

    def __getattr__(self, name: str) -> Any:
        if name.startswith("_") or name in ("remote", "id"):
            raise AttributeError(name)

        async def call(*args: Any) -> Any:
            return await self.remote.call(name, *args)

        return call


name_both(SandboxClient, (), methods_of(SandboxClient))
