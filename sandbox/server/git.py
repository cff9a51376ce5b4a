"""`gitCheckout`: clones a repository with the git of the image.

Source: spec sandbox-and-containers.md section 5.3.
"""

from __future__ import annotations

import re
import shlex
from typing import Any

from sandbox.server.call import Call
from sandbox.server.errors import ApiError
from sandbox.server.host import HOME, Host
from sandbox.server.running import Collected, Running
from sandbox.server.sessions import Sessions

_CLONE_TIMEOUT_MS = 600_000
_URL_LENGTH_MAX = 2048
_TIMED_OUT = 124
_CREDENTIALS = re.compile(r"(?<=://)[^/@\s]+@")
_CAUSES = (
    (r"remote branch .* not found", "GIT_BRANCH_NOT_FOUND"),
    (r"authentication failed|could not read (username|password)|permission denied", "GIT_AUTH_FAILED"),
    (r"repository .*not found|does not (exist|appear to be a git repository)", "GIT_REPOSITORY_NOT_FOUND"),
    (
        r"could not resolve host|connection (refused|timed out|reset)|failed to connect|unable to access",
        "GIT_NETWORK_ERROR",
    ),
)


def redacted(text: str) -> str:
    """Without the user names and passwords of URLs."""
    return _CREDENTIALS.sub("******@", text)


def default_target(url: str) -> str:
    """Where a repository goes when nothing is said: /workspace and its name."""
    name = re.split(r"[/:]", url.rstrip("/"))[-1].removesuffix(".git")
    return f"{HOME}/{name or 'repository'}"


class Git:
    """Clones, in the call's session or in a shell of its own."""

    def __init__(self, host: Host, sessions: Sessions) -> None:
        self._host = host
        self._sessions = sessions

    async def checkout(self, call: Call) -> dict[str, Any]:
        """POST /api/git/checkout"""
        url = call.text("repoUrl", "url")
        if not url.strip() or len(url) > _URL_LENGTH_MAX or url.startswith("-") or "\0" in url:
            message = f"Git URL must be 1-{_URL_LENGTH_MAX} characters and no option"
            raise ApiError("INVALID_GIT_URL", message, {"validationErrors": [message]})
        session_id, branch = call.session_id(), call.maybe_text("branch")
        target = await self._sessions.resolve(call.maybe_text("targetDir") or default_target(url), session_id)
        timeout_ms = call.positive("cloneTimeoutMs", "timeoutMs") or _CLONE_TIMEOUT_MS
        command = self._command(url, target, branch, call.positive("depth"), timeout_ms)
        code, _, stderr = await self._run(command, session_id)
        if code != 0:
            raise self._failure(code, url, branch, target, stderr, timeout_ms)
        where = shlex.quote(target)
        _, current, _ = await self._run(f"git -C {where} branch --show-current", session_id)
        return self._host.ok(
            repoUrl=redacted(url), branch=current.strip() or branch or "HEAD", targetDir=target
        )

    def _command(
        self, url: str, target: str, branch: str | None, depth: float | None, timeout_ms: float
    ) -> str:
        words = ["timeout", "-k", "5", f"{timeout_ms / 1000:g}", "git"]
        words += [
            "-c",
            "http.lowSpeedLimit=1024",
            "-c",
            "http.lowSpeedTime=30",
            "clone",
            "--filter=blob:none",
        ]
        if branch:
            words += ["--branch", branch]
        if depth:
            words += ["--depth", f"{int(depth)}"]
        # What git would ask on a terminal fails at once: there is none.
        return f"GIT_TERMINAL_PROMPT=0 {shlex.join([*words, '--', url, target])}"

    async def _run(self, command: str, session_id: str | None) -> tuple[int, str, str]:
        if session_id is not None:
            session = await self._sessions.get(session_id)
            done, printed = await self._sessions.run(session, command)
            return done.exit_code, printed.text("stdout"), printed.text("stderr")
        await self._host.ensure_home()
        collected = Collected()
        process = await self._host.spawn_shell(command, cwd=HOME, env={})
        code = await Running(process, collected).ended()
        return code, collected.text("stdout"), collected.text("stderr")

    def _failure(
        self, code: int, url: str, branch: str | None, target: str, stderr: str, timeout_ms: float
    ) -> ApiError:
        shown, said = redacted(url), redacted(stderr.strip())
        context = {
            "repository": shown,
            "branch": branch,
            "targetDir": target,
            "stderr": said,
            "exitCode": code,
        }
        if code == _TIMED_OUT:
            message = f"Git clone timed out after {timeout_ms / 1000:g} seconds for '{shown}'"
            return ApiError("GIT_NETWORK_ERROR", message, context)
        cause = next(
            (name for text, name in _CAUSES if re.search(text, said, re.IGNORECASE)), "GIT_CLONE_FAILED"
        )
        return ApiError(cause, f"Failed to clone repository '{shown}': {said}", context)
