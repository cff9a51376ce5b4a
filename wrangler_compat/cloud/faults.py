"""What goes wrong with calls, by script: `METHOD PATH=EFFECT[xTIMES]`.

`PUT */scripts/*=500x2` lets the first two uploads fail. PATH is a pattern for the path below an account, or
below `/client/v4` where there is none; `*` stands for anything, also as METHOD. Effects: a status of 400 to
599, with a slash and seconds a `Retry-After` (`429/2`); `hang` (no answer); `cut` (the connection ends in the
middle of the answer); `lost` (the work is done, and the answer never arrives); `html` (a page in the place of
the envelope).
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from fnmatch import fnmatchcase

from edge.errors import UserError

_FORM = re.compile(r"(?P<method>[A-Z]+|\*) (?P<path>\S+)=(?P<effect>[a-z0-9/]+?)(?:x(?P<times>\d+))?")
_STATUS = re.compile(r"(?P<status>[45]\d\d)(?:/(?P<retry_after_s>\d+))?")
_BELOW_ACCOUNT = re.compile("/accounts/[^/]+")
WORDS = ("hang", "cut", "lost", "html")


@dataclass(slots=True)
class Fault:
    """One line of the script; `left` is how often it still happens (None: always)."""

    method: str
    path: str
    effect: str
    left: int | None

    @property
    def status(self) -> int | None:
        """The HTTP status of a fault that is one."""
        found = _STATUS.fullmatch(self.effect)
        return None if found is None else int(found["status"])

    @property
    def retry_after_s(self) -> int | None:
        """After how many seconds the client should come again."""
        found = _STATUS.fullmatch(self.effect)
        return None if found is None or found["retry_after_s"] is None else int(found["retry_after_s"])


class Faults:
    """A script of faults; the first that matches a call happens to it."""

    def __init__(self, lines: Iterable[str] = ()) -> None:
        """Raises UserError for a line that is none."""
        self._faults = [parse_fault(line) for line in lines]

    def add(self, line: str) -> None:
        """One more. Raises UserError."""
        self._faults.append(parse_fault(line))

    def meet(self, method: str, path: str) -> Fault | None:
        """What happens to a call; `path` is the one below `/client/v4`."""
        below = _BELOW_ACCOUNT.sub("", path, count=1)
        for fault in self._faults:
            if fault.method in ("*", method) and fnmatchcase(below, fault.path) and fault.left != 0:
                if fault.left is not None:
                    fault.left -= 1
                return fault
        return None


def parse_fault(line: str) -> Fault:
    """A line of the script. Raises UserError."""
    found = _FORM.fullmatch(line)
    if found is None or not (found["effect"] in WORDS or _STATUS.fullmatch(found["effect"])):
        raise UserError(
            f'"{line}" is no fault: expected METHOD PATH=EFFECT or METHOD PATH=EFFECTxTIMES, where EFFECT is '
            f"a status (500, or 429/2 with Retry-After) or one of {', '.join(WORDS)}"
        )
    times = found["times"]
    return Fault(found["method"], found["path"], found["effect"], None if times is None else int(times))
