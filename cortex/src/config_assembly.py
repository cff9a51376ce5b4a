"""From a user's settings to what a sandbox is configured with (step 1; the design's `config-assembly.ts`)."""

import asyncio
import json
import re

from config_hash import config_hash
from settings import KINDS, defaults, kv_key
from validation import npx_package

_COMMAND = re.compile(r"^\[(command|agent):/?([A-Za-z0-9_.-]+)\]\n")
#: Linux takes no longer variable (MAX_ARG_STRLEN, execve(2)).
_ENV_BYTES_MAX = 120_000
_SCRIPTED = {
    "firstTokenMs": "CORTEX_FIRST_TOKEN_MS",
    "tokensPerS": "CORTEX_TOKENS_PER_S",
    "tokens": "CORTEX_TOKENS",
}


async def read_settings(kv, user_id):
    """All settings from KV, read side by side; each with the version it had. As stale as KV is."""
    texts = await asyncio.gather(*(kv.get(kv_key(kind, user_id)) for kind in KINDS))
    settings, versions = defaults(), {}
    for kind, text in zip(KINDS, texts):
        if text is not None:
            stored = json.loads(text)
            settings[kind], versions[kind] = stored["value"], stored["version"]
    return settings, versions


def assemble(settings):
    """The SandboxConfig: a pure function of the settings."""
    plugins = settings["plugins"]
    servers = [
        server for plugin in plugins if plugin.get("enabled", True) for server in plugin.get("mcpServers", [])
    ]
    # User, then plugin, then provider: who comes first has the name.
    named = {}
    for server in [*settings["mcp"], *servers, *settings["ai-providers"].get("mcpServers", [])]:
        if server.get("enabled", True):
            named.setdefault(server["name"], server)
    config = {
        "claudeMd": settings["claude-md"]["content"],
        "mcpServers": named,
        "pluginConfigs": {part: _of_plugins(plugins, part) for part in ("agents", "commands", "rules")},
        "userConfigs": {part: settings[part] for part in ("rules", "commands", "agents")},
        "credentialFiles": [file for server in named.values() for file in server.get("credentialFiles", [])],
        "secrets": settings["secrets"],
        "aiProvider": settings["ai-providers"],
        "preferences": settings["preferences"],
    }
    return {**config, "hash": config_hash(config)}


def _of_plugins(plugins, part):
    return {
        name: text
        for plugin in plugins
        if plugin.get("enabled", True)
        for name, text in plugin.get(part, {}).items()
    }


def mcp_config(config):
    """What `/root/.claude.json` holds."""
    return {"mcpServers": {name: _server_entry(server) for name, server in config["mcpServers"].items()}}


def _server_entry(server):
    if server["transport"] == "stdio":
        return {"command": server["command"], "args": server["args"], "env": server["env"]}
    return {"type": "http", "url": server["url"], "headers": server.get("headers", {})}


def packages(config):
    """The npm packages of the servers that run by `npx`, each once."""
    found = (npx_package(server) for server in config["mcpServers"].values())
    return list(dict.fromkeys(name for name in found if name is not None))


def files(config):
    """All files the configuration puts into a container, by path; the user's come after the plugins'."""
    found = {"/root/.claude/CLAUDE.md": config["claudeMd"]}
    for source in (config["pluginConfigs"], config["userConfigs"]):
        for part, texts in source.items():
            found |= {f"/root/.claude/{part}/{name}.md": text for name, text in texts.items()}
    return found | {file["path"]: file["content"] for file in config["credentialFiles"]}


def _servers_for_agent(text):
    """Servers that no variable can hold are read from `/root/.claude.json`; by their hash an agent that was
    kept warm is started anew when they change."""
    if len(text) > _ENV_BYTES_MAX:
        return {"CORTEX_MCP_HASH": config_hash(text)}
    return {"CORTEX_MCP_SERVERS": text}


def agent_env(config, mode):
    """The environment of the agent: secrets, servers, and how it answers. Names that are reserved were
    refused when they were set."""
    provider = config["aiProvider"]
    env = dict(config["secrets"])
    env["CORTEX_AGENT"] = provider.get("agent", "scripted")
    env |= _servers_for_agent(json.dumps(mcp_config(config)["mcpServers"]))
    env["CORTEX_CONFIRM"] = "1" if mode == "ask" else ""
    for name, variable in _SCRIPTED.items():
        if name in provider.get("scripted", {}):
            env[variable] = str(provider["scripted"][name])
    if token := provider.get("token"):
        # A subscription's token and an API key go by different names.
        env["CLAUDE_CODE_OAUTH_TOKEN" if token.startswith("sk-ant-oat01-") else "ANTHROPIC_API_KEY"] = token
    return env


def rewritten(prompt, config):
    """A prompt that names a command or an agent of the configuration begins with its text."""
    match = _COMMAND.match(prompt)
    if match is None:
        return prompt
    part, name = f"{match[1]}s", match[2]
    text = config["userConfigs"][part].get(name) or config["pluginConfigs"][part].get(name)
    rest = prompt[match.end() :]
    return rest if text is None else f"{text}\n\n{rest}"
