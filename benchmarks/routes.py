"""What is measured: the routes that every contender answers, and how each is driven."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum


class Drive(Enum):
    """How requests of a route differ from each other."""

    SAME = "same"  # one URL
    DISTINCT_KEYS = "distinct"  # a new `i` in each request
    MANY_OBJECTS = "many"  # 64 object names in turn
    WEBSOCKET = "websocket"  # 32 bytes, echoed, in a closed loop


@dataclass(frozen=True, slots=True)
class Route:
    """One row of the table."""

    name: str
    path: str
    drive: Drive = Drive.SAME

    @property
    def probe(self) -> str:
        """A URL that must answer 200 before the row is measured; also creates what the row reads."""
        suffix = {Drive.DISTINCT_KEYS: "?i=probe", Drive.MANY_OBJECTS: "?name=many-0"}
        return self.path + suffix.get(self.drive, "")


ROUTES = (
    Route("hello", "/"),
    Route("kv_get", "/kv/get"),
    Route("kv_put", "/kv/put", Drive.DISTINCT_KEYS),
    Route("do_incr", "/do/incr?name=bench"),
    Route("do_incr64", "/do/incr", Drive.MANY_OBJECTS),
    Route("do_rpc", "/do/rpc?name=bench"),
    Route("do_sql", "/do/sql?name=bench"),
    Route("waituntil", "/waituntil"),
    Route("ws", "/ws", Drive.WEBSOCKET),
    Route("do_ws", "/do/ws?name=bench", Drive.WEBSOCKET),
)
