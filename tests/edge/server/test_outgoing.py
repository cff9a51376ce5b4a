"""Spec runtime.md section 4: what of a response's headers is sent."""

from __future__ import annotations

import pytest

from edge.http.headers import Headers
from edge.http.response import Response
from edge.server.outgoing import header_list


def test_headers_of_the_connection_and_the_length_are_the_servers() -> None:
    items = [("x-a", "1"), ("content-length", "5"), ("connection", "close"), ("transfer-encoding", "chunked")]
    response = Response.make(b"", headers=Headers(items))
    assert header_list(response, 3) == [(b"x-a", b"1"), (b"content-length", b"3")]
    assert header_list(response, None) == [(b"x-a", b"1")]
    assert header_list(Response.make(b""), 0) == [(b"content-length", b"0")]


@pytest.mark.parametrize(("encoded", "sent"), [(True, [(b"content-encoding", b"gzip")]), (False, [])])
def test_a_coding_is_told_only_of_bodies_that_have_it(encoded: bool, sent: list[tuple[bytes, bytes]]) -> None:
    response = Response.make(b"x", headers=Headers([("content-encoding", "gzip")]))
    response._encoded = encoded
    assert header_list(response, None) == sent
