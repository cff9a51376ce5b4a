"""Conversions at the boundary: ECMA-262, checked against node; recorded in kv.json `put` rows."""

from __future__ import annotations

import json
import math
import shutil
import subprocess
from typing import Any

import pytest

from edge.js.arrays import JsArray
from edge.js.dates import JsDate
from edge.js.errors import JsException
from edge.js.objects import JsObject
from edge.js.proxy import JsBigInt, jsnull
from edge.js.webidl import number_to_string, to_int32, to_number, to_string

NODE = shutil.which("node")
NUMBERS = [
    1e-7,
    1.5e-7,
    0.000001,
    0.0000015,
    -1e-7,
    1e21,
    1.5e21,
    123456789012345680000.0,
    5e-324,
    1.7976931348623157e308,
    0.1 + 0.2,
    100.0,
    1.25e-5,
    -0.0,
    123.456,
    -42.0,
]
TEXTS = ["", " 1 ", "1_0", "nan", "inf", "Infinity", "-Infinity", "0x10", "0b11", "0o17", "1e3", ".5", "5."]
TEXTS += ["1e", "+", "--1", "1 2", "NaN", "\ufeff1", "0x", "-0x1", "1e1000", "１", "\x1c1"]


@pytest.mark.skipif(NODE is None, reason="node is not installed")
def test_node_agrees_on_numbers() -> None:
    script = """
        const [numbers, texts] = JSON.parse(require("fs").readFileSync(0));
        console.log(JSON.stringify([numbers.map(String), texts.map((text) => String(Number(text)))]));
    """
    assert NODE is not None
    ran = subprocess.run(
        [NODE, "-e", script], input=json.dumps([NUMBERS, TEXTS]).encode(), stdout=subprocess.PIPE, check=True
    )
    written, read = json.loads(ran.stdout)
    assert [number_to_string(number) for number in NUMBERS] == written
    assert [number_to_string(to_number(text)) for text in TEXTS] == read


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (None, "undefined"),
        (jsnull, "null"),
        (True, "true"),
        (5, "5"),
        (1.5, "1.5"),
        (math.nan, "NaN"),
        (JsBigInt(2**70), "1180591620717411303424"),
        (JsObject(), "[object Object]"),
        (JsArray([1, None, "a"]), "1,,a"),
    ],
)
def test_to_string(value: Any, text: str) -> None:
    assert to_string(value) == text


@pytest.mark.parametrize(
    ("value", "number"),
    [
        (jsnull, 0),
        (True, 1),
        (JsDate(5), 5),
        (JsArray([]), 0),
        (JsArray([7]), 7),
        (JsBigInt(10**400), math.inf),
    ],
)
def test_to_number(value: Any, number: float) -> None:
    assert to_number(value) == number


def test_undefined_and_objects_are_no_numbers() -> None:
    assert all(math.isnan(to_number(value)) for value in (None, JsObject(), JsArray([1, 2]), object()))


def test_to_int32() -> None:
    assert [to_int32(value) for value in (1.9, -1.9, None, "7", 2147483647)] == [1, -1, 0, 7, 2147483647]
    for value in (2147483648, math.inf):
        with pytest.raises(JsException) as raised:
            to_int32(value)
        assert raised.value.message == (
            "Value out of range. Must be between -2147483648 and 2147483647 (inclusive)."
        )
