"""Rows `http:echo_form:*` and `http:form` of http.json."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge.http.blob import File
from edge.http.formdata import FormData
from edge.http.host import Host, current_host
from edge.http.multipart import encode_form, parse_form
from edge.kernel.random import RandomStreams
from tests.edge.http.face import refused

MULTIPART = (
    b'--BB\r\nContent-Disposition: form-data; name="a"\r\n\r\n1\r\n'
    b'--BB\r\nContent-Disposition: form-data; name="f"; filename="n.txt"\r\n'
    b"Content-Type: text/css\r\n\r\nfile\r\nbody\r\n"
    b'--BB\r\nContent-Disposition: form-data; name="a"\r\n\r\n\xc3\xa9\r\n--BB--\r\n'
)


def _plain(form: FormData) -> list[Any]:
    return [
        [name, value if isinstance(value, str) else [value.name, value.type, value.data]]
        for name, value in form._pairs()
    ]


def test_urlencoded() -> None:
    kind = "application/x-www-form-urlencoded; charset=UTF-8"
    form = parse_form(b"a=1&b=x+y%26&a=2&c&=d&%C3%A9=%FF", kind)
    assert _plain(form) == [["a", "1"], ["b", "x y&"], ["a", "2"], ["c", ""], ["", "d"], ["é", "\ufffd"]]
    assert _plain(parse_form(b"", "application/x-www-form-urlencoded")) == []
    assert _plain(parse_form(b"?a=1", "application/x-www-form-urlencoded")) == [["?a", "1"]]


def test_multipart() -> None:
    assert _plain(parse_form(MULTIPART, "multipart/form-data; boundary=BB")) == [
        ["a", "1"],
        ["f", ["n.txt", "text/css", b"file\r\nbody"]],
        ["a", "é"],
    ]


@pytest.mark.parametrize(
    ("data", "content_type", "message"),
    [
        (b"{}", None, "Parsing a Body as FormData requires a Content-Type header."),
        (
            b"{}",
            "application/json",
            "Unrecognized Content-Type header value. FormData can only parse the following MIME types: "
            "multipart/form-data, application/x-www-form-urlencoded",
        ),
        (
            MULTIPART,
            "multipart/form-data; boundary=XX",
            "No initial boundary string (or you have a truncated message).",
        ),
        (
            MULTIPART,
            "multipart/form-data",
            "No boundary string in Content-Type header. The multipart/form-data MIME type requires a "
            "boundary parameter, e.g. 'Content-Type: multipart/form-data; boundary=\"abcd\"'. See RFC 7578, "
            "section 4.",
        ),
        (
            b"a=1",
            "application/x-www-form-urlencoded; charset=latin1",
            "Non-utf-8 application/x-www-form-urlencoded body.",
        ),
        (b"--B\r\nx", "multipart/form-data; boundary=B", "No multipart message header termination found."),
        (
            b"--B\r\nX: 1\r\n\r\nx\r\n--B--",
            "multipart/form-data; boundary=B",
            "No valid Content-Disposition header found in FormData part.",
        ),
        (
            b'--B\r\nContent-Disposition: form-data; filename="x"\r\n\r\nx\r\n--B--',
            "multipart/form-data; boundary=B",
            "Content-Disposition header in FormData part is missing a name.",
        ),
        (
            b'--B\r\nContent-Disposition: form-data; name="x"\r\n\r\nx',
            "multipart/form-data; boundary=B",
            "No subsequent boundary string after multipart message.",
        ),
        (
            b"--Bx",
            "multipart/form-data; boundary=B",
            "Boundary string was not succeeded by CRLF, LF, or '--'.",
        ),
    ],
)
def test_refusals(data: bytes, content_type: str | None, message: str) -> None:
    refused("TypeError", message, lambda: parse_form(data, content_type))


def test_encoding_has_workerds_form() -> None:
    token = current_host.set(Host(random=RandomStreams(1)))
    try:
        data, content_type = encode_form(FormData([("a", "1"), ("b", "x y")]))
        again = encode_form(FormData([("a", "1")]))[1]
    finally:
        current_host.reset(token)
    boundary = content_type.removeprefix("multipart/form-data; boundary=")
    assert data.decode() == (
        f'--{boundary}\r\nContent-Disposition: form-data; name="a"\r\n\r\n1\r\n'
        f'--{boundary}\r\nContent-Disposition: form-data; name="b"\r\n\r\nx y\r\n--{boundary}--'
    )
    assert again != content_type, "each body has a boundary of its own"


def test_files_are_encoded_with_name_and_type() -> None:
    data, content_type = encode_form(FormData([("f", File(b"\0x", 'q"\n.txt', "", 0))]))
    boundary = content_type.partition("=")[2]
    assert (
        data
        == (
            f'--{boundary}\r\nContent-Disposition: form-data; name="f"; filename="q%22%0A.txt"\r\n'
            f"Content-Type: application/octet-stream\r\n\r\n\0x\r\n--{boundary}--"
        ).encode()
    )
    refused(
        "TypeError", "Name or filename can't end with backslash", lambda: encode_form(FormData([("a\\", "")]))
    )


_names = st.text(st.characters(exclude_characters='"\n\r\\', exclude_categories=["Cs", "Cc"]), min_size=1)


@given(
    st.lists(st.tuples(_names, st.text(st.characters(exclude_categories=["Cs"]))), max_size=5), st.binary()
)
def test_what_is_encoded_can_be_parsed(entries: list[tuple[str, str]], content: bytes) -> None:
    form = FormData([*entries, ("file", File(content, "n", "a/b", 0))])
    data, content_type = encode_form(form)
    assert _plain(parse_form(data, content_type)) == _plain(form)
