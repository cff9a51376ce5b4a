"""What the scripted agent says: the same to the same query, always.

A prompt may ask for tools, each on a line of its own: `[tool:list PATH]`, `[tool:read PATH]`, `[tool:run
COMMAND]`. The environment says how fast it talks: `CORTEX_FIRST_TOKEN_MS` (time to the first token),
`CORTEX_TOKENS_PER_S` (0: at once), `CORTEX_TOKENS` (length of the reply), `CORTEX_CONFIRM=1` (tools ask
first).
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Protocol

from frames import Frame
from known import known_texts

_TOOL = re.compile(r"^\[tool:(list|read|run) ?(.*)\]$", re.MULTILINE)
_TEXT = (
    "the edge is close to you and so this answer streams word by word while the container works "
    "on what you asked each token leaves when it is made nothing waits for the end"
)
_WORDS = _TEXT.split()
_OUTPUT_CHARS_MAX = 4000


class AgentIo(Protocol):
    """What a run of the agent may do."""

    async def emit(self, frame: Frame) -> None: ...

    async def sleep(self, delay_s: float) -> None: ...

    async def confirm(self, approval_id: str) -> bool:
        """Wait for the user's word."""
        ...

    async def tool(self, name: str, argument: str) -> str:
        """The output of `list`, `read` or `run`; what goes wrong is output, too."""
        ...


@dataclass(frozen=True, slots=True)
class Pace:
    """How fast the agent talks."""

    first_token_s: float = 0.0
    tokens_per_s: float = 0.0
    tokens: int = 40
    asks: bool = False

    @classmethod
    def of(cls, env: Mapping[str, str]) -> Pace:
        """Read from the environment; what is no number counts as absent."""

        def number(name: str, default: float) -> float:
            text = env.get(name, "")
            return float(text) if re.fullmatch(r"\d+(\.\d+)?", text) else default

        return cls(
            first_token_s=number("CORTEX_FIRST_TOKEN_MS", 0.0) / 1000,
            tokens_per_s=number("CORTEX_TOKENS_PER_S", 0.0),
            tokens=int(number("CORTEX_TOKENS", 40)),
            asks=env.get("CORTEX_CONFIRM") == "1",
        )


async def reply(query: Frame, env: Mapping[str, str], io: AgentIo) -> None:
    """Answer one query from `session-init` to `done`."""
    pace = Pace.of(env)
    session_id = str(query.get("sdkSessionId") or query.get("sessionId") or "scripted")
    prompt = str(query.get("prompt", ""))
    await io.emit({"type": "session-init", "sessionId": session_id, "configHash": query.get("configHash")})
    await io.sleep(pace.first_token_s)
    said: list[str] = []
    known = [f" (known: {text})" for text in known_texts(query)]
    for token in (*tokens(prompt, pace.tokens), *known):
        if said and pace.tokens_per_s:
            await io.sleep(1 / pace.tokens_per_s)
        said.append(token)
        await io.emit({"type": "text-delta", "text": token})
    for number, (name, argument) in enumerate(_TOOL.findall(prompt), 1):
        said.append(await _use_tool(number, name, argument, pace, io))
    usage = {"inputTokens": len(prompt.split()), "outputTokens": len(said)}
    full = "".join(said)
    await io.emit({"type": "done", "sessionId": session_id, "fullText": full, "usage": usage, "costUsd": 0})


def tokens(prompt: str, count: int) -> Iterator[str]:
    """The words of the reply: they begin with the prompt's own and then depend on its hash."""
    digest = hashlib.sha256(prompt.encode()).digest()
    yield "You"
    yield " said:"
    own = _TOOL.sub("", prompt).split()[: max(0, count - 2) // 2]
    for word in own:
        yield f" {word}"
    yield "."
    for index in range(max(0, count - 3 - len(own))):
        yield f" {_WORDS[(digest[index % 32] + index) % len(_WORDS)]}"


async def _use_tool(number: int, name: str, argument: str, pace: Pace, io: AgentIo) -> str:
    call: dict[str, Any] = {"id": f"tool-{number}", "name": name, "input": {"argument": argument}}
    if pace.asks:
        approval = {"toolName": name, "input": call["input"], "approvalId": call["id"]}
        await io.emit({"type": "confirmation", **approval})
        if not await io.confirm(call["id"]):
            refused = {"id": call["id"], "name": name, "output": "refused by the user"}
            await io.emit({"type": "tool-result", **refused})
            return ""
    await io.emit({"type": "tool-start", **call})
    output = (await io.tool(name, argument))[:_OUTPUT_CHARS_MAX]
    await io.emit({"type": "tool-result", "id": call["id"], "name": name, "output": output})
    return ""
