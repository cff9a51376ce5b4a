"""The MCP servers of an agent: from its environment, or from their file where no variable can hold them."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

MCP_CONFIG = "/root/.claude.json"


def mcp_servers(env: Mapping[str, str], path: str) -> dict[str, Any]:
    """Their entries by name, as `claude-agent-sdk` takes them."""
    if "CORTEX_MCP_SERVERS" in env:
        return dict(json.loads(env["CORTEX_MCP_SERVERS"] or "{}"))
    if "CORTEX_MCP_HASH" not in env:
        return {}
    with open(path, encoding="utf-8") as file:
        return dict(json.load(file)["mcpServers"])
