"""Where an agent finds its MCP servers."""

from __future__ import annotations

import json
from pathlib import Path

from tests.cortex.container import conftest  # noqa: F401 (puts the container's folder on the path)

from mcp_servers import mcp_servers  # isort: skip


def test_servers_come_from_the_environment_or_their_file(tmp_path: Path) -> None:
    path = tmp_path / "claude.json"
    path.write_text(json.dumps({"mcpServers": {"large": {"command": "ls"}}}))
    small = json.dumps({"small": {"command": "ls"}})
    assert list(mcp_servers({"CORTEX_MCP_SERVERS": small}, str(path))) == ["small"]
    assert list(mcp_servers({"CORTEX_MCP_HASH": "x"}, str(path))) == ["large"]
    assert mcp_servers({}, str(path)) == {}
