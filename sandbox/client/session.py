"""A session: a shell of its own in the sandbox, with its directory and variables (spec section 5.5)."""

from __future__ import annotations

import re
import shlex
from collections.abc import Mapping
from typing import Any

from sandbox.client.commands import Commands
from sandbox.client.files import Files
from sandbox.client.interpreter import Interpreter
from sandbox.client.processes import Processes
from sandbox.client.remote import Remote
from sandbox.client.storage import Storage
from sandbox.client.terminal import proxy_terminal
from sandbox.container.both_names import methods_of, name_both
from sandbox.errors import SandboxError

_VARIABLE = re.compile(r"[A-Za-z_][A-Za-z0-9_]*", re.ASCII)


class ExecutionSession(Commands, Processes, Files, Interpreter, Storage):
    """The methods of a sandbox, in this session. Its commands run one at a time, in their order."""

    def __init__(self, remote: Remote, session_id: str) -> None:
        self.id = session_id
        self.remote = Remote(remote.stub, session_id)

    async def set_env_vars(self, env_vars: Mapping[str, str | None]) -> None:
        """Set variables in the session; those that are None are unset. Raises SandboxError."""
        for command, failed in env_commands(env_vars):
            result = await self.exec(command, origin="internal")
            if result.exit_code != 0:
                raise SandboxError(f"{failed}: {result.stderr or 'Unknown error'}")

    async def terminal(self, request: Any, options: Any = None, **keywords: Any) -> Any:
        """See `proxy_terminal`."""
        return await proxy_terminal(self.remote.stub, self.id, request, options, **keywords)


def env_commands(env_vars: Mapping[str, str | None]) -> list[tuple[str, str]]:
    """The commands that set and unset variables, and what to say of each that fails. Raises SandboxError
    for a name that no shell takes."""
    wrong = next((name for name in env_vars if not _VARIABLE.fullmatch(name)), None)
    if wrong is not None:
        raise SandboxError(f"Failed to set {wrong}: not a valid identifier")
    unset = [
        (f"unset {name}", f"Failed to unset {name}") for name, value in env_vars.items() if value is None
    ]
    return unset + [
        (f"export {name}={shlex.quote(value)}", f"Failed to set {name}")
        for name, value in env_vars.items()
        if value is not None
    ]


name_both(ExecutionSession, (), methods_of(ExecutionSession))
