"""Running the experiment: many seeds in virtual time, and once for real on this machine."""

from __future__ import annotations

import asyncio
import tempfile
from collections.abc import Callable, Coroutine, Sequence
from pathlib import Path
from typing import Any

from edge.config import WorldConfig
from edge.kernel import tasks
from edge.kernel.clock import VirtualClock, WallClock
from edge.testing.world import WorldUnderTest
from edge.world import World
from sandbox.engines.names import engine_maker
from wrangler_compat.config.load import LoadOptions, load
from wrangler_compat.lab.packages import GITHUB, SEMVER, NoPackages, fill
from wrangler_compat.lab.person import Person
from wrangler_compat.lab.scenario import Measured, cold, measured, prepared, run_path, toward
from wrangler_compat.lab.variants import Variant
from wrangler_compat.modules.dialect import PythonDialect

#: Nobody sends a message in the moment in which the last answer ends.
_THINKING_S = 0.3
#: A crowd: how often each sends a message, and how many sandboxes start at once.
_BETWEEN_S = 1.0
_PREPARED_AT_ONCE = 4
Told = Callable[[str], None]


def project_config(config: Path) -> WorldConfig:
    """The project's Workers. Raises ConfigError."""
    return load([config], LoadOptions()).world


def run_virtual(
    config: Path, profile: str, seeds: int, paths: Sequence[str], choices: Sequence[Variant], told: Told
) -> list[Measured]:
    """Each path and variant once a seed, under a latency profile. Raises UserError."""
    found = []
    for variant in choices:
        for path in paths:
            told(f"virtual: {path}, {variant.name}")
            for seed in range(seeds):
                found += _one_virtual(config, profile, seed, path, variant)
    return found


def _one_virtual(config: Path, profile: str, seed: int, path: str, variant: Variant) -> list[Measured]:
    world = WorldUnderTest(
        project_config(config),
        dialect=PythonDialect(),
        clock=VirtualClock(),
        seed=seed,
        network=profile,
        engine=engine_maker("fake"),
        limit_s=120.0,
    )

    async def whole() -> list[Measured]:
        await world.start()
        try:
            return await run_path(await Person(world).sign_in(), path, variant, GITHUB)
        finally:
            await world.close(0)

    try:
        return world.run(whole())
    finally:
        world.stage.close()


def run_real(
    config: Path, rounds: int, paths: Sequence[str], choices: Sequence[Variant], told: Told
) -> list[Measured]:
    """Each path and variant `rounds` times with the process engine, the scripted agent answering at once."""

    async def work(world: World) -> list[Measured]:
        found = []
        for number, variant in enumerate(choices):
            for path in paths:
                told(f"real: {path}, {variant.name}")
                person = await Person(world, f"ada-{number}-{path}").sign_in()
                session_id = await prepared(person, variant, None)
                for turn in range(rounds):
                    await world.clock.sleep(_THINKING_S)
                    await toward(person, session_id, path, turn)
                    answer = await person.message(
                        session_id, "hello", variant.query, typing_s=variant.typing_s
                    )
                    found.append(measured(path, variant, answer))
        return found

    return _in_real_world(config, work)


def run_packages(config: Path, rounds: int, choices: Sequence[Variant], told: Told) -> list[Measured]:
    """Cold messages of a user with an MCP server that npm installs, for real: the process engine shares no
    packages among sandboxes. What npm cannot bring is left out."""

    async def work(world: World) -> list[Measured]:
        found: list[Measured] = []
        try:
            told("real: packages: filling the cache")
            await fill(world, SEMVER)
            for number, variant in enumerate(choices):
                told(f"real: packages: {variant.name}")
                person = await Person(world, f"packages-{number}").sign_in()
                session_id = await prepared(person, variant, SEMVER)
                for turn in range(rounds):
                    await world.clock.sleep(_THINKING_S)
                    await toward(person, session_id, "cold", turn)
                    found += await cold(person, session_id, variant, SEMVER)
                await toward(person, session_id, "cold")
        except NoPackages as failure:
            told(f"real: packages are left out: {failure}")
        return found

    return _in_real_world(config, work, shares_packages=False)


def run_crowd(config: Path, sessions: int, rounds: int, variant: Variant, told: Told) -> list[Measured]:
    """`rounds` warm messages, a second apart: of one session alone, then of `sessions` at once.

    All are prepared before the first of them is measured; within the second each has a moment of its own.
    Raises LabFailure.
    """

    async def crowd(world: World, name: str, path: str, size: int) -> list[Measured]:
        few = asyncio.Semaphore(_PREPARED_AT_ONCE)

        async def arrived(number: int) -> tuple[Person, str]:
            async with few:
                person = await Person(world, f"{name}-{number}").sign_in()
                return person, await prepared(person, variant, None)

        async def talking(number: int, person: Person, session_id: str) -> list[Measured]:
            await world.clock.sleep(_BETWEEN_S * number / size)
            found = []
            for _ in range(rounds):
                await world.clock.sleep(_BETWEEN_S)
                answer = await person.message(session_id, "hello", variant.query, typing_s=variant.typing_s)
                found.append(measured(path, variant, answer))
            return found

        told(f"real: {path}: getting ready")
        people = await asyncio.gather(*(arrived(number) for number in range(size)))
        told(f"real: {path}")
        groups = await asyncio.gather(*(talking(number, *one) for number, one in enumerate(people)))
        return [one for group in groups for one in group]

    async def work(world: World) -> list[Measured]:
        alone = await crowd(world, "alone", "warm, alone", 1)
        return alone + await crowd(world, "crowd", f"warm, {sessions} at once", sessions)

    return _in_real_world(config, work)


def _in_real_world(
    config: Path,
    work: Callable[[World], Coroutine[Any, Any, list[Measured]]],
    *,
    shares_packages: bool = True,
) -> list[Measured]:
    async def whole() -> list[Measured]:
        tasks.install(asyncio.get_running_loop())
        with tempfile.TemporaryDirectory(prefix="edge-lab-") as state:
            world = World(
                project_config(config),
                dialect=PythonDialect(),
                clock=WallClock(),
                state_dir=Path(state),
                engine=engine_maker("process", package_cache=shares_packages),
            )
            await world.start()
            try:
                if world.fleet is not None:
                    await world.fleet.opened()
                return await work(world)
            finally:
                await world.close(1.0)

    return asyncio.run(whole())
