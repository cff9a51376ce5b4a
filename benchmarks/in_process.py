"""What a request costs without sockets, processes and disk: `python -m benchmarks.in_process`.

The Worker of the benchmark in a world of its own, in memory. The figure is the best of many short runs,
so that other work on the machine hardly shows; the last column says whether a world that has answered
many requests has become slower.
"""

from __future__ import annotations

import asyncio
import gc
import time
from pathlib import Path

import click
from rich.console import Console
from rich.table import Table

from benchmarks.routes import ROUTES, Drive, Route
from edge.http.request import Request
from edge.kernel import tasks
from edge.world import World
from wrangler_compat.config.load import LoadOptions, load
from wrangler_compat.modules.dialect import PythonDialect

_CONFIG = Path(__file__).parent / "worker" / "wrangler.jsonc"
_RUNS = 20


async def _ask(world: World, route: Route) -> None:
    request = Request.incoming("GET", f"http://localhost:8787{route.probe}", [("host", "localhost:8787")])
    response = await world.dispatch(request)
    assert response.status == 200, f"{route.probe} answers {response.status}"


async def _cost_us(world: World, route: Route, requests: int) -> float:
    """Microseconds a request, the best run of several."""
    best_s = float("inf")
    gc.collect()
    for _ in range(_RUNS):
        started = time.perf_counter()
        for _ in range(requests):
            await _ask(world, route)
        best_s = min(best_s, time.perf_counter() - started)
    return best_s / requests * 1e6


async def _measure(requests: int, table: Table) -> None:
    tasks.install(asyncio.get_running_loop())
    world = World(load((_CONFIG,), LoadOptions()).world, dialect=PythonDialect())
    await world.start()
    routes = [route for route in ROUTES if route.drive is not Drive.WEBSOCKET]
    first = {route: await _cost_us(world, route, requests) for route in routes}
    again = {route: await _cost_us(world, route, requests) for route in routes}
    for route in routes:
        table.add_row(route.name, f"{first[route]:.0f}", f"{again[route]:.0f}")
    await world.close()


@click.command()
@click.option(
    "--requests", default=500, show_default=True, help="Requests in each of the 20 runs of a route."
)
def main(*, requests: int) -> None:
    """Measure a request in the process itself, in memory."""
    later = len([route for route in ROUTES if route.drive is not Drive.WEBSOCKET]) * _RUNS * requests
    table = Table("route", title="microseconds a request, in process and in memory")
    table.add_column("fresh world", justify="right")
    table.add_column(f"after {later:,} requests", justify="right")
    asyncio.run(_measure(requests, table))
    Console().print(table)


if __name__ == "__main__":
    main(prog_name="python -m benchmarks.in_process")
