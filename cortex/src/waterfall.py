"""What a message did when: the eleven steps of the design, each with its begin and end."""

import time
from contextlib import contextmanager


class Waterfall:
    """Records the steps of one message. Times are the Worker's, in milliseconds since the epoch."""

    def __init__(self, message_id, switches):
        self.message_id = message_id
        self.switches = switches
        self.started_ms = now_ms()
        self.first_token_ms = None
        self.steps = []
        self._open = []

    @contextmanager
    def step(self, number, name, detail="", *, model=False):
        """Time a step. Steps that run side by side get lanes of their own."""
        record = self.begin(number, name, detail, model=model)
        try:
            yield record
        finally:
            self.end(record)

    def begin(self, number, name, detail="", *, model=False):
        lane = next(lane for lane in range(len(self._open) + 1) if lane not in self._open)
        self._open.append(lane)
        record = {"step": number, "name": name, "startMs": now_ms(), "endMs": None, "skipped": False}
        record |= {"lane": lane, "detail": detail, "model": model}
        self.steps.append(record)
        return record

    def end(self, record):
        if record["endMs"] is None:
            record["endMs"] = now_ms()
            self._open.remove(record["lane"])

    def skip(self, number, name, why):
        """A step is not needed; says nothing where it was done already."""
        if any(step["step"] == number and not step["skipped"] for step in self.steps):
            return
        at_ms = now_ms()
        record = {"step": number, "name": name, "startMs": at_ms, "endMs": at_ms, "skipped": True}
        self.steps.append(record | {"lane": 0, "detail": why, "model": False})

    def first_token(self):
        """The first token is here: true the first time."""
        if self.first_token_ms is not None:
            return False
        self.first_token_ms = now_ms() - self.started_ms
        return True

    def frame(self):
        """The `timing` frame: what is known by now, in the order of the design."""
        at_ms = now_ms()
        steps = [{**step, "endMs": at_ms if step["endMs"] is None else step["endMs"]} for step in self.steps]
        return {
            "type": "timing",
            "messageId": self.message_id,
            "startedMs": self.started_ms,
            "firstTokenMs": self.first_token_ms,
            "switches": self.switches,
            "steps": sorted(steps, key=lambda step: (step["step"] or 0, step["startMs"])),
        }


def now_ms():
    return round(time.time() * 1000, 3)
