"""Spans as trees: who is under whom, in the order in which they began."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

from edge.trace.record import EventRecord, SpanRecord

_OVERHANG_MAX = 1.25


@dataclass(slots=True)
class Node:
    """A span with the spans under it."""

    span: SpanRecord
    children: list[Node] = field(default_factory=list)

    def walk(self, depth: int = 0) -> Iterator[tuple[int, Node]]:
        """This node and all under it, each with its depth, parents first."""
        # Not recursive: a simulated session may be a deep tree.
        stack = [(depth, self)]
        while stack:
            level, node = stack.pop()
            yield level, node
            stack.extend((level + 1, child) for child in reversed(node.children))

    @property
    def end_s(self) -> float:
        """When the last of the tree ended: background work outlives its root."""
        return max(node.span.end_s for _, node in self.walk())

    @property
    def axis_end_s(self) -> float:
        """Where to end the axis of time. Background work that lasts far longer than its root would press
        all else together: it is cut off."""
        end_s, length_s = self.end_s, self.span.duration_s
        if length_s > 0 and end_s - self.span.start_s > _OVERHANG_MAX * length_s:
            return self.span.end_s + (_OVERHANG_MAX - 1) * length_s
        return end_s

    @property
    def first_chunk(self) -> EventRecord | None:
        """The moment of the first token: when the first chunk of a streamed answer was taken."""
        return next((event for event in self.span.events if event.name == "chunk"), None)


def trees(spans: Iterable[SpanRecord]) -> list[Node]:
    """The trees of `spans`, by when they began. A span whose parent is not among them stands by itself."""
    nodes = {span.id: Node(span) for span in spans}
    roots: list[Node] = []
    for node in sorted(nodes.values(), key=_began):
        parent = None if node.span.parent_id is None else nodes.get(node.span.parent_id)
        (roots if parent is None else parent.children).append(node)
    return roots


def _began(node: Node) -> tuple[float, int]:
    return (node.span.start_s, node.span.id)


def modelled_s(root: Node) -> float:
    """How much of a tree's own time the model made up: modelled spans within it, overlaps counted once."""
    until_s = root.span.start_s
    total_s = 0.0
    for start_s, end_s in sorted(
        (node.span.start_s, node.span.end_s) for _, node in root.walk() if node.span.modelled
    ):
        end_s = min(end_s, root.span.end_s)
        total_s += max(0.0, end_s - max(start_s, until_s))
        until_s = max(until_s, end_s)
    return total_s
