"""Steps 4 to 6: a container's MCP configuration, packages and files, one after another or all at once."""

import asyncio
import json
import posixpath
import shlex
from contextlib import asynccontextmanager

from config_assembly import agent_env, files, mcp_config, packages
from config_hash import config_hash
from container_state import FILES, MCP, PACKAGES, PREPARED, SERVER
from envelope import ApiError
from workers import Request

AGENT_PORT = 8765
MCP_CONFIG = "/root/.claude.json"
PORT_POLL_MS, PORT_LIMIT_MS = 50, 2000
_INSTALL_LIMIT_MS = 60_000
_PREPARING_LIMIT_MS = _INSTALL_LIMIT_MS + 30_000
_STEPS = ((4, "MCP configuration"), (5, "npm install"), (6, "credential files"))


class Preparation:
    """Brings a sandbox to what a configuration says; `waterfall` is told what it does."""

    def __init__(self, sandbox, waterfall, switches, container):
        self._sandbox = sandbox
        self._waterfall = waterfall
        self._on = switches
        self._container = container

    # -- one after another

    async def refresh(self, config):
        """Write the MCP configuration, install its packages, write the configuration's files. Raises
        Outdated."""
        await self._write_mcp(config)
        if "cold_start" in self._on:
            await self._install_later(config)
        else:
            await self._install(config)
        await self._write_files(config)

    async def _write_mcp(self, config):
        wanted = mcp_config(config)
        if self._is_known(MCP, config_hash(wanted)):
            self._waterfall.skip(4, "MCP configuration", "unchanged")
            return
        with self._waterfall.step(4, "MCP configuration"):
            async with self._writing(config, {MCP: config_hash(wanted)}):
                if not self._is_known(
                    MCP, config_hash(wanted)
                ):  # another message may have written it meanwhile
                    await self._sandbox.write_file(MCP_CONFIG, json.dumps(wanted))

    async def _write_files(self, config):
        wanted = files(config)
        if self._is_known(FILES, _hashes(wanted)):
            self._waterfall.skip(6, "credential files", "unchanged")
            return
        with self._waterfall.step(6, "credential files") as step:
            async with self._writing(config, {FILES: _hashes(wanted)}):
                step["detail"] = await self._write_changed(wanted)

    async def _write_changed(self, wanted):
        known = self._container.known.get(FILES, {}) if "skip_redundant" in self._on else {}
        fresh = [path for path, text in wanted.items() if known.get(path) != config_hash(text)]
        gone = sorted(self._container.paths - wanted.keys())
        for path in fresh:
            await self._sandbox.mkdir(posixpath.dirname(path), recursive=True)
            await self._sandbox.write_file(path, wanted[path])
        if gone:
            done = await self._sandbox.exec(f"rm -f -- {shlex.join(gone)}")
            if not done.success:
                raise ApiError(502, "files that are no longer configured could not be removed")
        return f"{len(fresh)} files" + (f", {len(gone)} removed" if gone else "")

    @asynccontextmanager
    async def _writing(self, config, news, **more):
        """One run at a time writes; what it wrote is believed when the block ends well."""
        ticket = await self._container.writes(config, list(news), news.get(FILES, ()), **more)
        try:
            yield
        except BaseException:
            await self._container.wrote(ticket, {})
            raise
        await self._container.wrote(ticket, news)

    def _is_known(self, key, value):
        """Whether a run may skip what is there: also no file may be there that is not wanted."""
        if "skip_redundant" not in self._on or self._container.known.get(key) != value:
            return False
        return key != FILES or self._container.paths <= value.keys()

    async def _install(self, config):
        """`npm install -g` what the servers run by `npx`; a failure is tolerated, as npx fetches then."""
        known = self._container.packages() if "skip_redundant" in self._on else []
        missing = self._missing(config, known)
        if not missing:
            return
        with self._waterfall.step(5, "npm install", " ".join(missing)) as step:
            beside = await beside_default(self._sandbox, self._on, "install")
            done = await beside.exec(_install_command(missing), timeout=_INSTALL_LIMIT_MS)
            step["detail"] += "" if done.success else f" (exit code {done.exit_code})"
        if done.success:
            self._container.saw(**{PACKAGES: sorted({*known, *missing})})

    async def _install_later(self, config):
        """Install packages while messages go on: no message waits for them, and npx fetches until then."""
        missing = self._missing(config, self._container.packages())
        if not missing:
            return
        with self._waterfall.step(5, "npm install", "started in the background"):
            await self._sandbox.start_process(_install_command(missing))
        self._container.saw(**{PACKAGES: sorted({*self._container.packages(), *missing})})

    def _missing(self, config, known):
        wanted = packages(config)
        missing = [name for name in wanted if name not in known]
        if not missing:
            self._waterfall.skip(5, "npm install", "installed" if wanted else "no packages")
        return missing

    # -- beyond: all in one request

    async def at_once(self, config, mode, *, warm):
        """Steps 4 to 6 in one round trip, the agent started ahead when `warm`. Raises ApiError."""
        wanted = {
            "mcpConfig": mcp_config(config),
            "packages": packages(config),
            "files": [{"path": path, "content": text} for path, text in files(config).items()],
            "env": agent_env(config, mode),
            "warm": warm,
            "later": "cold_start" in self._on,
        }
        stamp = config_hash(wanted)
        if self._container.known.get(PREPARED) == stamp:
            for number, name in _STEPS:
                self._waterfall.skip(number, name, "unchanged")
            return
        hashes = _hashes(files(config))
        news = {MCP: config_hash(wanted["mcpConfig"]), FILES: hashes, PREPARED: stamp}
        async with self._writing(config, news, limit_ms=_PREPARING_LIMIT_MS):
            if self._container.known.get(PREPARED) == stamp:
                return  # another message prepared it while this one waited for its turn
            gone = sorted(self._container.paths - hashes.keys())
            pid = await self._ask({**wanted, "remove": gone, "boot": self._container.boot})
        self._container.saw(**{SERVER: pid})

    async def _ask(self, wanted):
        """`POST /prepare`; gives the server's pid. Raises ApiError 502."""
        with self._waterfall.step(4, "prepare", "steps 4 to 6 in one request") as step:
            for _ in range(PORT_LIMIT_MS // PORT_POLL_MS):
                status, answer = await self._post("/prepare", wanted)
                if answer is not None or self._container.trusts_server:
                    break
                # `pgrep` finds a server that was started a moment ago, but it may not listen yet.
                await asyncio.sleep(PORT_POLL_MS / 1000)
            if status != 200:
                reason = "the agent server does not answer" if answer is None else answer.get("error")
                raise ApiError(502, f"the sandbox could not be prepared: {reason}")
            step["detail"] = ", ".join(
                f"{key}: {len(answer[key])}" for key in ("written", "removed", "installed", "skipped")
            )
            return answer["pid"]

    async def _post(self, path, body):
        """The status and the JSON of an answer, None when it is not the server that answers."""
        request = Request(
            f"http://container/proxy/{AGENT_PORT}{path}",
            method="POST",
            headers={"content-type": "application/json"},
            body=json.dumps(body),
        )
        response = await self._sandbox.fetch(request)
        try:
            return response.status, json.loads(await response.text())
        except ValueError:
            return response.status, None


async def beside_default(sandbox, switches, name):
    """A shell of its own: what runs in the default one would have to wait its turn."""
    return await sandbox.get_session(f"cortex-{name}") if "parallel" in switches else sandbox


def _hashes(texts):
    return {path: config_hash(text) for path, text in texts.items()}


def _install_command(names):
    return "npm install -g --prefer-offline -- " + shlex.join(names)
