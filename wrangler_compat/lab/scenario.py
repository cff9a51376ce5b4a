"""The three paths of the design: warm, warm with a changed configuration, cold."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, replace

from wrangler_compat.lab.packages import Package, asleep, fill, ready_ms
from wrangler_compat.lab.person import Answer, Frame, Person
from wrangler_compat.lab.variants import Variant

PATHS = ("warm", "changed", "cold")
#: Beside "cold": from the arrival of the same message until the container has the packages of its servers.
READY = "cold, until packages are there"
_RULES = "Answer briefly."


@dataclass(frozen=True)
class Measured:
    """One message of an experiment.

    `first_token_ms` is the Worker's, from the query's arrival to the first token's leaving, as the design
    counts; `at_client_ms` has the way from the client and back. On the path READY both are the time until
    packages are there.
    """

    path: str
    variant: str
    first_token_ms: float
    at_client_ms: float
    timing: Frame


class LabFailure(Exception):
    """A message of the experiment was not answered."""


async def run_path(person: Person, path: str, variant: Variant, package: Package) -> list[Measured]:
    """Prepare a session so that the next message takes `path`, and measure that message.

    The user has an MCP server that npm installs; where there is a cache of packages, somebody has needed that
    server before. Raises LabFailure, NoPackages.
    """
    if "package_cache" in variant.switches:
        await fill(person.world, package)
    session_id = await prepared(person, variant, package)
    await toward(person, session_id, path)
    if path == "cold":
        return await cold(person, session_id, variant, package)
    answer = await person.message(session_id, "hello", variant.query, typing_s=variant.typing_s)
    return [measured(path, variant, answer)]


async def cold(person: Person, session_id: str, variant: Variant, package: Package) -> list[Measured]:
    """A message that wakes its container, and when that has its packages. Raises LabFailure, NoPackages."""
    await asleep(person.world)
    answer, ready_at_ms = await asyncio.gather(
        person.message(session_id, "hello", variant.query, typing_s=variant.typing_s),
        ready_ms(person.world, package),
    )
    one = measured("cold", variant, answer)
    took_ms = max(0.0, ready_at_ms - one.timing["startedMs"])
    return [one, replace(one, path=READY, first_token_ms=took_ms, at_client_ms=took_ms)]


async def prepared(person: Person, variant: Variant, package: Package | None) -> str:
    """A session that has answered a message already."""
    if package is not None:
        await person.call("POST", "/api/mcp", package.server)
    await person.call("PUT", "/api/user/claude-md", {"content": _RULES})
    session_id = await person.session(variant.query)
    measured("first", variant, await person.message(session_id, "first", variant.query))
    return session_id


async def toward(person: Person, session_id: str, path: str, turn: int = 0) -> None:
    """What lies between two messages on a path."""
    if path == "changed":
        await person.call("PUT", "/api/user/claude-md", {"content": f"{_RULES} {turn + 1}"})
    elif path == "cold":
        await person.call("POST", f"/api/sessions/{session_id}/sleep")


def measured(path: str, variant: Variant, answer: Answer) -> Measured:
    """Raises LabFailure when there was no token."""
    if answer.first_token_ms is None:
        raise LabFailure(f"{path}, {variant.name}: {answer.last}")
    timing = answer.timing
    return Measured(path, variant.name, timing["firstTokenMs"], answer.first_token_ms, timing)


def percentile(values: list[float], share: float) -> float:
    """The value below which `share` of them lie (nearest rank)."""
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(share * len(ordered)))]


def grouped(found: list[Measured]) -> dict[tuple[str, str], list[Measured]]:
    """By path and variant."""
    groups: dict[tuple[str, str], list[Measured]] = {}
    for one in found:
        groups.setdefault((one.path, one.variant), []).append(one)
    return groups
