"""Randomness as a Worker sees it in virtual time."""

from __future__ import annotations

import os
import random
import uuid
from typing import Any

from edge.kernel.clock import VirtualClock
from edge.kernel.random import RandomStreams
from edge.worker.worker_random import random_modules


def modules(seed: int) -> dict[str, Any]:
    return {name: make() for name, make in random_modules(RandomStreams(seed), VirtualClock()).items()}


def drawn(seed: int) -> list[Any]:
    """One of everything."""
    shown = modules(seed)
    dice, secret = shown["random"], shown["secrets"]
    return [
        dice.random(),
        dice.choice("abcdef"),
        dice.sample(range(100), 3),
        dice.Random().random(),
        dice.SystemRandom().random(),
        secret.token_hex(),
        secret.token_bytes(4),
        secret.token_urlsafe(8),
        secret.randbelow(1000),
        secret.choice(range(1000)),
        secret.SystemRandom().random(),
        shown["uuid"].uuid4(),
        shown["uuid"].uuid1(),
        shown["os"].urandom(8),
    ]


def test_a_seed_replays_everything() -> None:
    assert drawn(1) == drawn(1)
    assert all(one != other for one, other in zip(drawn(1)[5:], drawn(2)[5:], strict=True))


def test_a_generator_with_its_own_seed_is_the_hosts() -> None:
    assert modules(1)["random"].Random(7).random() == random.Random(7).random()
    assert issubclass(modules(1)["random"].Random, random.Random)


def test_a_workers_seed_is_its_own_affair() -> None:
    shown = modules(1)["random"]
    state = random.getstate()
    shown.seed(5)
    assert shown.random() == random.Random(5).random()
    assert random.getstate() == state


def test_shapes() -> None:
    shown = modules(1)
    assert shown["uuid"].uuid4().version == 4
    made = shown["uuid"].uuid1()
    assert made.version == 1
    assert made.variant == uuid.RFC_4122
    assert (made.time - 0x01B21DD213814000) // 10_000 == VirtualClock().now_ms()
    assert shown["uuid"].uuid1(node=1, clock_seq=2).node == 1
    assert shown["uuid"].uuid5 is uuid.uuid5
    assert len(shown["secrets"].token_bytes()) == 32
    assert shown["secrets"].compare_digest("a", "a")
    assert len(shown["os"].urandom(3)) == 3
    assert shown["os"].getcwd() == os.getcwd()
    assert shown["os.path"] is os.path
