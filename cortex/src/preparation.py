"""Steps 4 to 6: a container's MCP configuration, packages and files, one after another or all at once."""

import json
import posixpath
import shlex
from contextlib import asynccontextmanager

from config_assembly import agent_env, files, mcp_config, packages
from config_hash import config_hash
from container_state import CAME, FILES, MCP, PACKAGES, PREPARED, SERVER
from envelope import ApiError
from package_delivery import NPM_FAILED, in_words
from server_client import asked_when_it_listens

MCP_CONFIG = "/root/.claude.json"
_INSTALL_LIMIT_MS = 60_000
_PREPARING_LIMIT_MS = _INSTALL_LIMIT_MS + 30_000
#: A directory that has taken a file's place is none of ours.
_REMOVE = '(for file in {}; do [ -d "$file" ] && [ ! -L "$file" ] || rm -f -- "$file" || exit; done)'
_STEPS = ((4, "MCP configuration"), (5, "npm install"), (6, "credential files"))


class Preparation:
    """Brings a sandbox to what a configuration says; `waterfall` is told what it does. `delivery` brings
    packages from the shared cache, `background(coroutine)` runs what nobody waits for."""

    def __init__(self, sandbox, waterfall, switches, container, delivery, background):
        self._sandbox = sandbox
        self._waterfall = waterfall
        self._on = switches
        self._container = container
        self._delivery = delivery
        self._background = background

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
        if gone:  # first: a file may have to give way to a directory
            done = await self._sandbox.exec(_REMOVE.format(shlex.join(gone)))
            if not done.success:
                raise ApiError(502, "files that are no longer configured could not be removed")
        for path in fresh:
            await self._sandbox.mkdir(posixpath.dirname(path), recursive=True)
            await self._sandbox.write_file(path, wanted[path])
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
        if "package_cache" in self._on:
            await self._deliver(missing)
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
        if "package_cache" in self._on:
            self._deliver_later(missing)
            return
        with self._waterfall.step(5, "npm install", "started in the background"):
            await self._sandbox.start_process(_install_command(missing))
        self._container.saw(**{PACKAGES: sorted({*self._container.packages(), *missing})})

    def _missing(self, config, known):
        wanted = packages(config)
        missing = [name for name in wanted if name not in known]
        if not missing:
            self._waterfall.skip(5, "npm install", self._how(wanted) if wanted else "no packages")
        return missing

    def _how(self, wanted):
        """How packages came that are there, where the cache had to do with it."""
        came = self._container.known.get(CAME, {})
        told = in_words({spec: came[spec] for spec in wanted if spec in came})
        return f"installed: {told}" if told else "installed"

    # -- from the shared cache

    async def _deliver(self, wanted, *, missing=None):
        """Bring packages, and wait; `missing`: those that the container is known to miss."""
        await self._delivery.ready()  # step 7, which has to come before: the server takes them
        with self._waterfall.step(5, "packages", " ".join(wanted)) as step:
            missing = await self._delivery.missing(wanted) if missing is None else missing
            came = await self._delivery.bring(missing, later=False)
            step["detail"] = in_words(came) or "installed"
        there = [spec for spec in wanted if not came.get(spec, "").startswith(NPM_FAILED)]
        self._container.saw(**{PACKAGES: sorted({*self._container.packages(), *there}), CAME: came})

    def _deliver_later(self, wanted, *, missing=None):
        """Bring packages while messages go on."""
        step = self._waterfall.begin(5, "packages", f"{' '.join(wanted)}, in the background")
        self._background(self._deliver_behind(step, wanted, missing))
        # As with npm in the background: nobody begins again while it is under way, nor when it fails.
        self._container.saw(**{PACKAGES: sorted({*self._container.packages(), *wanted})})

    async def _deliver_behind(self, step, wanted, missing):
        try:
            await self._delivery.ready()
            missing = await self._delivery.missing(wanted) if missing is None else missing
            came = await self._delivery.bring(missing, later=True)
        except Exception as failure:  # the container went: npx fetches what is missing
            came = dict.fromkeys(wanted, f"did not come: {failure}")
            print(f"packages were not brought: {failure}")
        step["detail"] = f"{in_words(came) or 'installed'}, in the background"
        self._waterfall.end(step)
        await self._container.learn(**{CAME: came})

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
            "cached": "package_cache" in self._on,
        }
        stamp = config_hash(wanted)
        if self._container.known.get(PREPARED) == stamp:
            self._skip_all(packages(config))
            return
        hashes = _hashes(files(config))
        news = {MCP: config_hash(wanted["mcpConfig"]), FILES: hashes, PREPARED: stamp}
        async with self._writing(config, news, limit_ms=_PREPARING_LIMIT_MS):
            if self._container.known.get(PREPARED) == stamp:
                return  # another message prepared it while this one waited for its turn
            gone = sorted(self._container.paths - hashes.keys())
            done = await self._ask({**wanted, "remove": gone, "boot": self._container.boot})
        self._container.saw(**{SERVER: done["pid"]})
        if missing := done.get("missing"):
            if wanted["later"]:
                self._deliver_later(missing, missing=missing)
            else:
                await self._deliver(missing, missing=missing)

    def _skip_all(self, wanted):
        for number, name in _STEPS:
            how = self._how(wanted) if number == 5 else "installed"
            self._waterfall.skip(number, name, "unchanged" if how == "installed" else how)

    async def _ask(self, wanted):
        """`POST /prepare`; gives its answer. Raises ApiError 502."""
        with self._waterfall.step(4, "prepare", "steps 4 to 6 in one request") as step:
            status, answer = await asked_when_it_listens(
                self._sandbox, "POST", "/prepare", wanted, trusts_server=self._container.trusts_server
            )
            if status != 200:
                said = answer or {}  # the Sandbox SDK answers in its own words when the container is gone
                reason = said.get("error") or said.get("message") or "the agent server does not answer"
                raise ApiError(502, f"the sandbox could not be prepared: {reason}")
            step["detail"] = ", ".join(
                f"{key}: {len(answer[key])}" for key in ("written", "removed", "installed", "skipped")
            )
            return answer


async def beside_default(sandbox, switches, name):
    """A shell of its own: what runs in the default one would have to wait its turn."""
    return await sandbox.get_session(f"cortex-{name}") if "parallel" in switches else sandbox


def _hashes(texts):
    return {path: config_hash(text) for path, text in texts.items()}


def _install_command(names):
    return "npm install -g --prefer-offline -- " + shlex.join(names)
