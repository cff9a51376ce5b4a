"""The place where the code of this context runs; user code never sees it.

None means that nobody said: the network's default place, or nowhere in a world without distance.
"""

from __future__ import annotations

from contextvars import ContextVar

here: ContextVar[str | None] = ContextVar("here", default=None)
