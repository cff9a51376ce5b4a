"""The examples rely on nothing that the emulator forgives at the boundary to JavaScript."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager

from edge.testing.world import WorldUnderTest
from tests.examples.serving import EXAMPLES
from wrangler_compat.testing.project import EdgeOptions, make_world


@contextmanager
def strict(example: str) -> Iterator[WorldUnderTest]:
    world = make_world([EXAMPLES / example / "wrangler.jsonc"], EdgeOptions(strict_ffi="calls"), seed=0)
    try:
        world.run(world.start())
        yield world
        world.run(world.close())
    finally:
        world.stage.close()


def test_streaming() -> None:
    with strict("streaming") as world:
        reply = world.run(world.client.get("/"))
    assert reply.text.startswith("A response may begin before its end is known")
    assert reply.text.endswith("when it is written.\n ")


def test_whiteboard() -> None:
    stroke = {"type": "stroke", "key": "k1", "color": "#22252e", "width": 5, "points": [1, 2, 3, 4]}

    async def draw(world: WorldUnderTest) -> None:
        async with world.client.websocket("/b/one/live?id=ada&name=Ada&color=%232f6fe4") as ada:
            assert json.loads(await ada.receive())["type"] == "people"
            await ada.send(json.dumps(stroke))
            assert json.loads(await ada.receive())["points"] == [1, 2, 3, 4]
        async with world.client.websocket("/b/one/live?id=bob&name=Bob&color=%232f6fe4&since=0") as bob:
            assert json.loads(await bob.receive())["points"] == [1, 2, 3, 4]

    with strict("whiteboard") as world:
        world.run(draw(world))
