"""Workloads as TOML: a list of steps.

    arrivals = "poisson"
    places = { FRA = 2, SYD = 1 }

    [variables]
    room = ["red", "green"]

    [[steps]]
    connect = "/rooms/{room}?user={user}"

    [[steps]]
    repeat = 10
    steps = [ { send = "hello {n}" }, { receive = "hello {n}" }, { think = "20s" } ]

`{user}` is the user's number, `{n}` counts the turns of the innermost `repeat`, `{random}` is a new number
each time; the others are the variables, drawn once for each user.
"""

from __future__ import annotations

import json
import re
import tomllib
from collections.abc import Awaitable, Callable, Mapping, Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from edge.kernel.duration import parse_duration
from edge.simulator.arrivals import WorkloadError
from edge.simulator.user import User
from edge.simulator.workload import Workload, checked_places
from edge.testing.socket import ClientSocket

_METHODS = ("get", "post", "put", "patch", "delete")
_KEYS = ("arrivals", "places", "variables", "steps")
_NAME = re.compile(r"\{(\w+)\}")


@dataclass(slots=True)
class _Scene:
    """Where one user is in the script."""

    user: User
    values: dict[str, str]
    stack: AsyncExitStack
    socket: ClientSocket | None = None
    route: str = ""
    sent_s: float = field(default=0.0)

    def fill(self, text: str) -> str:
        def value(match: re.Match[str]) -> str:
            if match[1] == "random":
                return str(self.user.random.randrange(1_000_000_000))
            return self.values.get(match[1], match[0])

        return _NAME.sub(value, text)

    def opened(self) -> ClientSocket:
        if self.socket is None:
            raise WorkloadError("send, receive and close need a connect before them")
        return self.socket


Step = Callable[[_Scene], Awaitable[None]]


def read_script(path: Path) -> Workload:
    """A workload from a TOML file. Raises WorkloadError, which names the step and the key."""
    try:
        script = tomllib.loads(path.read_text("utf-8"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as failure:
        raise WorkloadError(f"is no TOML: {failure}", file=path) from None
    try:
        return _workload(script, path)
    except _Wrong as wrong:
        raise WorkloadError(str(wrong), file=path) from None


class _Wrong(Exception):
    """What is wrong with a script, in words."""


def _workload(script: Mapping[str, Any], path: Path) -> Workload:
    for key in script:
        if key not in _KEYS:
            raise _Wrong(f'unknown key "{key}"; known: {", ".join(_KEYS)}')
    variables = _variables(script.get("variables", {}))
    steps = _steps(script.get("steps", []), "steps")
    if not steps:
        raise _Wrong("has no steps")

    async def session(user: User) -> None:
        values = {name: user.choose(among) for name, among in variables.items()}
        async with AsyncExitStack() as stack:
            scene = _Scene(user, {**values, "user": str(user.number), "n": "0"}, stack)
            for step in steps:
                await step(scene)

    return Workload(
        session, script.get("arrivals", "poisson"), checked_places(script.get("places", {}), path)
    )


def _variables(given: Any) -> dict[str, list[str]]:
    if not isinstance(given, Mapping):
        raise _Wrong("variables are a table of lists")
    for name, among in given.items():
        if not isinstance(among, list) or not among:
            raise _Wrong(f"the variable {name} needs a list of values, not {among!r}")
    return {name: [str(value) for value in among] for name, among in given.items()}


def _steps(given: Any, where: str) -> list[Step]:
    if not isinstance(given, list):
        raise _Wrong(f"{where} is a list of tables")
    return [_step(step, f"{where}[{number}]") for number, step in enumerate(given)]


def _step(given: Any, where: str) -> Step:
    if not isinstance(given, Mapping):
        raise _Wrong(f'{where} is a table such as {{ get = "/" }}')
    kinds = [kind for kind in _MAKERS if kind in given]
    if len(kinds) != 1:
        known = ", ".join(_MAKERS)
        raise _Wrong(f"{where} does one thing ({known}), not {', '.join(map(repr, given)) or 'nothing'}")
    kind = kinds[0]
    options = {key: value for key, value in given.items() if key != kind}
    for key in options:
        if key not in _OPTIONS.get(kind, ()):
            known = ", ".join(_OPTIONS.get(kind, ())) or "none"
            raise _Wrong(f'{where}: {kind} has no option "{key}"; known: {known}')
    return _MAKERS[kind](given[kind], options, where)


def _request(method: str) -> Callable[[Any, Mapping[str, Any], str], Step]:
    def make(path: Any, options: Mapping[str, Any], where: str) -> Step:
        route = _text(path, f"{where}.{method}")
        expected = options.get("expect")

        async def step(scene: _Scene) -> None:
            body: dict[str, Any] = {}
            if "text" in options:
                body["content"] = scene.fill(str(options["text"]))
            elif "json" in options:
                body["json"] = json.loads(scene.fill(json.dumps(options["json"])))
            reply = await scene.user.request(
                method.upper(),
                scene.fill(route),
                route=route.partition("?")[0],
                retries=int(options.get("retries", 0)),
                **body,
            )
            if expected is not None and reply.status != expected:
                scene.user.measurements.failed(f"{method.upper()} {route}: {reply.status}, not {expected}")

        return step

    return make


def _connect(path: Any, _options: Mapping[str, Any], where: str) -> Step:
    route = _text(path, f"{where}.connect")

    async def step(scene: _Scene) -> None:
        scene.route = route.partition("?")[0]
        opening = scene.user.websocket(scene.fill(route), route=scene.route)
        scene.socket = await scene.stack.enter_async_context(opening)

    return step


def _send(message: Any, _options: Mapping[str, Any], where: str) -> Step:
    text = message if isinstance(message, str) else json.dumps(message)

    async def step(scene: _Scene) -> None:
        scene.sent_s = scene.user.clock.monotonic()
        scene.user.count("messages sent")
        await scene.opened().send(scene.fill(text))

    return step


def _receive(wanted: Any, options: Mapping[str, Any], where: str) -> Step:
    text = _text(wanted, f"{where}.receive")
    within_s = _seconds(options.get("within", "60s"), f"{where}.within")

    async def step(scene: _Scene) -> None:
        awaited = scene.fill(text)
        until_s = scene.user.now + within_s
        while True:
            message = await scene.opened().receive(max(0.0, until_s - scene.user.now))
            scene.user.count("messages received")
            if awaited in (message if isinstance(message, str) else message.decode("utf-8", "replace")):
                break
        scene.user.measurements.took(
            f"WS {scene.route} · answer", scene.user.clock.monotonic() - scene.sent_s
        )

    return step


def _think(mean: Any, _options: Mapping[str, Any], where: str) -> Step:
    mean_s = _seconds(mean, f"{where}.think")
    return lambda scene: scene.user.think(mean_s)


def _close(_wanted: Any, _options: Mapping[str, Any], where: str) -> Step:
    async def step(scene: _Scene) -> None:
        await scene.opened().close()
        scene.socket = None

    return step


def _repeat(times: Any, options: Mapping[str, Any], where: str) -> Step:
    if isinstance(times, bool) or not isinstance(times, int) or times < 1:
        raise _Wrong(f"{where}.repeat is a number of times from 1 on, not {times!r}")
    steps = _steps(options.get("steps", []), f"{where}.steps")

    async def step(scene: _Scene) -> None:
        outer = scene.values["n"]
        for number in range(times):
            scene.values["n"] = str(number)
            for inner in steps:
                await inner(scene)
        scene.values["n"] = outer

    return step


_MAKERS: dict[str, Callable[[Any, Mapping[str, Any], str], Step]] = {
    **{method: _request(method) for method in _METHODS},
    "connect": _connect,
    "send": _send,
    "receive": _receive,
    "close": _close,
    "think": _think,
    "repeat": _repeat,
}
_OPTIONS: dict[str, Sequence[str]] = {
    **dict.fromkeys(_METHODS, ("text", "json", "expect", "retries")),
    "receive": ("within",),
    "repeat": ("steps",),
}


def _text(value: Any, where: str) -> str:
    if not isinstance(value, str):
        raise _Wrong(f"{where} is a text, not {value!r}")
    return value


def _seconds(value: Any, where: str) -> float:
    try:
        return parse_duration(value)
    except ValueError as failure:
        raise _Wrong(f"{where}: {failure}") from None
