"""The real agent: `claude-agent-sdk` (optional), one client kept open when warm.

A client that stays open answers about ten times sooner than a process for each query. It reads the model's
token and the MCP servers from its environment (`ANTHROPIC_API_KEY` or `CLAUDE_CODE_OAUTH_TOKEN`,
`mcp_servers.py`).
"""

from __future__ import annotations

import asyncio
import os
import sys
from typing import Any

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))

from agent_loop import Inbox, emit, run
from claude_agent_sdk import (
    AssistantMessage,
    ClaudeAgentOptions,
    ClaudeSDKClient,
    PermissionResultAllow,
    PermissionResultDeny,
    ResultMessage,
    StreamEvent,
    SystemMessage,
    ToolResultBlock,
    ToolUseBlock,
    UserMessage,
)
from frames import Frame
from known import with_knowledge
from mcp_servers import MCP_CONFIG, mcp_servers


class ClaudeAgent:
    """One conversation with the model."""

    def __init__(self) -> None:
        self._client: ClaudeSDKClient | None = None
        self._inbox: Inbox | None = None
        self._approvals = 0

    async def connect(self) -> ClaudeSDKClient:
        if self._client is None:
            self._client = ClaudeSDKClient(self._options())
            await self._client.connect()
        return self._client

    def _options(self) -> ClaudeAgentOptions:
        servers = mcp_servers(os.environ, MCP_CONFIG)
        asks = os.environ.get("CORTEX_CONFIRM") == "1"
        budget = os.environ.get("CORTEX_MAX_BUDGET_USD")
        return ClaudeAgentOptions(
            include_partial_messages=True,
            mcp_servers=servers,
            cwd=os.environ.get("CORTEX_CWD", "/workspace"),
            permission_mode="default" if asks else "acceptEdits",
            can_use_tool=self._may_use if asks else None,
            resume=os.environ.get("CORTEX_SDK_SESSION") or None,
            max_budget_usd=float(budget) if budget else None,
            setting_sources=["user", "project"],
        )

    async def _may_use(self, name: str, given: dict[str, Any], context: Any) -> Any:
        assert self._inbox is not None, "tools are used only while a query is answered"
        self._approvals += 1
        approval_id = f"approval-{self._approvals}"
        await emit({"type": "confirmation", "toolName": name, "input": given, "approvalId": approval_id})
        if await self._inbox.confirm(approval_id):
            return PermissionResultAllow(updated_input=given)
        return PermissionResultDeny(message="refused by the user")

    async def answer(self, query: Frame, inbox: Inbox) -> None:
        self._inbox = inbox
        client = await self.connect()
        await client.query(with_knowledge(query))
        said: list[str] = []
        try:
            async for message in client.receive_response():
                for frame in frames_of(message, said):
                    await emit(frame)
        except asyncio.CancelledError:
            await client.interrupt()
            async for _ in client.receive_response():
                pass  # what it still says belongs to the query that was stopped
            raise


def frames_of(message: Any, said: list[str]) -> list[Frame]:
    """The frames for one message of the SDK; `said` collects the text."""
    if isinstance(message, SystemMessage) and message.subtype == "init":
        return [{"type": "session-init", "sessionId": message.data.get("session_id")}]
    if isinstance(message, StreamEvent):
        return _delta(message.event, said)
    if isinstance(message, AssistantMessage):
        return [
            {"type": "tool-start", "id": block.id, "name": block.name, "input": block.input}
            for block in message.content
            if isinstance(block, ToolUseBlock)
        ]
    if isinstance(message, UserMessage) and isinstance(message.content, list):
        return [
            {"type": "tool-result", "id": block.tool_use_id, "name": "", "output": _text(block.content)}
            for block in message.content
            if isinstance(block, ToolResultBlock)
        ]
    if isinstance(message, ResultMessage):
        return [_end(message, said)]
    return []


def _delta(event: dict[str, Any], said: list[str]) -> list[Frame]:
    delta = event.get("delta") or {}
    if event.get("type") != "content_block_delta":
        return []
    if delta.get("type") == "text_delta":
        said.append(delta["text"])
        return [{"type": "text-delta", "text": delta["text"]}]
    if delta.get("type") == "thinking_delta":
        return [{"type": "reasoning-delta", "text": delta["thinking"]}]
    return []


def _end(result: ResultMessage, said: list[str]) -> Frame:
    if result.is_error:
        return {"type": "error", "error": str(result.result or result.subtype)}
    return {
        "type": "done",
        "sessionId": result.session_id,
        "fullText": result.result or "".join(said),
        "usage": result.usage or {},
        "costUsd": result.total_cost_usd or 0,
    }


def _text(content: Any) -> str:
    if isinstance(content, list):
        return "\n".join(str(part.get("text", "")) for part in content if isinstance(part, dict))
    return str(content or "")


async def main() -> None:
    agent = ClaudeAgent()
    if os.environ.get("CORTEX_WARM") == "1":
        await agent.connect()  # ahead of the first query: that is the point of being warm
    await run(agent.answer)


if __name__ == "__main__":
    asyncio.run(main())
