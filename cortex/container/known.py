"""What is known of earlier sessions, as an agent is told."""

from __future__ import annotations

from frames import Frame


def known_texts(query: Frame) -> list[str]:
    """The lines that came with a query, such as `decision: we use SQLite`."""
    known = query.get("knowledge")
    if not isinstance(known, list):
        return []
    return [f"{one.get('kind')}: {one.get('text')}" for one in known if isinstance(one, dict)]


def with_knowledge(query: Frame) -> str:
    """The prompt, after what is known that may concern it."""
    prompt, known = str(query.get("prompt", "")), known_texts(query)
    if not known:
        return prompt
    lines = "\n".join(f"- {text}" for text in known)
    return f"Known from earlier sessions, where it concerns this:\n{lines}\n\n{prompt}"
