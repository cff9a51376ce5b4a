"""What may go wrong with one queue, by script and seed.

Source: `docs/faults.md`.
"""

from __future__ import annotations

from edge.network.faults.fault import Fault
from edge.network.faults.faults import Faults


class QueueTrouble:
    """The faults that are meant for the queue `name`."""

    __slots__ = ("_faults", "_name")

    def __init__(self, faults: Faults, name: str) -> None:
        self._faults = faults
        self._name = name

    def refuses(self) -> bool:
        """Whether what is sent now is not taken."""
        return self._strikes("queue_error") is not None

    def extra_ms(self) -> float:
        """How much later a message comes that is sent now."""
        fault = self._strikes("queue_delay")
        return 0.0 if fault is None else float(fault.options["extra"]) * 1000

    def loses_ack(self) -> bool:
        """Whether a message comes again although it was acknowledged."""
        return self._strikes("queue_duplicate") is not None

    def loses_batch(self) -> bool:
        """Whether all that a handler said is lost, after it has done its work."""
        return self._strikes("queue_batch_lost") is not None

    def _strikes(self, kind: str) -> Fault | None:
        return self._faults.strikes(kind, self._name, queue=self._name)
