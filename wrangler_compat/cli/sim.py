"""`edge sim`: many users, simulated time, faults, invariants."""

from __future__ import annotations

import json
import shlex
from functools import partial
from pathlib import Path
from typing import Any

import click

from edge.errors import UserError


@click.command("sim")
@click.argument("directory", metavar="[DIR]", default=".", type=click.Path(file_okay=False))
@click.option("-c", "--config", "configs", multiple=True, metavar="FILE",
              help="A configuration file. Several times: several Workers, the first answers.")  # fmt: skip
@click.option("-e", "--env", "environment", metavar="NAME", help="The environment of the configuration.")
@click.option(
    "--seed", type=click.IntRange(min=0), default=1, show_default=True, help="What to repeat a run by."
)
@click.option("--seeds", metavar="A..B", help="Run many seeds on all cores; stop at the first that fails.")
@click.option(
    "--jobs", type=click.IntRange(min=1), help="Processes for --seeds; one for each core unless given."
)
@click.option("--duration", default="1h", show_default=True, help="Simulated time.")
@click.option("--sessions", type=click.IntRange(min=1), default=100, show_default=True, help="Users in all.")
@click.option(
    "--workload", metavar="FILE", help="What users do (.toml or .py); workload.toml of the project."
)
@click.option("--profile", default="edge", show_default=True, metavar="NAME",
              help="How far apart things are: none, edge, streaming-seed, or a file.")  # fmt: skip
@click.option("--faults", metavar="FILE", help="What goes wrong, and when (.toml).")
@click.option("--schedule", type=click.Choice(["seeded", "fifo"]), default="seeded", show_default=True,
              help="Vary the order of simultaneous things, or not.")  # fmt: skip
@click.option(
    "--check", "checkers", multiple=True, metavar="NAME", help="Watch only this invariant (repeatable)."
)
@click.option("--sabotage", multiple=True, metavar="NAME", help="Switch a deliberate bug on (repeatable).")
@click.option("--trace", metavar="FILE", help="Write the spans, one JSON object a line.")
@click.option("--spans/--no-spans", default=True, show_default=True,
              help="Times by operation; without them a run is faster.")  # fmt: skip
@click.option("--json", "as_json", is_flag=True, help="Answer with JSON.")
def command(directory: str, seeds: str | None, as_json: bool, **options: Any) -> None:
    """Drive the Workers of DIR with simulated users and say how long things took and what broke.

    \b
    edge sim --duration 24h --sessions 300
    edge sim examples/whiteboard --seeds 1..200 --faults faults.toml
    """
    import gc

    from rich.console import Console

    gc.enable()  # the command line starts without; a simulation makes garbage
    job = _job(Path(directory), options)
    replay = _replay(directory, options)
    console = Console(highlight=False)
    if seeds is None:
        _one(job, options, console, as_json=as_json, replay=replay)
    elif options["trace"]:
        raise UserError("--trace is for one seed: give --seed, not --seeds")
    else:
        _many(job, seeds, options["jobs"], console, as_json=as_json, replay=replay)


def _job(folder: Path, options: dict[str, Any]) -> Any:
    from edge.kernel.duration import parse_duration
    from edge.simulator.sabotage import known_sabotage
    from wrangler_compat.cli.dev import config_paths
    from wrangler_compat.sim.job import Job

    try:
        duration_s = parse_duration(options["duration"])
    except ValueError as failure:
        raise UserError(f"--duration: {failure}") from None
    if not duration_s:
        raise UserError("--duration: a simulation takes time; 0 is none")
    job = Job(
        configs=config_paths(folder, options["configs"]),
        environment=options["environment"],
        workload=None if options["workload"] is None else Path(options["workload"]),
        duration_s=duration_s,
        sessions=options["sessions"],
        schedule=options["schedule"],
        profile=options["profile"],
        faults=None if options["faults"] is None else Path(options["faults"]),
        spans=options["spans"],
        checkers=options["checkers"] or None,
        sabotage=known_sabotage(options["sabotage"]),
    )
    job.config()
    job.network()
    job.plan()  # what is wrong with them is said before anything runs
    return job


_REPLAYED = (
    *("config", "env", "duration", "sessions", "workload"),
    *("profile", "faults", "schedule", "check", "sabotage"),
)
_NAMES = {"config": "configs", "env": "environment", "check": "checkers"}


def _replay(directory: str, options: dict[str, Any]) -> str:
    words = ["edge", "sim", directory]
    for flag in _REPLAYED:
        value = options[_NAMES.get(flag, flag)]
        for one in value if isinstance(value, tuple) else [value]:
            if one is not None:
                words += [f"--{flag}", str(one)]
    return shlex.join(words if options["spans"] else [*words, "--no-spans"])


def _one(job: Any, options: dict[str, Any], console: Any, *, as_json: bool, replay: str) -> None:
    from wrangler_compat.sim.job import run_job
    from wrangler_compat.sim.report import print_outcome
    from wrangler_compat.sim.tracing import trace_to

    with (
        trace_to(options["trace"]) as sink,
        _progress(as_json=as_json) as bar,
    ):
        task = bar.add_task("simulating", total=1.0)
        outcome = run_job(
            job, options["seed"], sink=sink, progress=lambda share, _: bar.update(task, completed=share)
        )
    if as_json:
        click.echo(json.dumps(outcome.as_json(), indent=2, ensure_ascii=False))
    else:
        print_outcome(console, outcome)
    if not outcome.ok:
        _fail(replay, outcome.seed)


def _many(job: Any, seeds: str, jobs: int | None, console: Any, *, as_json: bool, replay: str) -> None:
    from edge.simulator.outcome import Outcome
    from edge.simulator.seeds import parse_seeds, run_seeds
    from wrangler_compat.sim.job import run_job
    from wrangler_compat.sim.report import print_failure, print_seeds

    wanted = parse_seeds(seeds)
    outcomes: list[Outcome] = []
    with _progress(as_json=as_json) as bar:
        task = bar.add_task("seeds", total=len(wanted))
        for outcome in run_seeds(partial(run_job, job), wanted, jobs):
            outcomes.append(outcome)
            bar.advance(task)
    outcomes.sort(key=lambda outcome: outcome.seed)
    failed = next((outcome for outcome in outcomes if not outcome.ok), None)
    if as_json:
        click.echo(json.dumps([outcome.as_json() for outcome in outcomes], indent=2, ensure_ascii=False))
    else:
        print_seeds(console, outcomes, len(wanted))
        if failed is not None:
            print_failure(console, failed)
    if failed is not None:
        _fail(replay, failed.seed)


def _progress(*, as_json: bool) -> Any:
    from rich.console import Console
    from rich.progress import Progress

    console = Console(stderr=True)
    return Progress(console=console, transient=True, disable=as_json or not console.is_terminal)


def _fail(replay: str, seed: int) -> None:
    click.echo(f"replay: {replay} --seed {seed}", err=True)
    raise SystemExit(1)
