"""One run of `edge cloud`, from opening its state to closing it."""

from __future__ import annotations

import asyncio
import gc
import signal
import socket
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from edge.http.httpx_transport import HttpxTransport
from edge.kernel import tasks
from edge.kernel.clock import WallClock
from edge.kernel.files import raise_open_files_limit
from edge.kernel.random import RandomStreams
from edge.kernel.tasks import run_to_end
from wrangler_compat.cloud.accounts import Account
from wrangler_compat.cloud.cloud import Cloud
from wrangler_compat.cloud.running import Running, serving
from wrangler_compat.dev.console import Console
from wrangler_compat.dev.listener import listen

DEFAULT_ACCOUNT = "local"


@dataclass(frozen=True, slots=True)
class CloudOptions:
    """The command line of `edge cloud`. `token` and `account_id` are the first account's; when they are None
    they are drawn by chance at the first start, and kept."""

    state: Path
    host: str
    port: int
    token: str | None
    account_id: str | None
    account_names: tuple[str, ...]
    serve: bool
    faults: tuple[str, ...]
    log_level: str


def run(options: CloudOptions) -> None:
    """Answer until interrupted. Raises UserError."""
    console = Console(options.log_level)
    handler = console.install()
    raise_open_files_limit()
    listener = listen(options.host, options.port)
    with asyncio.Runner() as runner:
        run_to_end(runner.get_loop(), _answer(options, console, listener))
    console.flush()
    handler.close()


async def _answer(options: CloudOptions, console: Console, listener: socket.socket) -> None:
    loop = asyncio.get_running_loop()
    tasks.install(loop)
    stop = asyncio.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, stop.set)
    outbound = HttpxTransport()
    state = options.state.resolve()
    cloud = Cloud(state, WallClock(), RandomStreams(), serve=options.serve, outbound=outbound)
    try:
        for line in options.faults:
            cloud.faults.add(line)
        accounts = _accounts(options, cloud)

        def say_call(method: str, path: str, status: int | None, duration_s: float) -> None:
            outcome = "no answer" if status is None else status
            console.say(f"{method} {path} {outcome} ({round(duration_s * 1000)}ms)")

        async with serving(cloud, listener, console.answered, say_call) as running:
            for line in _welcome(running, accounts):
                console.say(line)
            gc.freeze()  # what start-up made stays; from here on there is garbage
            gc.enable()
            await stop.wait()
    finally:
        await cloud.close()
        await outbound.close()


def _accounts(options: CloudOptions, cloud: Cloud) -> Sequence[Account]:
    first, *others = options.account_names or (DEFAULT_ACCOUNT,)
    cloud.accounts.ensure(first, token=options.token, account_id=options.account_id)
    for name in others:
        cloud.accounts.ensure(name)
    return cloud.accounts.all()


def _welcome(running: Running, accounts: Sequence[Account]) -> list[str]:
    """Where it answers, and what a shell needs to reach each account."""
    lines = [f"Ready on {running.origin}"]
    for account in accounts:
        lines.append(f'# account "{account.name}"')
        lines += [f"export {name}={value}" for name, value in running.environment(account).items()]
    return lines
