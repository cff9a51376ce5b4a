"""What a message takes along of earlier sessions, looked for beside all its other steps.

No message waits for it: what was found by the time the query leaves goes with it; what comes later goes
with the next message of the session.
"""

import asyncio

_LATE = "comes too late for this message, and goes with the next"


class Recall:
    """One look. `before` is that of the message before."""

    def __init__(self, knowledge, prompt, waterfall, before=None):
        self._knowledge, self._prompt = knowledge, prompt
        self._found = [] if before is None else before.latest
        self._waterfall = waterfall
        self._step = self._task = None
        self._is_late = False

    def begin(self):
        """Look, unless that began already."""
        if self._task is None:
            detail = _LATE if self._is_late else "beside the other steps"
            self._step = self._waterfall.begin(None, "knowledge", detail)
            self._task = asyncio.ensure_future(self._look())

    @property
    def latest(self):
        """The newest that is known, of this message or the one before."""
        return self._found

    def taken(self):
        """What goes with the query that leaves now."""
        self._is_late = self._task is None or not self._task.done()
        if self._is_late and self._step is not None:
            self._step["detail"] = _LATE
        return self._found

    async def _look(self):
        try:
            self._found = await self._knowledge.relevant(self._prompt)
        except Exception as failure:  # an answer without knowledge is better than none
            self._step["detail"] = f"not found: {failure}"
        finally:
            self._waterfall.end(self._step)
