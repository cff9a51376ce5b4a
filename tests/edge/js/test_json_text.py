"""JSON with V8's texts: recorded in kv.json and http.json, checked against node."""

from __future__ import annotations

import json
import math
import re
import shutil
import subprocess
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge.js.arrays import JsArray
from edge.js.collections import JsLiteralMap, JsMap
from edge.js.convert import to_py
from edge.js.dates import JsDate
from edge.js.errors import JsException
from edge.js.json_text import parse, stringify
from edge.js.objects import JsObject
from edge.js.proxy import JsBigInt, jsnull
from edge.js.typed_arrays import JsUint8Array

NODE = shutil.which("node")

#: Texts that are not JSON, with what node 20 says; workerd's V8 adds line and column.
MESSAGES = {
    "{": "Expected property name or '}' in JSON at position 1 (line 1 column 2)",
    "[1": "Expected ',' or ']' after array element in JSON at position 2 (line 1 column 3)",
    '{"a"': "Expected ':' after property name in JSON at position 4 (line 1 column 5)",
    '{"a":1,"b" 2}': "Unexpected number in JSON at position 11 (line 1 column 12)",
    '{"a":': "Unexpected end of JSON input",
    "": "Unexpected end of JSON input",
    "[1,]": "Unexpected token ']', \"[1,]\" is not valid JSON",
    '{"a":1,}': "Expected double-quoted property name in JSON at position 7 (line 1 column 8)",
    "w": "Unexpected token 'w', \"w\" is not valid JSON",
    "\0\1\ufffd": "Unexpected token '\0', \"\0\1\ufffd\" is not valid JSON",
    "trux": "Unexpected token 'x', \"trux\" is not valid JSON",
    "tru1": "Unexpected number in JSON at position 3 (line 1 column 4)",
    "-": "No number after minus sign in JSON at position 1 (line 1 column 2)",
    "1.": "Unterminated fractional number in JSON at position 2 (line 1 column 3)",
    "1e": "Exponent part is missing a number in JSON at position 2 (line 1 column 3)",
    "01": "Unexpected number in JSON at position 1 (line 1 column 2)",
    '"abc': "Unterminated string in JSON at position 4 (line 1 column 5)",
    '"\\x"': "Bad escaped character in JSON at position 2 (line 1 column 3)",
    '"\\u12g"': "Bad Unicode escape in JSON at position 5 (line 1 column 6)",
    '"a\nb"': "Bad control character in string literal in JSON at position 2 (line 1 column 3)",
    "1 2": "Unexpected non-whitespace character after JSON at position 2 (line 1 column 3)",
    "undefined": '"undefined" is not valid JSON',
    "[object Object]": '"[object Object]" is not valid JSON',
    "NaN": '"NaN" is not valid JSON',
    "a" * 36: "Unexpected token 'a', \"aaaaaaaaaa\"... is not valid JSON",
    "[1,2,3,4,5,6,7,8,9,10,x,11,12,13,14,15,16]": (
        "Unexpected token 'x', ...\",7,8,9,10,x,11,12,13\"... is not valid JSON"
    ),
    "\U0001f600": "Unexpected token '\ud83d', \"\U0001f600\" is not valid JSON",
    '["\U0001f600",\n 1 2]': (
        "Expected ',' or ']' after array element in JSON at position 10 (line 2 column 4)"
    ),
}


@pytest.mark.parametrize("text", MESSAGES, ids=repr)
def test_messages(text: str) -> None:
    with pytest.raises(JsException) as raised:
        parse(text)
    assert (raised.value.name, raised.value.message) == ("SyntaxError", MESSAGES[text])


@pytest.mark.skipif(NODE is None, reason="node is not installed")
def test_node_says_the_same() -> None:
    script = """
        const given = JSON.parse(require("fs").readFileSync(0));
        console.log(JSON.stringify(given.map((text) => {
          try { JSON.parse(text); return null } catch (e) { return e.message }
        })));
    """
    assert NODE is not None
    ran = subprocess.run(
        [NODE, "-e", script], input=json.dumps(list(MESSAGES)).encode(), stdout=subprocess.PIPE, check=True
    )
    place = re.compile(r" \(line \d+ column \d+\)$")
    assert [place.sub("", text) for text in json.loads(ran.stdout)] == [
        place.sub("", text) for text in MESSAGES.values()
    ]


def test_parsed_values() -> None:
    value = parse(
        '{"b": [1, null, 1.0, 1.5, -0, 1e400, 12345678901234567890], "a": "\\ud83d\\ude00", "b2": {}}'
    )
    assert to_py(value) == {
        "b": [1, jsnull, 1, 1.5, 0, math.inf, 12345678901234567890.0],
        "a": "\U0001f600",
        "b2": {},
    }
    assert [type(number) for number in value.b][2:4] == [int, float]
    assert parse("null") is jsnull
    assert parse('{"a":1,"a":2}').a == 2
    assert parse("9" * 5000) == math.inf


def test_reviver() -> None:
    def revive(key: str, value: Any) -> Any:
        return None if key == "drop" else value + 1 if isinstance(value, int) else value

    assert parse('{"a": 1, "b": [1, {"c": 2}], "drop": 0}', revive).to_py() == {"a": 2, "b": [2, {"c": 3}]}


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (JsObject({"b": 1, "2": JsArray([1, None, jsnull, math.nan])}), '{"2":[1,null,null,null],"b":1}'),
        (JsObject({"u": None, "f": lambda: 1, "d": {"a": 1}}), '{"d":{}}'),
        (JsMap([("a", 1)]), "{}"),
        (JsLiteralMap([("a", 1)]), '{"a":1}'),
        (JsUint8Array.js_new(JsArray([1, 2])), '{"0":1,"1":2}'),
        (JsDate(0), '"1970-01-01T00:00:00.000Z"'),
        (JsObject({"toJSON": lambda key: f"<{key}>"}), '"<>"'),
        ('a"\\\n\x01é\ud800\U0001f600', '"a\\"\\\\\\n\\u0001é\\ud800\U0001f600"'),
        (1e21, "1e+21"),
        (1.5, "1.5"),
        (True, "true"),
        (JsArray([]), "[]"),
    ],
)
def test_stringify(value: Any, text: str) -> None:
    assert stringify(value) == text


def test_what_json_cannot_say() -> None:
    assert stringify(None) is None
    assert stringify(lambda: 1) is None
    with pytest.raises(JsException, match="^TypeError: Do not know how to serialize a BigInt$"):
        stringify(JsArray([JsBigInt(1)]))


def test_circles_are_described() -> None:
    inner = JsObject()
    value = JsObject({"a": JsObject({"b": JsArray([1, inner])})})
    inner._props["c"] = value._props["a"]
    with pytest.raises(JsException) as raised:
        stringify(value)
    assert raised.value.message == (
        "Converting circular structure to JSON\n"
        "    --> starting at object with constructor 'Object'\n"
        "    |     property 'b' -> object with constructor 'Array'\n"
        "    |     index 1 -> object with constructor 'Object'\n"
        "    --- property 'c' closes the circle"
    )


def test_replacer_and_space() -> None:
    value = JsObject({"a": 1, "b": JsArray([JsObject({"a": 2, "c": 3})]), "e": JsObject()})
    assert stringify(value, JsArray(["a", "b"])) == '{"a":1,"b":[{"a":2}]}'
    assert stringify(value, lambda key, item: None if key == "b" else item) == '{"a":1,"e":{}}'
    assert stringify(value, jsnull, 2) == (
        '{\n  "a": 1,\n  "b": [\n    {\n      "a": 2,\n      "c": 3\n    }\n  ],\n  "e": {}\n}'
    )
    assert stringify(JsArray([1]), None, "--") == "[\n--1\n]"


@given(
    st.recursive(
        st.none()
        | st.booleans()
        | st.integers(-(2**53) + 1, 2**53 - 1)
        | st.text()
        | st.floats(allow_nan=False),
        lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
        max_leaves=20,
    )
)
def test_python_reads_what_we_write_and_we_what_python_writes(value: Any) -> None:
    text = json.dumps(value).replace("-Infinity", "-1e999").replace("Infinity", "1e999")
    again = stringify(parse(text))
    assert again is not None
    assert stringify(parse(again)) == again
