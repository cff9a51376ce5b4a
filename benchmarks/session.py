"""One benchmark run: all contenders up at once, each route driven on each in turn, several rounds."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from dataclasses import dataclass

from benchmarks import http_load, memory, websocket_load
from benchmarks.figures import Load, Standing
from benchmarks.routes import Drive, Route
from benchmarks.servers import Contender, Server

_SETTLE_S = 2.0  # garbage of starting up is gone, nothing was asked yet


@dataclass(frozen=True, slots=True)
class Plan:
    """How hard and how long."""

    routes: Sequence[Route]
    connections: int = 16
    sockets: int = 50
    duration_s: float = 5.0
    rounds: int = 3


def run(contenders: Sequence[Contender], plan: Plan, say: Callable[[str], None]) -> list[Standing]:
    """Measure. Peers and project take turns route by route, so that a noisy minute hits all alike."""
    standings = [Standing(contender.name) for contender in contenders]
    for _ in range(plan.rounds):
        for contender, standing in zip(contenders, standings, strict=True):
            say(f"start {contender.label}")
            _measure_start(contender, standing)
    with ExitStack() as stack:
        servers = [stack.enter_context(Server(contender)) for contender in contenders]
        time.sleep(_SETTLE_S)
        for server, standing in zip(servers, standings, strict=True):
            standing.idle_pss_mib = memory.pss_mib(server.pid)
            standing.idle_rss_mib = memory.rss_mib(server.pid)
        for round_number in range(1, plan.rounds + 1):
            for route in plan.routes:
                for server, standing in zip(servers, standings, strict=True):
                    load = _drive(server, route, plan)
                    standing.loads.setdefault(route.name, []).append(load)
                    say(f"round {round_number} {route.name}: {server.contender.label} {load.rps:,.0f}/s")
    return standings


def _measure_start(contender: Contender, standing: Standing) -> None:
    with Server(contender) as server:
        standing.start_s.append(server.start_s)
        change_s = server.change_s()
        if change_s is not None:
            standing.change_s.append(change_s)


def _drive(server: Server, route: Route, plan: Plan) -> Load:
    if route.drive is Drive.WEBSOCKET:
        return websocket_load.drive(
            server.url, route.path, connections=plan.sockets, duration_s=plan.duration_s
        )
    status, text = server.get(route.probe)
    if status != 200:
        raise RuntimeError(f"{server.contender.label} answers {status} to {route.probe}: {text[:2000]}")
    http_load.drive(server.url, route, connections=plan.connections, duration_s=1)  # warms up
    return http_load.drive(server.url, route, connections=plan.connections, duration_s=plan.duration_s)
