"""A session's sandbox: waking it and bringing it to what a message needs (the design's `sandbox.ts`).

Steps 2 and 4 to 9 of the chain. `state` is what is known of the container, also written to
`/tmp/vf-state.json`, which a container loses when it sleeps: so does what was known.
"""

import asyncio
import json
import posixpath
import shlex

from config_assembly import agent_env, files, mcp_config, packages
from config_hash import config_hash
from envelope import ApiError
from workers import Request

AGENT_PORT = 8765
STATE = "/tmp/vf-state.json"
MCP_CONFIG = "/root/.claude.json"
SERVER = "python3 -I -S /opt/claude-agent/ws_agent_server.py"
#: Idle for so long, a container may have gone to sleep.
UNCERTAIN_AFTER_MS = 120_000
_HEALTH_LIMIT_MS = 5000
_WAKE_POLLS, _WAKE_POLL_S = 5, 2.0
_SERVER_DELAY_S = 0.5
_INSTALL_LIMIT_MS = 60_000
_PORT_POLL_MS, _PORT_LIMIT_MS = 50, 2000


class SandboxManager:
    """Prepares one sandbox for one message; `waterfall` is told what it does."""

    def __init__(self, sandbox, waterfall, switches, state):
        self.sandbox = sandbox
        self.waterfall = waterfall
        self.on = switches
        self.state = dict(state or {})

    # -- step 2

    async def get_or_wake(self, record, now_ms):
        """Make sure that the container runs; true when it was woken. Raises ApiError 503."""
        idle_ms = now_ms - record.get("lastActiveAt", 0)
        if record["status"] == "active" and idle_ms <= UNCERTAIN_AFTER_MS and self._knows_container():
            self.waterfall.skip(2, "wake", "used a moment ago")
            return False
        with self.waterfall.step(2, "wake"):
            await self._health_check()
            known = self.state
            self.state = await self._read_state()
            return self.state == {} or self.state != known

    def _knows_container(self):
        return "skip_redundant" not in self.on or bool(self.state)

    async def _health_check(self):
        for _ in range(_WAKE_POLLS):
            try:
                if (await self.sandbox.exec("echo ok", timeout=_HEALTH_LIMIT_MS)).success:
                    return
            except Exception as failure:
                last = failure
            await asyncio.sleep(_WAKE_POLL_S)
        raise ApiError(503, f"the sandbox does not wake: {last}")

    async def _read_state(self):
        """What the container remembers of earlier messages; nothing after it slept."""
        if not (await self.sandbox.exists(STATE)).exists:
            return {}
        try:
            return json.loads((await self.sandbox.read_file(STATE)).content)
        except ValueError:
            return {}

    async def write_state(self):
        """Remember in the container; not worth a message's time."""
        await self.sandbox.write_file(STATE, json.dumps(self.state))

    # -- steps 4 to 6

    async def refresh_mcp(self, config):
        """Write the MCP configuration, install its packages, write the configuration's files."""
        await self._write_mcp(config)
        if "cold_start" in self.on:
            await self.install_later(config)
        else:
            await self.install(config)
        await self._write_files(config)

    async def _write_mcp(self, config):
        wanted = mcp_config(config)
        if self._unchanged("mcpConfigHash", config_hash(wanted)):
            self.waterfall.skip(4, "MCP configuration", "unchanged")
            return
        with self.waterfall.step(4, "MCP configuration"):
            await self.sandbox.write_file(MCP_CONFIG, json.dumps(wanted))
        self.state["mcpConfigHash"] = config_hash(wanted)

    async def install(self, config):
        """`npm install -g` what the servers run by `npx`; a failure is tolerated, as npx fetches then."""
        wanted = packages(config)
        have = self.state.get("npmPackagesInstalled", []) if "skip_redundant" in self.on else []
        missing = [name for name in wanted if name not in have]
        if not missing:
            self.waterfall.skip(5, "npm install", "installed" if wanted else "no packages")
            return
        command = _install_command(missing)
        with self.waterfall.step(5, "npm install", " ".join(missing)) as step:
            done = await (await self._beside("install")).exec(command, timeout=_INSTALL_LIMIT_MS)
            step["detail"] += "" if done.success else f" (exit code {done.exit_code})"
        if done.success:
            self.state["npmPackagesInstalled"] = sorted({*have, *missing})

    async def install_later(self, config):
        """Install packages while messages go on: no message waits for them, and npx fetches until then."""
        missing = [
            name for name in packages(config) if name not in self.state.get("npmPackagesInstalled", [])
        ]
        if not missing:
            self.waterfall.skip(5, "npm install", "installed" if packages(config) else "no packages")
            return
        with self.waterfall.step(5, "npm install", "started in the background"):
            await self.sandbox.start_process(_install_command(missing))
        self.state["npmPackagesInstalled"] = sorted({*self.state.get("npmPackagesInstalled", []), *missing})

    async def _write_files(self, config):
        wanted = files(config)
        if self._unchanged("credentialFilesHash", config_hash(wanted)):
            self.waterfall.skip(6, "credential files", "unchanged")
            return
        with self.waterfall.step(6, "credential files", f"{len(wanted)} files"):
            for path, content in wanted.items():
                await self.sandbox.mkdir(posixpath.dirname(path), recursive=True)
                await self.sandbox.write_file(path, content)
        self.state["credentialFilesHash"] = config_hash(wanted)

    def _unchanged(self, key, value):
        return "skip_redundant" in self.on and self.state.get(key) == value

    # -- step 7

    async def start_server(self):
        """Have the agent server listen. Raises ApiError 503."""
        if "skip_redundant" in self.on and self.state.get("wsServerPid"):
            self.waterfall.skip(7, "agent server", f"runs as {self.state['wsServerPid']}")
            return
        with self.waterfall.step(7, "agent server") as step:
            beside = await self._beside("server")
            if await self._running(beside):
                step["detail"] = "ran already"
            elif "no_delays" in self.on:
                await self._start_and_poll(step)
            else:
                await self._start_and_sleep(beside)

    async def _running(self, session):
        found = await session.exec("pgrep -f ws_agent_server.py")
        if found.success:
            self.state["wsServerPid"] = int(found.stdout.split()[0])
        return found.success

    async def _start_and_sleep(self, session):
        await session.exec(f"nohup {SERVER} > /tmp/ws-agent-server.log 2>&1 &")
        await asyncio.sleep(_SERVER_DELAY_S)
        if not await self._running(session):
            raise ApiError(503, "the agent server did not start")

    async def _start_and_poll(self, step):
        # One call that polls inside the container: sixty calls from here would overwhelm it.
        process = await self.sandbox.start_process(SERVER)
        try:
            await process.wait_for_port(
                AGENT_PORT, path="/health", interval=_PORT_POLL_MS, timeout=_PORT_LIMIT_MS * 3
            )
        except Exception as failure:
            raise ApiError(503, f"the agent server did not start: {failure}") from failure
        self.state["wsServerPid"] = process.pid
        step["detail"] = f"started as {process.pid}"

    # -- step 8

    async def write_context(self, query, message_id):
        """Give the query to the agent server by file: one path for all, or one for each message."""
        own = "no_delays" in self.on
        path = f"/tmp/vf-query-{message_id}.json" if own else "/tmp/vf-pending-query.json"
        with self.waterfall.step(8, "context file", path):
            # Who polls takes it only when it is whole: half of an object is no JSON.
            await self.sandbox.write_file(path, json.dumps(query))

    # -- step 9

    async def connect(self, path):
        """A WebSocket to the agent server. Raises ApiError 502."""
        with self.waterfall.step(9, "WebSocket") as step:
            for tries in range(_PORT_LIMIT_MS // _PORT_POLL_MS):
                headers = {"Upgrade": "websocket"}
                response = await self.sandbox.ws_connect(
                    Request(f"http://container{path}", headers=headers), AGENT_PORT
                )
                if response.status == 101:
                    step["detail"] = f"after {tries} refusals" if tries else ""
                    return response.js_object.webSocket
                # `pgrep` finds a server that was started a moment ago, but it may not listen yet.
                await asyncio.sleep(_PORT_POLL_MS / 1000)
            raise ApiError(502, f"the agent server refused the connection: {response.status}")

    # -- beyond: all in one request

    async def prepare(self, config, mode, *, warm):
        """Steps 4 to 6 in one round trip, the agent started ahead when `warm`. Raises ApiError."""
        wanted = {
            "mcpConfig": mcp_config(config),
            "packages": packages(config),
            "files": [{"path": path, "content": text} for path, text in files(config).items()],
            "env": agent_env(config, mode),
            "warm": warm,
            "later": "cold_start" in self.on,
        }
        stamp = config_hash(wanted)
        if self.state.get("prepared") == stamp:
            for number, name in ((4, "MCP configuration"), (5, "npm install"), (6, "credential files")):
                self.waterfall.skip(number, name, "unchanged")
            return
        with self.waterfall.step(4, "prepare", "steps 4 to 6 in one request") as step:
            request = Request(
                f"http://container/proxy/{AGENT_PORT}/prepare",
                method="POST",
                headers={"content-type": "application/json"},
                body=json.dumps(wanted),
            )
            response = await self.sandbox.fetch(request)
            answer = json.loads(await response.text())
            if response.status != 200:
                raise ApiError(502, f"the sandbox could not be prepared: {answer.get('error')}")
            step["detail"] = ", ".join(
                f"{key}: {len(answer[key])}" for key in ("written", "installed", "skipped")
            )
        self.state |= {"prepared": stamp, "wsServerPid": answer["pid"]}

    async def _beside(self, name):
        """A shell of its own: what runs in the default one would have to wait its turn."""
        if "parallel" in self.on:
            return await self.sandbox.get_session(f"cortex-{name}")
        return self.sandbox


def _install_command(names):
    return "npm install -g --prefer-offline -- " + " ".join(map(shlex.quote, names))
