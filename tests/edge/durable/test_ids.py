"""Ids, against those that wrangler's runtime gave."""

from __future__ import annotations

import pytest

from edge.durable.ids import DurableObjectId, IdFactory
from edge.js.errors import JsException
from edge.kernel.random import RandomStreams
from tests.edge.durable.code import make_host


class Room:
    """No code: ids need none."""


@pytest.mark.parametrize(
    ("unique_key", "name", "expected"),
    [
        ("probe-drpc-Obj", "alpha", "a6dbd87a550c1ec12f93caa99ecf9910a2b94ea551251414083584f294267157"),
        ("probe-drpc-Obj", "", "e4f42da76a9b0d915d301dd9b42da450088c4c24b7d79afca87e181472136c14"),
        ("probe-drpc-Obj", "é🎉", "43d856c503a66e43ec038a988ad8468292121452f82f2fbf66b55c9b7da4a957"),
        ("probe-drpc-Other", "alpha", "8c20f4159be53e71d460372d8038fd632f368b5c156943a9f66c5ed6aa0aeb26"),
        (
            "miniflare-D1DatabaseObject",
            "DB",
            "e7352547963de7050bd7d94658afc4fe78b61811b7815da12d90be8e863abf4d",
        ),
    ],
)
def test_names_give_the_ids_that_wrangler_gives(unique_key: str, name: str, expected: str) -> None:
    made = IdFactory(unique_key).from_name(name)
    assert (made.toString(), made.name) == (expected, name)


def test_a_name_gives_the_same_id_however_many_others_were_asked_for() -> None:
    ids = IdFactory("probe-drpc-Obj")
    first = ids.from_name("alpha").toString()
    others = {ids.from_name(f"name {number}").toString() for number in range(5000)}
    assert len(others) == 5000
    again = ids.from_name("alpha"), ids.from_name("alpha")
    assert [one.toString() for one in again] == [first, first]
    assert again[0] is not again[1]


def test_ids_from_strings_are_decoded_whatever_their_case() -> None:
    namespace = make_host(Room).namespace()
    made = namespace.idFromName("alpha")
    again = namespace.idFromString(made.toString().upper())
    assert again.equals(made)
    assert again.name is None
    assert str(again) == made.toString()


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("abc", "Invalid Durable Object ID: must be 64 hex digits"),
        ("z" * 64, "Invalid Durable Object ID: must be 64 hex digits"),
        ("", "Invalid Durable Object ID: must be 64 hex digits"),
        ("0" * 64, "Durable Object ID is not valid for this namespace."),
    ],
)
def test_strings_that_are_no_ids(text: str, message: str) -> None:
    with pytest.raises(JsException) as raised:
        make_host(Room).namespace().idFromString(text)
    assert str(raised.value) == f"TypeError: {message}"


def test_unique_ids_come_from_the_seed() -> None:
    first, second = (make_host(Room).namespace() for _ in range(2))
    made = [first.newUniqueId().toString() for _ in range(3)]
    assert made == [second.newUniqueId().toString() for _ in range(3)]
    assert len(set(made)) == 3
    assert IdFactory("w-Room").unique(RandomStreams(1).bytes("durable:w-Room:ids", 16)).toString() == made[0]


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda ns: ns.get("alpha"), "TypeError: Failed to execute 'get' on 'DurableObjectNamespace': "
         "parameter 1 is not of type 'DurableObjectId'."),
        (lambda ns: ns.idFromName(), "TypeError: Failed to execute 'idFromName' on "
         "'DurableObjectNamespace': parameter 1 is not of type 'string'."),
        (lambda ns: ns.jurisdiction("eu"),
         "Error: Jurisdiction restrictions are not implemented in workerd."),
        (lambda ns: ns.newUniqueId(jurisdiction="eu"),
         "Error: Jurisdiction restrictions are not implemented in workerd."),
        (lambda ns: ns.get(ns.idFromName("a"), routingMode="x"), "RangeError: unknown routingMode: x"),
    ],
)  # fmt: skip
def test_refusals(call: object, message: str) -> None:
    assert callable(call)
    with pytest.raises(JsException) as raised:
        call(make_host(Room).namespace())
    assert str(raised.value) == message


def test_values_become_names_as_javascript_makes_text_of_them() -> None:
    namespace = make_host(Room).namespace()
    assert namespace.idFromName(None).name == "undefined"
    assert namespace.idFromName(5).equals(namespace.idFromName("5"))
    assert namespace.get(namespace.idFromName("a"), locationHint="moon").name == "a"
    assert namespace.jurisdiction().idFromName("a").equals(namespace.idFromName("a"))


def test_equals_wants_an_id() -> None:
    with pytest.raises(JsException, match="parameter 1 is not of type 'DurableObjectId'"):
        DurableObjectId("0" * 64).equals("0" * 64)
