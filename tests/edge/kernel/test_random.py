from __future__ import annotations

import re

from edge.kernel.random import RandomStreams


def test_one_seed_gives_one_sequence() -> None:
    assert RandomStreams(7).bytes("ids", 16) == RandomStreams(7).bytes("ids", 16)
    assert RandomStreams(7).bytes("ids", 16) != RandomStreams(8).bytes("ids", 16)


def test_streams_do_not_disturb_one_another() -> None:
    quiet, busy = RandomStreams(7), RandomStreams(7)
    busy.bytes("other", 1000)
    assert quiet.bytes("ids", 16) == busy.bytes("ids", 16)


def test_without_a_seed_each_world_differs() -> None:
    assert RandomStreams().seed != RandomStreams().seed


def test_uuids_are_version_4() -> None:
    uuid = RandomStreams(1).uuid("request")
    assert re.fullmatch(r"[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}", uuid)
